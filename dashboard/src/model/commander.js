// SPDX-License-Identifier: Apache-2.0
// Commands to a station (`S/cmd`) and what became of them.
//
//      sent ──reply──▶ done(error, reply)
//        └── TIMEOUT_MS ──▶ done('noAnswer')

const TIMEOUT_MS = 6000;

export class Commander {
    // request(topic, replyTopic, object, failed(error)): listen to the reply, then publish.
    constructor({ floor, prefix, request }) {
        this.floor = floor;
        this.prefix = prefix; // of ids; a number makes each new, for the hub refuses a repeated one
        this.turn = 0;
        this.request = request;
        this.open = new Map(); // id -> { done, until }
    }

    // fields: type and its own. done(error, reply): error is null, 'offline', 'noAnswer', or the hub's words.
    send(station, fields, now, done) {
        const id = `${this.prefix}${++this.turn}`;
        const base = `${this.floor.prefix}/${station.hub.name}/station/${station.name}`;
        const message = { v: 1, ...fields, id, sent_ms: Math.round(station.hub.timeOfDay(now)) };
        this.open.set(id, { done, until: now + TIMEOUT_MS });
        this.request(`${base}/cmd`, `${base}/reply/${id}`, message, (error) =>
            this.finish(id, error, null));
    }

    reply(m) {
        this.finish(m.id, m.error ? String(m.error) : null, m);
    }

    tick(now) {
        for (const [id, job] of this.open) if (now >= job.until) this.finish(id, 'noAnswer', null);
    }

    finish(id, error, reply) {
        const job = this.open.get(id);
        if (!job) return;
        this.open.delete(id);
        job.done(error, reply);
    }
}
