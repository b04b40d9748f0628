// SPDX-License-Identifier: Apache-2.0
// Figures as texts. What is not known is a dash, never a zero.

import { text } from './text.js';

export function fixed(x, digits) {
    return typeof x === 'number' && Number.isFinite(x) ? x.toFixed(digits) : text.none;
}

export function withUnit(x, digits, unit) {
    return typeof x === 'number' && Number.isFinite(x) ? `${x.toFixed(digits)} ${unit}` : text.none;
}

// 80 kg, 82.5 kg
export function kilograms(x) {
    if (typeof x !== 'number' || !Number.isFinite(x)) return text.none;
    return `${Number(x.toFixed(1))} ${text.unit.kg}`;
}

// 12 s, 3:05, 2:10 h
export function duration(s) {
    if (!Number.isFinite(s)) return text.none;
    const whole = Math.max(0, Math.floor(s));
    if (whole < 60) return `${whole} s`;
    return clockwise(whole);
}

export function clockwise(s) {
    const whole = Math.max(0, Math.floor(s));
    const two = (n) => String(n).padStart(2, '0');
    if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
    return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

export function timeOfDay(ms) {
    if (!Number.isFinite(ms)) return text.none;
    const d = new Date(ms);
    return `${String(d.getHours()).padStart(2, '0')}:${String(d.getMinutes()).padStart(2, '0')}`;
}

// Names come from anybody: only as text, of a bounded length, and without what turns the line around them.
export function name(s, otherwise = text.none) {
    const plain = typeof s === 'string' ? s.slice(0, 80).replace(/[\u202a-\u202e\u2066-\u2069]/g, '').trim() : '';
    return plain || otherwise;
}

export function exercise(s) {
    const plain = name(s, '');
    return plain ? text.exercise(plain) : text.none;
}

// A word of a table for a word of a message; nothing for one that the table does not have, `constructor` included.
export function word(table, key) {
    return typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : '';
}

export function adviceText(m) {
    const make = m ? word(text.advice, m.advice) : '';
    if (!make) return '';
    const step = Number.isFinite(m.step_pct) ? `${Number(Math.abs(m.step_pct).toFixed(1))} %` : null;
    return make(step, Number.isFinite(m.proposed_kg) ? kilograms(m.proposed_kg) : null);
}
