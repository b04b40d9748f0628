// SPDX-License-Identifier: Apache-2.0
// One station, for a phone at the rack: the running negative, its repetitions, the last set, who lifts what.

import { look } from '../model/look.js';
import { AssignForm } from './assign.js';
import { RepChart } from './chart.js';
import { Figure, tone } from './figure.js';
import { exercise, fixed, kilograms, name, withUnit, word } from './format.js';
import { el, mark, put, replace, row, show } from './dom.js';
import { noteOf, repCount, repWord } from './tile.js';
import { text } from './text.js';

export class StationView {
    constructor(floor, commander, key) {
        this.floor = floor;
        this.key = key;
        this.version = -1;
        this.said = null;
        this.title = el('h1');
        this.what = el('p.what');
        this.unknown = el('p.calm', {}, text.station.unknown);
        this.figure = new Figure();
        this.rep = el('strong');
        this.repOf = el('span');
        this.note = el('p.note', { role: 'status' });
        this.why = el('p.why');
        this.voice = el('p.unseen', { 'aria-live': 'polite' });
        this.tableHead = el('h2');
        this.body = el('tbody');
        this.none = el('p.hint', {}, text.station.noReps);
        this.chart = new RepChart();
        this.summary = el('dl');
        this.summaryBox = el('section.summary', {}, el('h2', {}, text.station.summary), this.summary);
        this.assign = new AssignForm(commander, () => this.floor.find(this.key));
        this.body1 = el('div.parts', {}, this.liveBox(), this.repsBox(), this.summaryBox, this.assign.node);
        this.node = el('main.station', { id: 'content', tabindex: '-1' },
            el('p.back', {}, el('a', { href: '#wall' }, text.station.back)),
            this.title, this.unknown, this.body1, this.voice);
    }

    liveBox() {
        this.live = el('section.live', {}, this.what, this.figure.node,
            el('p.count', {}, this.rep, this.repOf), this.note, this.why);
        return this.live;
    }

    repsBox() {
        const c = text.station;
        const head = el('thead', {}, row([c.rep, c.lower, c.bottom, c.lift, c.velocity, c.verdict], 'th'));
        this.table = el('table', {}, head, this.body);
        return el('section.reps', {}, this.tableHead, this.chart.node, this.none, el('div.scroll', {}, this.table));
    }

    close() {
        this.chart.close();
    }

    update(now) {
        const s = this.floor.find(this.key);
        show(this.unknown, !s && this.floor.connected && now - this.floor.connectedSince > 2000);
        show(this.body1, s !== null);
        put(this.title, s ? name(s.label) : text.title);
        if (!s) return;
        const view = look(s, now);
        mark(this.live, 'data-tone', tone(view));
        mark(this.live, 'data-mode', view.mode);
        this.figure.update(s, view);
        const note = noteOf(s, view);
        put(this.note, note.text);
        mark(this.note, 'data-kind', note.kind);
        put(this.why, name(s.advice?.text, ''));
        if (this.version === s.version && this.mode === view.mode) return;
        this.version = s.version;
        this.mode = view.mode;
        this.updateNames(s, view);
        this.updateReps(s);
        this.updateSummary(s.lastSet);
        this.assign.update(s.state, known(this.floor));
    }

    updateNames(s, view) {
        const st = s.state ?? {};
        put(this.what, [name(st.athlete, text.nobody), exercise(st.exercise),
            Number.isFinite(st.load_kg) ? kilograms(st.load_kg) : null].filter(Boolean).join(' · '));
        put(this.rep, String(repCount(s, view)));
        put(this.repOf, repWord(s, view));
    }

    updateReps(s) {
        const running = s.standing();
        const reps = running.length > 0 ? running : (s.lastSet?.reps ?? []);
        put(this.tableHead, running.length > 0 || reps.length === 0 ? text.station.reps : text.station.lastReps);
        show(this.none, reps.length === 0);
        show(this.table, reps.length > 0);
        replace(this.body, ...reps.map(repRow).reverse());
        this.chart.update(reps, s.targetSeconds());
        const newest = running.at(-1);
        if (newest && newest.id !== this.said) {
            this.said = newest.id;
            put(this.voice, text.station.said(newest.rep, fixed(newest.tempo_s?.eccentric, 1), verdictText(newest)));
        }
    }

    updateSummary(set) {
        show(this.summaryBox, set !== null);
        if (!set) return;
        const t = text.station.summaryLine, u = text.unit;
        const lines = [
            [t.reps, String(set.n_reps)],
            [t.tut, withUnit(set.tut_s, 1, u.s)],
            [t.best, withUnit(set.best_mps, 2, u.mps)],
            [t.loss, withUnit(set.velocity_loss_pct, 0, u.pct)],
            [t.compliance, withUnit(set.compliance?.pct, 0, u.pct)],
            [t.control, fixed(set.control, 2)],
            [t.e1rm, Number.isFinite(set.e1rm_kg) ? kilograms(set.e1rm_kg) : text.none],
        ].filter(([, figure]) => figure !== text.none);
        replace(this.summary, ...lines.map(([term, figure]) => el('div', {}, el('dt', {}, term), el('dd', {}, figure))));
    }
}

function verdictText(rep) {
    return word(text.verdict, rep.verdict?.eccentric);
}

function repRow(rep) {
    const verdict = el('span.verdict', {}, verdictText(rep) || text.none);
    mark(verdict, 'data-verdict', rep.verdict?.eccentric ?? null);
    const t = rep.tempo_s ?? {};
    return row([String(rep.rep), fixed(t.eccentric, 1), fixed(t.bottom, 1), fixed(t.concentric, 1),
        fixed(rep.concentric?.mean_mps, 2), verdict]);
}

// Names to choose from: what the floor has used so far.
function known(floor) {
    const exercises = new Set(), prescriptions = new Set();
    for (const s of floor.stations()) {
        for (const m of [s.state, ...s.sets]) {
            if (m?.exercise) exercises.add(m.exercise);
            if (m?.prescription) prescriptions.add(m.prescription);
        }
    }
    return { exercises: [...exercises].sort(), prescriptions: [...prescriptions].sort() };
}
