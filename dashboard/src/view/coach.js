// SPDX-License-Identifier: Apache-2.0
// The coach's view: every station in a line, the sets of the day, sensors, hubs and broker.

import { setsOf } from '../model/day.js';
import { look } from '../model/look.js';
import { tone } from './figure.js';
import { adviceText, duration, exercise, fixed, kilograms, name, timeOfDay, withUnit, word } from './format.js';
import { el, mark, put, replace, row, show } from './dom.js';
import { stationLink } from './tile.js';
import { text } from './text.js';

const REFRESH_MS = 500; // tables are read, not watched
const SETS = 200;

export class Coach {
    constructor(floor) {
        this.floor = floor;
        this.next = 0;
        this.drawn = '';
        const c = text.coach.columns;
        this.stations = table([c.station, c.athlete, c.exercise, c.load, c.now, c.rep, c.loss, c.advice]);
        this.sets = table([c.time, c.athlete, c.exercise, c.load, c.station, c.rep, c.tempo, c.best, c.loss, c.compliance, c.tut]);
        this.sensors = table([c.sensor, c.station, c.link, c.battery, c.rssi, c.rate, c.lossPct, c.error]);
        this.hubs = table([c.hub, c.state, c.broker, c.events, c.dropped, c.clock, c.cpu, c.version]);
        this.filter = el('select', { id: 'athlete' });
        this.filter.addEventListener('change', () => this.refresh());
        this.noSensors = el('p.hint', {}, text.coach.noSensors);
        this.noSets = el('p.hint', {}, text.day.empty);
        this.lost = el('p.fault');
        this.node = el('main.coach', { id: 'content', tabindex: '-1' },
            el('h1.unseen', {}, text.coach.heading),
            part(text.coach.stations, this.stations.node),
            part(text.coach.history, el('p.filter', {}, el('label', { for: 'athlete' }, text.coach.filter), this.filter), this.noSets, this.sets.node),
            part(text.coach.sensors, this.noSensors, this.sensors.node),
            part(text.coach.hubs, this.lost, this.hubs.node));
    }

    close() {}

    refresh() {
        this.drawn = '';
        this.next = 0;
    }

    update(now) {
        if (now < this.next) return;
        this.next = now + REFRESH_MS;
        const stations = [...this.floor.stations()].filter((s) => s.state).sort((a, b) => (a.key < b.key ? -1 : 1));
        this.updateStations(stations, now);
        this.updateSensors();
        this.updateHubs(now);
        const key = `${this.floor.version}`;
        if (key === this.drawn) return;
        this.drawn = key;
        this.updateSets();
    }

    updateStations(stations, now) {
        this.stations.lines(stations.map((s) => {
            const view = look(s, now);
            const st = s.state;
            const newest = s.standing().at(-1) ?? s.lastSet;
            const link = el('a', { href: stationLink(s) }, name(s.label));
            const state = el('span.now', {}, nowText(view));
            mark(state, 'data-tone', tone(view));
            return [link, name(st.athlete), exercise(st.exercise), kilograms(st.load_kg), state,
                String(view.rep.done), withUnit(newest?.velocity_loss_pct, 0, text.unit.pct), [adviceText(s.advice), name(s.advice?.text, '')].filter(Boolean).join(': ') || text.none];
        }));
    }

    updateSets() {
        const all = setsOf(this.floor.stations());
        const people = [...new Set(all.map(({ set }) => set.athlete).filter(Boolean))].sort();
        const chosen = people.includes(this.filter.value) ? this.filter.value : '';
        const options = ['', ...people].join('\n');
        if (this.options !== options) {
            this.options = options;
            replace(this.filter, el('option', { value: '' }, text.coach.everyone), ...people.map((p) => el('option', { value: p }, name(p))));
            this.filter.value = chosen;
        }
        const shown = all.filter(({ set }) => !chosen || set.athlete === chosen).slice(0, SETS);
        show(this.noSets, shown.length === 0);
        this.sets.lines(shown.map(({ station, set }) => [
            timeOfDay(set.end_ms), name(set.athlete), exercise(set.exercise), kilograms(set.load_kg), name(station.label),
            String(set.n_reps), Array.from(set.negatives, (s) => fixed(s, 1)).join('  '), fixed(set.best_mps, 2),
            withUnit(set.velocity_loss_pct, 0, text.unit.pct), withUnit(set.compliance?.pct, 0, text.unit.pct), fixed(set.tut_s, 0),
        ]));
    }

    updateSensors() {
        const u = text.unit, lines = [];
        for (const hub of this.floor.hubs.values()) {
            for (const [id, m] of hub.sensors) {
                lines.push([name(m.name, name(m.sensor, id)), name(m.station), name(m.state), withUnit(m.battery_pct, 0, u.pct),
                    withUnit(m.rssi_dbm, 0, u.db), withUnit(m.rate_hz, 0, u.hz), withUnit(m.loss_pct, 1, u.pct),
                    name(m.error)]);
            }
        }
        show(this.noSensors, lines.length === 0);
        this.sensors.lines(lines);
    }

    updateHubs(now) {
        const hubs = [...this.floor.hubs.values()];
        const lost = hubs.reduce((sum, hub) => sum + hub.lost, 0);
        put(this.lost, lost > 0 ? text.link.lostEvents(lost) : '');
        this.hubs.lines(hubs.map((hub) => {
            const h = hub.health ?? {};
            const state = hub.silent(now) ? text.coach.silent : hub.online ? text.coach.online : text.coach.offline;
            const broker = !this.floor.connected ? text.coach.offline
                : [text.coach.online, h.broker?.reconnects > 0 ? text.coach.reconnects(h.broker.reconnects) : null].filter(Boolean).join(', ');
            const heard = Number.isFinite(hub.heardAt) ? `, ${text.coach.heard(duration((now - hub.heardAt) / 1000))}` : '';
            return [name(hub.name), state + heard, broker, fixed(h.events?.unsent, 0), fixed(h.events?.dropped, 0), name(h.clock),
                withUnit(h.cpu_pct, 1, text.unit.pct), name(hub.status?.version)];
        }));
    }
}

function nowText(view) {
    if (view.negative?.running) return `${text.phase.eccentric} ${fixed(view.negative.seconds, 1)} ${text.unit.s}`;
    if (view.mode === 'away') return text.mode.away;
    if (view.mode === 'silent') return text.mode.silent(duration(view.heard_s));
    if (view.mode === 'alarm') return text.mode.alarm;
    if (view.mode === 'rest') return `${text.mode.rest} ${duration(view.rest_s)}`;
    if (view.mode === 'idle') return text.mode.idle;
    return word(text.phase, view.phase) || text.mode.hold;
}

function part(heading, ...children) {
    return el('section', {}, el('h2', {}, heading), ...children);
}

// A table that is drawn anew only where it reads differently.
function table(columns) {
    const body = el('tbody');
    const whole = el('table', {}, el('thead', {}, row(columns, 'th')), body);
    const node = el('div.scroll', {}, whole);
    let drawn = null;
    return {
        node,
        lines(lines) {
            const key = lines.map((cells) => cells.map((c) => (typeof c === 'string' ? c : `${c.textContent} ${c.dataset.tone}`)).join('\t')).join('\n');
            if (key === drawn) return;
            drawn = key;
            show(node, lines.length > 0);
            replace(body, ...lines.map((cells) => row(cells)));
        },
    };
}
