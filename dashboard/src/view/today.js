// SPDX-License-Identifier: Apache-2.0
// The day beside the tiles: who kept the tempo best, who lifted fastest.

import { daySummary } from '../model/day.js';
import { exercise, kilograms, name } from './format.js';
import { el, put, replace, show } from './dom.js';
import { text } from './text.js';

const PLACES = 5;

export class Today {
    constructor() {
        this.totals = el('p.totals');
        this.compliance = el('ol');
        this.velocity = el('ol');
        this.complianceBox = el('section', {}, el('h3', {}, text.day.compliance), this.compliance);
        this.velocityBox = el('section', {}, el('h3', {}, text.day.velocity), this.velocity);
        this.node = el('aside.today', { 'aria-label': text.day.heading },
            el('h2', {}, text.day.heading), this.totals, this.complianceBox, this.velocityBox);
    }

    // loading: there may be more of the day than is here yet.
    update(stations, loading) {
        const day = daySummary(stations);
        put(this.totals, day.sets === 0 ? (loading ? text.link.loading : text.day.empty) : text.day.totals(day.sets, day.reps));
        show(this.complianceBox, day.compliance.length > 0);
        show(this.velocityBox, day.velocity.length > 0);
        replace(this.compliance, ...day.compliance.slice(0, PLACES).map((p) => place(name(p.athlete), `${Math.round(p.pct)}`, text.unit.pct)));
        replace(this.velocity, ...day.velocity.slice(0, PLACES).map((p) =>
            place(name(p.athlete), p.mps.toFixed(2), text.unit.mps,
                [exercise(p.exercise), Number.isFinite(p.load_kg) ? kilograms(p.load_kg) : null].filter(Boolean).join(' · '))));
    }
}

function place(who, figure, unit, more) {
    const line = el('li', {}, el('span.who', {}, who), el('span.score', {}, figure, el('small', {}, ` ${unit}`)));
    if (more) line.append(el('span.more', {}, more));
    return line;
}
