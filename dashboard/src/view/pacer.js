// SPDX-License-Identifier: Apache-2.0
// When to draw, and how much at once. A picture is drawn 30 times a second: three times as often as there are messages.
// How long one takes, with style, layout and paint, is measured; a computer that is slow draws fewer tiles in each
// (they take turns), and fewer pictures, so that it is late with none.
//
//      frame ──▶ draw ──▶ (the browser lays out and paints) ──▶ painted: how long? ──▶ pause ──▶ frame

const FRAME_MS = 33;
const SYNC_MS = 8; // until the screen is ready for a picture, on average
const LONG_MS = 16; // a picture of the screen's: what is longer is seen as a jerk
const SHORT_MS = 10;
const LEAST = 4;
const MOST = 64;

export class Pacer {
    // draw(now, count): the next picture, of at most so many tiles.
    constructor(draw) {
        this.draw = draw;
        this.count = 16;
        this.channel = new MessageChannel(); // its messages come behind the painting
        this.channel.port1.onmessage = () => this.painted();
    }

    start() {
        requestAnimationFrame(() => {
            this.began = performance.now();
            this.channel.port2.postMessage(null);
            this.draw(this.began, this.count);
        });
    }

    painted() {
        const took = performance.now() - this.began;
        if (took > LONG_MS) this.count = Math.max(LEAST, Math.floor(this.count * 0.7));
        else if (took < SHORT_MS) this.count = Math.min(MOST, this.count + 1);
        const pause = Math.max(FRAME_MS - took, took / 2); // a third of the time at least is left for messages
        setTimeout(() => this.start(), Math.max(0, pause - SYNC_MS));
    }
}
