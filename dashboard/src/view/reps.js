// SPDX-License-Identifier: Apache-2.0
// The negatives of the last repetitions as a row of columns, with the target as a line across.

import { fixed } from './format.js';
import { el, mark, put, show, vary } from './dom.js';
import { text } from './text.js';

export class RepColumns {
    constructor(count) {
        this.columns = Array.from({ length: count }, () => {
            const figure = el('span.figure');
            const bar = el('i.bar', { 'aria-hidden': 'true' });
            const node = el('li', {}, bar, figure);
            node.hidden = true;
            return { node, figure, bar };
        });
        this.line = el('i.line', { 'aria-hidden': 'true' });
        this.list = el('ol', { 'aria-label': text.wall.lastReps }, ...this.columns.map((c) => c.node));
        this.node = el('div.columns', {}, this.line, this.list);
    }

    // target: seconds, or null.
    update(reps, target) {
        const shown = reps.slice(-this.columns.length);
        const seconds = shown.map((rep) => rep.tempo_s?.eccentric ?? null);
        const top = Math.max(1, (target ?? 0) * 1.25, ...seconds.map((s) => s ?? 0));
        show(this.node, shown.length > 0);
        this.columns.forEach((column, i) => {
            show(column.node, i < shown.length);
            if (i >= shown.length) return;
            put(column.figure, fixed(seconds[i], 1));
            mark(column.node, 'data-verdict', shown[i].verdict?.eccentric ?? null);
            vary(column.bar, '--height', ((seconds[i] ?? 0) / top).toFixed(3));
        });
        show(this.line, target !== null);
        if (target !== null) vary(this.line, '--height', (target / top).toFixed(3));
    }
}
