// SPDX-License-Identifier: Apache-2.0
// Questions to one hub (`B/query`), one after the other, page by page.
//
//      queue ──▶ asked ──reply──▶ next page asked, or done
//                  │ no reply, "too many questions"
//                  └──▶ asked again, TRIES times, then done with an error

const TIMEOUT_MS = 6000;
const BUSY_MS = 1500; // the hub answers five questions a second, of everybody
const TRIES = 4;
const PAGE = 100;

export class Asker {
    // send(question): publish it. ids: the names under which answers are listened for, used in turn so that a late
    // answer to a question that was given up is not taken for another's.
    constructor(ids, send) {
        this.ids = ids;
        this.turn = 0;
        this.send = send;
        this.queue = [];
        this.current = null;
    }

    get busy() {
        return this.current !== null || this.queue.length > 0;
    }

    // take(events) for each page; done(error) at the end, error null or words.
    ask(question, take, done = () => {}) {
        this.queue.push({ question: { ...question, limit: PAGE }, take, done, tries: 0, at: 0, id: null });
    }

    // The connection was lost: what was asked is asked again by whoever needs it.
    drop() {
        const open = this.current ? [this.current, ...this.queue] : this.queue;
        this.current = null;
        this.queue = [];
        for (const job of open) job.done('dropped');
    }

    tick(now) {
        if (!this.current && this.queue.length > 0) this.current = this.queue.shift();
        const job = this.current;
        if (!job || now < job.at) return;
        if (job.tries === TRIES) {
            this.finish('no answer');
            return;
        }
        job.tries++;
        job.at = now + TIMEOUT_MS;
        job.id = this.ids[this.turn++ % this.ids.length];
        this.send({ ...job.question, id: job.id });
    }

    reply(message, now) {
        const job = this.current;
        if (!job || message.id !== job.id) return;
        if (message.error) {
            if (job.tries === TRIES) this.finish(String(message.error));
            else job.at = now + BUSY_MS;
            return;
        }
        job.take(Array.isArray(message.events) ? message.events : []);
        if (message.next === null || message.next === undefined) {
            this.finish(null);
            return;
        }
        job.question[job.question.type === 'resync' ? 'from_seq' : 'after'] = message.next;
        job.tries = 0;
        job.at = 0;
        this.tick(now);
    }

    finish(error) {
        const job = this.current;
        this.current = null;
        job.done(error);
    }
}
