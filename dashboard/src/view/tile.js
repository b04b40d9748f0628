// SPDX-License-Identifier: Apache-2.0
// A station on the wall.

import { adviceText, exercise, fixed, kilograms, name, withUnit, word } from './format.js';
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
        put(this.rep, String(repCount(this.station, view)));
        put(this.repOf, repWord(this.station, view));
    }

    updateReps(s, view) {
        const reps = isResting(view) ? (s.lastSet?.reps ?? []) : s.standing();
        this.columns.update(reps, s.targetSeconds());
    }

    updateNotes(s, view) {
        const newest = s.standing().at(-1);
        const loss = isResting(view) ? s.lastSet?.velocity_loss_pct : newest?.velocity_loss_pct;
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

// Of the running set, or of the last one while nothing runs.
export function repCount(s, view) {
    return isResting(view) ? (s.lastSet?.n_reps ?? text.none) : view.rep.done;
}

export function repWord(s, view) {
    return view.rep.of !== null && !isResting(view) ? text.rep.of(view.rep.of) : text.rep.word(repCount(s, view));
}

function isResting(view) {
    return view.mode === 'rest' || view.mode === 'idle';
}

// One thing to say at a time, the most urgent: alarm, advice, fatigue, best of the last set.
export function noteOf(s, view) {
    if (view.mode === 'alarm') return { kind: 'alarm', text: safetyText(s.safety.message) };
    if (s.state?.sensor_state === 'failed') return { kind: 'alarm', text: name(s.state.sensor_error, text.none) };
    const advice = adviceText(s.advice);
    if (advice) return { kind: s.advice.advice === 'hold' || s.advice.advice === 'add_load' ? 'good' : 'warn', text: advice };
    const sign = word(text.fatigue, s.fatigue?.sign);
    if (sign) return { kind: 'warn', text: sign };
    if (view.mode === 'rest' && Number.isFinite(s.lastSet?.best_mps))
        return { kind: 'plain', text: `${text.wall.lastSet}: ${fixed(s.lastSet.best_mps, 2)} ${text.unit.mps}` };
    return { kind: 'plain', text: '' };
}

export function safetyText(m) {
    return word(text.safety, m.kind) || text.safety.other;
}

export function stationLink(station) {
    return `#station/${encodeURIComponent(station.hub.name)}/${encodeURIComponent(station.name)}`;
}
