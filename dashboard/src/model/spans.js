// SPDX-License-Identifier: Apache-2.0
// A set of whole numbers that come mostly one after the other, kept as spans: a day of a hub's numbers takes a few words.

export class Spans {
    constructor() {
        this.list = []; // [first, last], ascending, not touching
    }

    get first() {
        return this.list.length > 0 ? this.list[0][0] : null;
    }

    get last() {
        return this.list.length > 0 ? this.list[this.list.length - 1][1] : 0;
    }

    // The first span that does not end before n.
    at(n) {
        let low = 0, high = this.list.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (this.list[middle][1] < n) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    has(n) {
        const span = this.list[this.at(n)];
        return span !== undefined && span[0] <= n;
    }

    add(first, last = first) {
        const from = this.at(first - 1);
        let to = from;
        let low = first, high = last;
        for (; to < this.list.length && this.list[to][0] <= last + 1; to++) {
            low = Math.min(low, this.list[to][0]);
            high = Math.max(high, this.list[to][1]);
        }
        if (to === from + 1) { // the usual case: one grows
            this.list[from][0] = low;
            this.list[from][1] = high;
        } else {
            this.list.splice(from, to - from, [low, high]);
        }
    }

    // What lies below is all taken for seen where more than `most` spans are kept.
    bound(most) {
        const extra = this.list.length - most;
        if (extra > 0) this.list.splice(0, extra + 1, [this.list[0][0], this.list[extra][1]]);
    }
}
