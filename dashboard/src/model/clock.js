// SPDX-License-Identifier: Apache-2.0
// Another machine's clock, read from the instants in its messages.
//
// A message that was made at `theirs` arrives at `here` (this page's own steady clock): here - theirs is the distance
// of the two clocks plus the time on the way. The least distance of the last minute had the shortest way; a message
// that comes with more than that was held up by the difference. Neither a wrong wall clock here nor a hub that has not
// learned the time of day yet matters.

const WINDOW_MS = 30000; // two of these are remembered, so that a clock that was set back is believed after a minute

export class Clock {
    constructor() {
        this.reset();
    }

    reset() {
        this.recent = Infinity;
        this.before = Infinity;
        this.turn = -Infinity;
    }

    observe(theirs, here) {
        if (!Number.isFinite(theirs)) return;
        if (here - this.turn > WINDOW_MS) {
            this.before = here - this.turn > 2 * WINDOW_MS ? Infinity : this.recent;
            this.recent = Infinity;
            this.turn = here;
        }
        this.recent = Math.min(this.recent, here - theirs);
    }

    get known() {
        return Number.isFinite(this.distance);
    }

    get distance() {
        return Math.min(this.recent, this.before);
    }

    // Their time of day at this moment of ours; null while nothing was heard.
    now(here) {
        return this.known ? here - this.distance : null;
    }

    // How long ago, in ms, an instant of theirs was; 0 for one that lies ahead (a recording that plays fast).
    age(theirs, here) {
        return this.known && Number.isFinite(theirs) ? Math.max(0, here - this.distance - theirs) : 0;
    }
}
