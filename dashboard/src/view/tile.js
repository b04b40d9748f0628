// SPDX-License-Identifier: Apache-2.0
// A station on the wall.

import { adviceText, exercise, fixed, kilograms, name, withUnit } from './format.js';
import { el, mark, put, show } from './dom.js';
import { Figure, tone } from './figure.js';
import { RepColumns } from './reps.js';
import { text } from './text.js';

const COLUMNS = 8;

export class Tile {
    constructor(station) {
        this.station = station;
        this.version = -1;
        this.who = el('span.who');
        this.where = el('a.where', { href: stationLink(station) });
        this.what = el('p.what');
        this.figure = new Figure();
        this.rep = el('strong');
        this.repOf = el('span');
        this.count = el('p.count', {}, this.rep, this.repOf);
        this.columns = new RepColumns(COLUMNS);
        this.loss = el('p.loss');
        this.note = el('p.note');
        this.node = el('li.tile', {},
            el('h2', {}, this.who, this.where),
            this.what,
            el('div.now', {}, this.figure.node, this.count),
            this.columns.node,
            el('div.below', {}, this.loss, this.note));
    }

    update(view) {
        const s = this.station;
        mark(this.node, 'data-mode', view.mode);
        mark(this.node, 'data-tone', tone(view));
        this.figure.update(s, view);
        if (this.version === s.version && this.mode === view.mode) return;
        this.version = s.version;
        this.mode = view.mode;
        this.updateNames(s);
        this.updateCount(view);
        this.updateReps(s, view);
        this.updateNotes(s, view);
    }

    updateNames(s) {
        const st = s.state ?? {};
        put(this.who, name(st.athlete, text.nobody));
        mark(this.who, 'data-nobody', !st.athlete);
        put(this.where, name(s.label));
        const parts = [exercise(st.exercise)];
        if (Number.isFinite(st.load_kg)) parts.push(kilograms(st.load_kg));
        if (Number.isInteger(st.set)) parts.push(text.wall.set(st.set));
        put(this.what, parts.join(' · '));
    }

    updateCount(view) {
        const resting = view.mode === 'rest' || view.mode === 'idle';
        const last = this.station.lastSet;
        const n = resting ? (last?.n_reps ?? null) : view.rep.done;
        put(this.rep, n === null ? text.none : String(n));
        put(this.repOf, view.rep.of !== null && !resting ? text.rep.of(view.rep.of) : text.rep.word(n));
    }

    updateReps(s, view) {
        const resting = view.mode === 'rest' || view.mode === 'idle';
        const reps = resting ? (s.lastSet?.reps ?? []) : s.standing();
        this.columns.update(reps, s.targetSeconds());
    }

    updateNotes(s, view) {
        const resting = view.mode === 'rest' || view.mode === 'idle';
        const newest = s.standing().at(-1);
        const loss = resting ? s.lastSet?.velocity_loss_pct : newest?.velocity_loss_pct;
        show(this.loss, Number.isFinite(loss));
        put(this.loss, `${text.wall.loss} ${withUnit(loss, 0, text.unit.pct)}`);
        const limit = s.state?.target?.velocity_loss_pct;
        mark(this.loss, 'data-over', Number.isFinite(limit) && Number.isFinite(loss) && loss >= limit);
        const note = noteOf(s, view);
        put(this.note, note.text);
        show(this.note, note.text !== '');
        mark(this.note, 'data-kind', note.kind);
    }
}

// One thing to say at a time, the most urgent: alarm, advice, fatigue, best of the last set.
export function noteOf(s, view) {
    if (view.mode === 'alarm') return { kind: 'alarm', text: safetyText(s.safety.message) };
    if (s.state?.sensor_state === 'failed') return { kind: 'alarm', text: name(s.state.sensor_error, text.none) };
    const advice = adviceText(s.advice);
    if (advice) return { kind: s.advice.advice === 'hold' || s.advice.advice === 'add_load' ? 'good' : 'warn', text: advice };
    if (s.fatigue && Object.hasOwn(text.fatigue, s.fatigue.sign)) return { kind: 'warn', text: text.fatigue[s.fatigue.sign] };
    if (view.mode === 'rest' && Number.isFinite(s.lastSet?.best_mps))
        return { kind: 'plain', text: `${text.wall.lastSet}: ${fixed(s.lastSet.best_mps, 2)} ${text.unit.mps}` };
    return { kind: 'plain', text: '' };
}

export function safetyText(m) {
    return Object.hasOwn(text.safety, m.kind) ? text.safety[m.kind] : text.safety.other;
}

export function stationLink(station) {
    return `#station/${encodeURIComponent(station.hub.name)}/${encodeURIComponent(station.name)}`;
}
