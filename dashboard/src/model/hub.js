// SPDX-License-Identifier: Apache-2.0
// One hub: is it there, how is it, its sensors, its stations, and what of its events was seen.

import { Asker } from './asker.js';
import { Clock } from './clock.js';
import { Ledger } from './ledger.js';
import { Station, sessionOf } from './station.js';

const SILENT_MS = 75000; // health comes every 30 s; two may be lost
const HEALTH_MS = 30000;
const LEEWAY_MS = 10000;
const OVERLAP_MS = 120000; // asked again after a lost connection
const ALL = 1000000000; // a to_seq beyond all

export class Hub {
    // ask(question): publish to B/query.
    constructor(name, ids, ask, wallClock) {
        this.name = name;
        this.connected = true; // the broker
        this.status = null;
        this.health = null;
        this.clock = new Clock();
        this.behind = null; // our steady clock less the hub's, at most: of the retained health
        this.wallClock = wallClock;
        this.heardAt = -Infinity;
        this.stations = new Map();
        this.sensors = new Map();
        this.ledgers = new Map(); // `session station` -> Ledger
        this.asker = new Asker(ids, ask);
        this.lastHeard = null; // by the hub's clock
        this.resume = null; // until then all is known, by the hub's clock; null = nothing of the day is
        this.opened = false; // the history of the day was asked for over this connection
        this.loaded = false;
        this.loading = false;
        this.historyError = null;
        this.day = null; // when it began, by the hub's clock
        this.bornHere = null; // a run that began before our eyes: its first event is number 1
        this.version = 0;
    }

    get online() {
        return this.status?.state === 'online';
    }

    get session() {
        return this.status?.session ?? null;
    }

    silent(now) {
        return this.online && now - this.heardAt > SILENT_MS;
    }

    // Its time of day. Until its first health of now: that of the retained one, which is up to HEALTH_MS behind, or the
    // page's own where that fits to it.
    timeOfDay(now) {
        if (this.clock.known) return this.clock.now(now);
        const wall = this.wallClock();
        if (this.behind === null || !this.online) return wall;
        const least = now - this.behind;
        return wall >= least && wall - least < HEALTH_MS + LEEWAY_MS ? wall : least;
    }

    get lost() {
        let n = 0;
        for (const ledger of this.ledgers.values()) n += ledger.lost;
        return n;
    }

    station(name) {
        let s = this.stations.get(name);
        if (!s) {
            s = new Station(this, name);
            this.stations.set(name, s);
            this.version++;
        }
        return s;
    }

    heard(now) {
        this.heardAt = now;
        if (this.clock.known) this.lastHeard = this.clock.now(now);
    }

    takeStatus(m, now) {
        const before = this.session;
        this.status = m;
        this.version++;
        if (this.online) this.heard(now);
        if (!this.online || m.session === before) return;
        this.reopen();
        if (before !== null) this.bornHere = m.session;
    }

    takeHealth(m, now, retained) {
        if (m.clock !== this.health?.clock) this.clock.reset();
        this.health = m;
        this.version++;
        if (retained) { // of earlier: says nothing of now, but what time it is by then
            if (Number.isFinite(m.now_ms)) this.behind = now - m.now_ms;
            return;
        }
        this.clock.observe(m.now_ms, now);
        this.heard(now);
    }

    takeSensor(id, m) {
        if (m === null) this.sensors.delete(id);
        else this.sensors.set(id, m);
        this.version++;
    }

    removeStation(name) {
        this.stations.delete(name);
        this.version++;
    }

    turnDay(day) {
        if (this.day !== null && day > this.day) for (const s of this.stations.values()) s.forgetBefore(day);
        this.day = day;
    }

    // ---- events ----

    ledger(session, station) {
        const key = `${session} ${station}`;
        let ledger = this.ledgers.get(key);
        if (!ledger) {
            ledger = new Ledger();
            this.ledgers.set(key, ledger);
        }
        return ledger;
    }

    note(m, station, fresh) {
        if (!Number.isInteger(m.seq) || m.seq < 1) return;
        const session = sessionOf(m);
        const ledger = this.ledger(session, station);
        ledger.add(m.seq);
        if (!fresh) ledger.answered = Math.max(ledger.answered, m.seq);
        else if (this.opened && !this.loading && ledger.base === null)
            ledger.settle(session === this.bornHere ? 1 : undefined);
    }

    // ---- history and gaps ----

    // since: the start of the day by the hub's clock. take(event): one event of an answer.
    open(now, since, take) {
        if (this.opened || !this.online) return;
        this.opened = true;
        this.loading = true;
        const unsynced = this.health?.clock === 'unsynced';
        const done = (error) => {
            this.loading = false;
            this.historyError = error;
            this.loaded = error === null;
            if (error === 'dropped') this.opened = false;
            for (const [key, ledger] of this.ledgers) ledger.settleAnswered(unsynced && this.isOfRun(key) ? 1 : undefined);
            this.version++;
        };
        if (unsynced) {
            this.askRun(take, done);
            return;
        }
        const from = this.resume === null ? since : Math.max(since, this.resume - OVERLAP_MS);
        this.asker.ask({ type: 'history', since_ms: Math.max(1, Math.floor(from)) }, take, done);
    }

    isOfRun(key) {
        return split(key)[0] === this.session;
    }

    // Events without a time of day can be had by their run only.
    askRun(take, done) {
        const names = [...this.stations.values()];
        let open = names.length;
        if (open === 0) done(null);
        for (const s of names) {
            const from = Math.max(1, (this.ledgers.get(`${this.session} ${s.label}`)?.last ?? 0) + 1);
            this.asker.ask(
                { type: 'resync', session: this.session, station: s.label, from_seq: from, to_seq: ALL },
                take,
                (error) => --open === 0 && done(error),
            );
        }
    }

    closed() {
        this.connected = false;
        this.reopen();
        this.asker.drop();
    }

    // What comes until the next history is there may be missed.
    reopen() {
        if (this.loaded) this.resume = this.lastHeard;
        this.loaded = this.opened = false;
    }

    tick(now, take) {
        this.asker.tick(now);
        if (!this.opened || this.loading) return;
        for (const [key, ledger] of this.ledgers) {
            const [session, station] = split(key);
            for (const hole of ledger.due(now))
                this.asker.ask(
                    { type: 'resync', session, station, from_seq: hole.from, to_seq: hole.to },
                    take,
                    () => {},
                );
        }
    }
}

function split(key) {
    const at = key.indexOf(' ');
    return [key.slice(0, at), key.slice(at + 1)];
}
