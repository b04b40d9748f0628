// SPDX-License-Identifier: Apache-2.0
// The running negative: its seconds in great digits, its target, the pace in a word and a colour, and the bar on its way
// with the mark where it should be. The wall and the station view share it.

import { clockwise, duration, fixed, word } from './format.js';
import { el, mark, put, vary } from './dom.js';
import { text } from './text.js';

const TONES = { ok: 'on', short: 'ahead', long: 'behind' };
const HIDDEN = -200; // above its track
const ARROWS = { eccentric: '▼', concentric: '▲', bottom: '■', top: '■', rest: '■' };

export class Figure {
    constructor() {
        this.track = el('div.track', { 'aria-hidden': 'true' });
        this.seconds = el('span.seconds');
        this.what = el('span.what');
        this.of = el('span.of');
        this.digits = el('p.digits', {}, this.seconds, el('span.aside', {}, this.of, this.what));
        this.arrow = el('span.arrow', { 'aria-hidden': 'true' });
        this.phase = el('span.phase');
        this.cue = el('span.cue');
        this.word = el('p.word', {}, this.arrow, this.phase, this.cue);
        this.node = el('div.negative', {}, this.track, el('div.said', {}, this.word, this.digits));
    }

    update(station, view) {
        const { negative: n, mode } = view;
        const resting = mode === 'rest' || mode === 'idle';
        put(this.seconds, resting ? (view.rest_s === null ? text.none : clockwise(view.rest_s)) : digits(n));
        put(this.of, resting ? '' : ofText(n, station));
        put(this.what, resting ? '' : text.negative.what);
        mark(this.node, 'data-tone', tone(view));
        mark(this.node, 'data-resting', resting);
        mark(this.node, 'data-running', n?.running === true);
        put(this.arrow, mode === 'moving' || mode === 'hold' ? word(ARROWS, view.phase) : '');
        put(this.phase, phaseText(view));
        const cue = cueText(view);
        put(this.cue, cue);
        mark(this.word, 'data-cue', cue !== '');
        this.updateTrack(view);
    }

    // Two layers of its ground (figure.css): a line where the bar should be, over a column as high as the bar stands. They
    // move by one property, without layout, and without a layer or a transform of their own: a hundred of those cost more
    // than they paint.
    updateTrack(view) {
        const due = dueShare(view);
        mark(this.track, 'data-due', due !== null);
        const line = due === null ? HIDDEN : percent(1 - due);
        const height = view.share === null ? 0 : percent(clamp(view.share));
        vary(this.track, 'background-position', `0 ${line}%, 0 ${height}%`);
    }
}

// In steps that nobody sees: what has not changed is not drawn.
function percent(share) {
    return Math.round(share * 200) / 2;
}

// Tenths tell nothing more beyond ten seconds, and would need another place.
function digits(n) {
    return fixed(n?.seconds, n?.seconds >= 9.95 ? 0 : 1);
}

function clamp(x) {
    return Math.min(1, Math.max(0, x));
}

// The bar goes down in the eccentric: what is travelled of it is taken from the top.
function dueShare(view) {
    if (!view.pace || !Number.isFinite(view.pace.due)) return null;
    return clamp(view.phase === 'eccentric' ? 1 - view.pace.due : view.pace.due);
}

function ofText(n, station) {
    const target = n?.target ?? station.targetSeconds();
    if (Number.isFinite(target)) return text.negative.of(Number(target.toFixed(1)));
    return n === null ? '' : text.negative.plain;
}

// Colour: of the pace while the negative runs, of the verdict after it.
export function tone(view) {
    if (view.mode === 'alarm') return 'alarm';
    if (view.mode === 'away' || view.mode === 'silent') return 'old';
    if (view.negative?.running) return word(text.pace, view.pace?.cue) ? view.pace.cue : 'plain';
    const verdict = view.negative?.verdict;
    if (view.mode === 'rest' || view.mode === 'idle' || !verdict) return 'plain';
    return word(TONES, verdict) || 'plain';
}

function phaseText(view) {
    if (view.mode === 'silent' || view.mode === 'away')
        return view.mode === 'away' ? text.mode.away : text.mode.silent(duration(view.heard_s));
    if (view.mode === 'alarm') return text.mode.alarm;
    if (view.mode === 'rest') return text.mode.rest;
    if (view.mode === 'idle') return text.mode.idle;
    return word(text.phase, view.phase) || text.mode.hold;
}

function cueText(view) {
    if (view.mode !== 'moving' && view.mode !== 'hold') return '';
    if (view.negative?.running) return word(text.pace, view.pace?.cue);
    return word(text.verdict, view.negative?.verdict);
}
