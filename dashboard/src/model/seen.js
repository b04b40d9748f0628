// SPDX-License-Identifier: Apache-2.0
// Which events were taken already. An id is the hub's run and a number that counts on, `6f1c…-17`: a run's numbers are
// kept as spans, so that a month of a busy floor takes no more room than an hour.

import { Spans } from './spans.js';

const KEEP_RUNS = 64; // a hub begins a new one when it is started
const KEEP_SPANS = 4000; // events of kinds that this page does not listen to leave gaps
const KEEP_STRANGE = 1000;

export class Seen {
    constructor() {
        this.runs = new Map(); // run -> Spans
        this.strange = new Set(); // ids of another form
    }

    // True for the first time only.
    take(id) {
        const at = id.lastIndexOf('-');
        const digits = id.slice(at + 1);
        if (at < 1 || !/^[1-9][0-9]{0,14}$/.test(digits)) return this.takeStrange(id);
        const number = Number(digits), spans = this.run(id.slice(0, at));
        if (spans.has(number)) return false;
        spans.add(number);
        spans.bound(KEEP_SPANS);
        return true;
    }

    run(name) {
        let spans = this.runs.get(name);
        if (!spans) {
            spans = new Spans();
            this.runs.set(name, spans);
            if (this.runs.size > KEEP_RUNS) this.runs.delete(this.runs.keys().next().value);
        }
        return spans;
    }

    takeStrange(id) {
        if (this.strange.has(id)) return false;
        this.strange.add(id);
        if (this.strange.size > KEEP_STRANGE) this.strange.delete(this.strange.values().next().value);
        return true;
    }
}
