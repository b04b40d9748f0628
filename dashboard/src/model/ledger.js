// SPDX-License-Identifier: Apache-2.0
// Which events of one station and one run of its hub have been seen, by their `seq`, and which are missing.
//
//      seen:   ███████   ██ ████
//      base ───┘      └┬┘  └┬── holes: waited for (order), asked for, then given up and counted as lost
//
// Events may come out of order: a hole is no loss until it has been open for GRACE_MS.

import { Spans } from './spans.js';

const GRACE_MS = 2500; // reordering of `late` events beside fresh ones
const RETRY_MS = [0, 5000, 20000]; // after the grace; then it is lost

export class Ledger {
    constructor() {
        this.spans = new Spans();
        this.base = null; // nothing before this seq is missed; null = not known yet
        this.holes = new Map(); // first seq of a hole -> { since, tries, at }
        this.lost = 0;
        this.answered = 0; // greatest seq that an answer of the hub brought
    }

    get last() {
        return this.spans.last;
    }

    has(seq) {
        return this.spans.has(seq);
    }

    add(first, last = first) {
        this.spans.add(first, last);
    }

    // From here on holes count. Without a number: from the first event that was seen.
    settle(base) {
        const first = base ?? this.spans.first ?? 1;
        this.base = this.base === null ? first : Math.min(this.base, first);
    }

    // An answer is complete as far as it goes: what is not in it (amendments that history has worked in, what the store
    // no longer has) need not be asked for again.
    settleAnswered(base) {
        if (this.answered > 0) this.add(base ?? this.spans.first, this.answered);
        this.settle(base);
    }

    missing() {
        const list = [];
        let next = this.base;
        if (next === null) return list;
        for (const [first, last] of this.spans.list) {
            if (first > next) list.push({ from: next, to: first - 1 });
            next = Math.max(next, last + 1);
        }
        return list;
    }

    // The holes that are to be asked for now; each is returned once per try.
    due(now) {
        const missing = this.missing();
        const list = [];
        const open = new Set(missing.map((hole) => hole.from));
        for (const from of this.holes.keys()) if (!open.has(from)) this.holes.delete(from);
        for (const hole of missing) {
            const known = this.holes.get(hole.from) ?? { tries: 0, at: now + GRACE_MS };
            this.holes.set(hole.from, known);
            if (now < known.at) continue;
            if (known.tries === RETRY_MS.length) {
                this.lost += hole.to - hole.from + 1;
                this.add(hole.from, hole.to);
                this.holes.delete(hole.from);
                continue;
            }
            known.tries++;
            known.at = now + (RETRY_MS[known.tries] ?? RETRY_MS[RETRY_MS.length - 1]);
            list.push(hole);
        }
        return list;
    }
}
