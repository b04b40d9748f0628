// SPDX-License-Identifier: Apache-2.0
// Negative and velocity of each repetition: columns of seconds, a line of m/s. A picture of the table below it.

import uPlot from 'uplot';
import { el } from './dom.js';
import { text } from './text.js';

const HEIGHT = 200;

export class RepChart {
    constructor() {
        this.box = el('div.canvas', { 'aria-hidden': 'true' });
        this.node = el('figure.chart', { 'aria-label': text.station.chart }, this.box,
            el('figcaption', {}, key('of-negative', text.station.chartNegative), key('of-velocity', text.station.chartVelocity), key('of-target', text.station.chartTarget)));
        this.plot = null;
        this.drawn = null;
        this.theme = new MutationObserver(() => this.redraw());
        this.theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
        this.resize = new ResizeObserver(() => this.plot && this.plot.setSize({ width: this.box.clientWidth, height: HEIGHT }));
        this.resize.observe(this.box);
    }

    close() {
        this.theme.disconnect();
        this.resize.disconnect();
        this.plot?.destroy();
        this.plot = null;
    }

    update(reps, target) {
        const data = [
            reps.map((_, i) => i + 1),
            reps.map((rep) => rep.tempo_s?.eccentric ?? null),
            reps.map((rep) => rep.concentric?.mean_mps ?? null),
            reps.map(() => target),
        ];
        const key = JSON.stringify(data);
        if (key === this.drawn) return;
        this.drawn = key;
        this.data = data;
        this.node.hidden = reps.length === 0;
        if (!this.node.hidden) this.redraw();
    }

    redraw() {
        if (!this.data || this.node.hidden) return;
        this.plot?.destroy();
        this.plot = new uPlot(options(this.box.clientWidth || 320, this.data[0].length), this.data, this.box);
    }
}

function key(kind, words) {
    return el(`span.key.${kind}`, {}, words);
}

function color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function options(width, n) {
    const axis = { stroke: color('--quiet'), grid: { stroke: color('--edge'), width: 1 }, ticks: { show: false }, font: '13px system-ui, sans-serif' };
    const whole = { ...axis, grid: { show: false }, incrs: [1, 2, 5, 10] };
    const side = { ...axis, scale: 'mps', side: 1, grid: { show: false }, size: 40 };
    return {
        width,
        height: HEIGHT,
        cursor: { show: false },
        legend: { show: false },
        scales: {
            x: { time: false, range: [0.4, Math.max(n, 5) + 0.6] },
            s: { range: (_, __, max) => [0, Math.max(1, max * 1.15)] },
            mps: { range: (_, __, max) => [0, Math.max(0.2, max * 1.3)] },
        },
        axes: [whole, { ...axis, scale: 's', size: 32 }, side],
        series: [
            {},
            { scale: 's', fill: color('--bars'), stroke: color('--bars'), paths: uPlot.paths.bars({ size: [0.55, 46] }), points: { show: false } },
            { scale: 'mps', stroke: color('--accent'), width: 3, points: { show: true, size: 9, fill: color('--accent') } },
            { scale: 's', stroke: color('--ink'), width: 2, dash: [6, 5], points: { show: false } },
        ],
    };
}
