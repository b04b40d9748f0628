// SPDX-License-Identifier: Apache-2.0
// Who lifts what: the commands that a person at the rack gives. The hub decides; its answer is shown as it is.

import { el, put, replace, show } from './dom.js';
import { exercise, kilograms, name } from './format.js';
import { text } from './text.js';

let forms = 0; // ids of labels

export class AssignForm {
    constructor(commander, station) {
        this.commander = commander;
        this.stationOf = station;
        this.filled = null;
        this.number = ++forms;
        this.athlete = this.field('athlete', { autocomplete: 'off', maxlength: '80' });
        this.exercise = this.field('exercise', { list: this.id('exercises'), autocapitalize: 'none', maxlength: '80' });
        this.load = this.field('load', { inputmode: 'decimal' });
        this.oneRm = this.field('oneRm', { inputmode: 'decimal' });
        this.prescription = this.field('prescription', { list: this.id('prescriptions'), autocapitalize: 'none', maxlength: '80' });
        this.lists = { exercises: this.list('exercises'), prescriptions: this.list('prescriptions') };
        this.answer = el('p.answer', { role: 'status' });
        this.next = el('ol');
        this.nextBox = el('div.next', {}, el('h3', {}, text.assign.next), this.next);
        const form = el('form', {},
            ...this.labelled('athlete', this.athlete), ...this.labelled('exercise', this.exercise),
            ...this.labelled('load', this.load), ...this.labelled('oneRm', this.oneRm),
            ...this.labelled('prescription', this.prescription),
            el('button', { type: 'submit' }, text.assign.send));
        form.addEventListener('submit', (event) => {
            event.preventDefault();
            this.assign();
        });
        this.node = el('section.assign', {}, el('h2', {}, text.assign.heading), this.nextBox, form,
            el('div.buttons', {},
                this.button(text.assign.endSet, () => this.send({ type: 'end_set' })),
                this.button(text.assign.discard, () => this.send({ type: 'discard_rep' })),
                this.button(text.assign.undo, () => this.send({ type: 'undo' }))),
            this.answer, ...Object.values(this.lists));
    }

    id(what) {
        return `assign-${this.number}-${what}`;
    }

    field(what, attributes) {
        return el('input', { id: this.id(what), name: what, ...attributes });
    }

    labelled(what, input) {
        return [el('label', { for: this.id(what) }, text.assign[what]), input];
    }

    list(what) {
        return el('datalist', { id: this.id(what) });
    }

    button(label, press) {
        const b = el('button.plain', { type: 'button' }, label);
        b.addEventListener('click', press);
        return b;
    }

    // What holds now, until somebody types. known: { exercises, prescriptions }, names that were seen on the floor.
    update(state, known) {
        for (const [key, list] of Object.entries(this.lists)) {
            const names = known[key];
            const all = names.join('\n');
            if (list.dataset.all === all) continue;
            list.dataset.all = all;
            list.replaceChildren(...names.map((value) => el('option', { value })));
        }
        this.updateNext(state);
        const wanted = JSON.stringify([state?.athlete, state?.exercise, state?.load_kg, state?.one_rm_kg, state?.prescription]);
        if (wanted === this.filled || this.node.contains(document.activeElement)) return;
        this.filled = wanted;
        this.athlete.value = state?.athlete ?? '';
        this.exercise.value = state?.exercise ?? '';
        this.load.value = state?.load_kg ?? '';
        this.oneRm.value = state?.one_rm_kg ?? '';
        this.prescription.value = state?.prescription ?? '';
    }

    // Who comes after the running set, and after them.
    updateNext(state) {
        const list = [state?.next, ...(Array.isArray(state?.queue) ? state.queue : [])].filter((who) => who && typeof who === 'object');
        show(this.nextBox, list.length > 0);
        replace(this.next, ...list.map((who) => el('li', {}, [name(who.athlete, text.nobody), exercise(who.exercise),
            Number.isFinite(who.load_kg) ? kilograms(who.load_kg) : null].filter(Boolean).join(' · '))));
    }

    assign() {
        const loads = { load_kg: number(this.load.value), one_rm_kg: number(this.oneRm.value) };
        if (Object.values(loads).some(Number.isNaN)) {
            put(this.answer, text.assign.badLoad);
            return;
        }
        this.send({
            type: 'assign',
            athlete: this.athlete.value.trim() || null,
            ...(this.exercise.value.trim() ? { exercise: this.exercise.value.trim() } : {}),
            prescription: this.prescription.value.trim() || null,
            ...loads,
        });
    }

    send(fields) {
        put(this.answer, text.assign.sending);
        this.commander.send(this.stationOf(), fields, performance.now(), (error, reply) => {
            this.filled = null;
            put(this.answer, outcome(error, reply));
        });
    }
}

// null where nothing was entered, NaN where it is no number.
function number(s) {
    const t = s.trim().replace(',', '.');
    if (t === '') return null;
    return /^\d+(\.\d+)?$/.test(t) ? Number(t) : NaN;
}

function outcome(error, reply) {
    if (error === null) return reply?.result?.holds === 'after_set' ? text.assign.waits : text.assign.done;
    if (error === 'noAnswer') return text.assign.noAnswer;
    if (error === 'offline') return text.assign.off;
    return /not authori[sz]ed/i.test(error) ? text.assign.notAllowed : error;
}
