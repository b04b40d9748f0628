// SPDX-License-Identifier: Apache-2.0
// The floor of the gym: all hubs of one broker. Messages and time go in, views read. No browser, no network, no clock of
// its own: `now` is a steady clock in milliseconds, `today` a function that tells when the day of an instant began.

import { Hub } from './hub.js';
import { Seen } from './seen.js';
import { parseTopic } from './topic.js';

const KEEP_TOPICS = 5000; // told apart once

export class Floor {
    // publish(topic, object)
    constructor({ prefix, replyIds, publish, today, wallClock }) {
        this.prefix = prefix;
        this.replyIds = replyIds;
        this.publish = publish;
        this.today = today;
        this.wallClock = wallClock; // where a hub's own clock is not known yet
        this.hubs = new Map();
        this.seen = new Seen();
        this.topics = new Map(); // topic -> what it speaks of
        this.utf8 = new TextDecoder();
        this.connected = false;
        this.connectedSince = null;
        this.lostSince = null;
        this.version = 0;
        this.commandReply = () => {};
    }

    hub(name) {
        let hub = this.hubs.get(name);
        if (!hub) {
            const topic = `${this.prefix}/${name}/query`;
            hub = new Hub(name, this.replyIds, (question) => this.publish(topic, question), this.wallClock);
            this.hubs.set(name, hub);
            this.version++;
        }
        return hub;
    }

    *stations() {
        for (const hub of this.hubs.values()) yield* hub.stations.values();
    }

    find(key) {
        for (const s of this.stations()) if (s.key === key) return s;
        return null;
    }

    // The day of a hub is not all here.
    get loading() {
        for (const hub of this.hubs.values()) if (hub.online && !hub.loaded && hub.historyError === null) return true;
        return false;
    }

    // ---- the connection ----

    setConnected(connected, now) {
        if (connected === this.connected) return;
        this.connected = connected;
        this.version++;
        if (connected) {
            this.connectedSince = now;
            this.lostSince = null;
            for (const hub of this.hubs.values()) hub.connected = true;
        } else {
            this.lostSince = now;
            for (const hub of this.hubs.values()) hub.closed();
        }
    }

    // ---- messages ----

    // payload: a string, or its bytes. What is no message of the contract is let go.
    receive(topic, payload, retained, now) {
        const to = this.told(topic);
        if (!to) return;
        if (payload.length === 0) {
            this.removed(to);
            return;
        }
        if (to.leaf === 'live') {
            this.takeLive(to, payload, retained, now);
            return;
        }
        const m = this.parse(payload);
        if (m === null) return;
        const hub = this.hub(to.hub);
        if (to.kind === 'status') hub.takeStatus(m, now);
        else if (to.kind === 'health') hub.takeHealth(m, now, retained);
        else if (to.kind === 'sensor') hub.takeSensor(to.sensor, m);
        else if (to.kind === 'reply') hub.asker.reply(m, now);
        else if (to.kind === 'commandReply') this.commandReply(m);
        else this.takeStation(hub, to, m, now, retained);
    }

    told(topic) {
        let to = this.topics.get(topic);
        if (to === undefined) {
            if (this.topics.size >= KEEP_TOPICS) this.topics.clear();
            to = parseTopic(this.prefix, topic);
            this.topics.set(topic, to);
        }
        return to;
    }

    // Five hundred a second come from a full floor, and a slow screen draws a third of them: a station reads its newest
    // one when somebody looks, or when something else of it comes.
    takeLive(to, payload, retained, now) {
        if (retained) return; // none ever is: somebody's mistake must not look like now
        const hub = this.hub(to.hub);
        hub.heard(now);
        hub.station(to.station).wait(payload, now, this.parse);
    }

    parse = (payload) => {
        try {
            const m = JSON.parse(typeof payload === 'string' ? payload : this.utf8.decode(payload));
            return typeof m === 'object' && m !== null && !Array.isArray(m) ? m : null;
        } catch {
            return null;
        }
    };

    removed(to) {
        const hub = this.hubs.get(to.hub);
        if (!hub) return;
        if (to.kind === 'station' && to.leaf === 'state') hub.removeStation(to.station);
        else if (to.kind === 'sensor') hub.takeSensor(to.sensor, null);
        else if (to.kind === 'status') this.hubs.delete(to.hub);
        this.version++;
    }

    takeStation(hub, to, m, now, retained) {
        const station = hub.station(to.station);
        if (!retained) hub.heard(now);
        station.settle();
        if (to.leaf === 'state') station.takeState(m, now);
        else if (retained) return; // no other is ever retained either
        else if (to.leaf === 'phase') station.takePhase(m, now);
        else this.takeEvent(hub, station, m, now, true);
    }

    // Once, by its id. fresh: it came by itself, not as an answer.
    takeEvent(hub, station, m, now, fresh) {
        if (typeof m.id !== 'string') return;
        hub.note(m, typeof m.station === 'string' ? m.station : station.name, fresh);
        if (!this.seen.take(m.id)) return;
        if (m.type === 'rep') station.takeRep(m, now, fresh);
        else if (m.type === 'set') station.takeSet(m, now, fresh);
        else if (m.type === 'amend') station.takeAmend(m);
        else station.takeNotice(m, now, fresh);
        this.version++;
    }

    takeAnswer(hub, events, now) {
        for (const m of events) {
            if (typeof m !== 'object' || m === null || typeof m.station !== 'string') continue;
            this.takeEvent(hub, this.byLabel(hub, m.station), m, now, false);
        }
    }

    byLabel(hub, label) {
        for (const s of hub.stations.values()) if (s.label === label) return s;
        return hub.station(label.replace(/[+#/\p{Cc}]/gu, '_'));
    }

    // ---- time ----

    // Some times a second.
    tick(now) {
        if (!this.connected) return;
        for (const hub of this.hubs.values()) {
            const take = (events) => this.takeAnswer(hub, events, now);
            // Retained messages of one subscription come one by one: wait until they are there.
            if (now - this.connectedSince > 1000) hub.open(now, this.today(hub.timeOfDay(now)), take);
            hub.tick(now, take);
            if (hub.clock.known) hub.turnDay(this.today(hub.clock.now(now)));
        }
    }
}
