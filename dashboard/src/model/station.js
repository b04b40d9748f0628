// SPDX-License-Identifier: Apache-2.0
// One station as its messages tell it: state, what the bar does, the repetitions of the running set, the sets of the day.
//
// Whatever its order, the same messages give the same station: a set message is complete and replaces its repetitions;
// an amendment that comes before its repetition waits for it; repetitions of a set that is known to be over are no news.

import { Clock } from './clock.js';

const KEEP_AMENDS = 200;
const KEEP_REPS = 3; // sets of a station whose repetitions are kept; of older ones the seconds of the negatives do
const SAFETY_MS = 30000; // the message expires then, and so does the alarm

export class Station {
    constructor(hub, name) {
        this.hub = hub;
        this.name = name; // as in the topic; what people call it may differ
        this.label = name;
        this.key = `${hub.name}/${name}`;
        this.clock = new Clock(); // of live messages: a recording that plays fast has instants of its own
        this.version = 0; // grows with everything but live
        this.state = null;
        this.live = null; // the last live message
        this.liveAt = -Infinity; // when it was made, by the clock of this page
        this.heardAt = -Infinity; // anything of the moment at all
        this.phase = null; // { name, since, set, rep }
        this.negative = null; // { seconds, at, running, rep, verdict, target }
        this.reps = new Map(); // of the newest set that is not over: number -> rep
        this.run = null; // `session set` of these
        this.amends = new Map(); // ref -> amendments that wait for their repetition
        this.sets = []; // of the day, by time
        this.advice = null;
        this.fatigue = null;
        this.safety = null; // { message, until }
    }

    get online() {
        return this.hub.online;
    }

    // ---- what is now ----

    takeState(m) {
        this.state = m;
        this.label = typeof m.station === 'string' && m.station ? m.station : this.name;
        if (m.advice !== undefined && !sameAdvice(m.advice, this.advice)) this.advice = m.advice;
        if (m.set === null && this.phase && m.sensor_state !== 'streaming') this.phase = null;
        this.version++;
    }

    takeLive(m, now) {
        this.clock.observe(m.t_ms, now);
        if (this.live && m.t_ms < this.live.t_ms && this.clock.age(m.t_ms, now) > 0) return; // overtaken
        const from = this.phase?.name;
        this.live = m;
        this.liveAt = now - this.clock.age(m.t_ms, now);
        this.heardAt = now;
        this.phase = { name: m.phase, since: this.liveAt - seconds(m.phase_s), set: m.set, rep: m.rep };
        if (m.phase === 'eccentric') this.runNegative(seconds(m.phase_s), m);
        else this.stopNegative();
        if (from !== m.phase) this.version++;
    }

    takePhase(m, now) {
        this.heardAt = now;
        this.phase = { name: m.phase, since: now - seconds(m.latency_s), set: m.set, rep: m.rep };
        if (m.phase === 'eccentric') {
            this.live = null; // that of the phase before
            this.liveAt = now;
            this.runNegative(seconds(m.latency_s), m);
        } else {
            this.stopNegative();
        }
        // Back at rest: what moved last may have been no repetition, and the last one that was is what counts.
        const last = m.phase === 'top' || m.phase === 'rest' ? this.standing().at(-1) : null;
        if (last) this.settleNegative(last, now);
        this.version++;
    }

    runNegative(elapsed_ms, m) {
        const again = this.negative?.running && this.negative.since_rep === m.rep;
        this.negative = {
            seconds: elapsed_ms / 1000,
            running: true,
            rep: m.rep,
            since_rep: m.rep,
            verdict: null,
            target: m.pace?.target_s ?? (again ? this.negative.target : this.targetSeconds()),
        };
    }

    stopNegative() {
        if (this.negative) this.negative.running = false;
    }

    targetSeconds() {
        return this.state?.target?.eccentric_s ?? null;
    }

    // ---- events ----

    takeRep(m, now, fresh) {
        const run = `${sessionOf(m)} ${m.set}`;
        if (this.isOver(run)) return;
        if (run !== this.run) {
            if (this.run !== null && !this.isNewer(m)) return;
            this.run = run;
            this.reps = new Map();
        }
        const known = this.reps.get(m.rep);
        let rep = known && known.id === m.id ? known : { ...m, stands: m.stands !== false };
        for (const amend of this.amends.get(m.id) ?? []) rep = amended(rep, amend);
        this.amends.delete(m.id);
        this.reps.set(m.rep, rep);
        if (fresh && !m.late) this.settleNegative(rep, now);
        this.version++;
    }

    // The measured figure takes the place of the running one.
    settleNegative(rep, now) {
        this.heardAt = now;
        this.negative = {
            seconds: rep.tempo_s?.eccentric ?? null,
            running: false,
            rep: rep.rep,
            verdict: rep.verdict?.eccentric ?? null,
            target: this.targetSeconds(),
        };
    }

    isOver(run) {
        return this.sets.some((set) => set.run === run);
    }

    isNewer(m) {
        const newest = [...this.reps.values()].reduce((t, rep) => Math.max(t, rep.start_ms), -Infinity);
        return m.start_ms >= newest;
    }

    takeSet(m, now, fresh) {
        const run = `${sessionOf(m)} ${m.set}`;
        this.sets = this.sets.filter((other) => other.run !== run);
        this.sets.push(keptSet(m, run));
        this.sets.sort((a, b) => a.end_ms - b.end_ms);
        for (const older of this.sets.slice(0, -KEEP_REPS)) older.reps = null;
        if (this.run === run) {
            this.run = null;
            this.reps = new Map();
        }
        if (fresh && !m.late) {
            this.heardAt = now;
            this.phase = null;
            this.negative = null;
            this.fatigue = null;
        }
        this.version++;
    }

    takeAmend(m) {
        for (const rep of this.reps.values()) {
            if (rep.id === m.ref) {
                this.reps.set(rep.rep, amended(rep, m));
                this.version++;
                return;
            }
        }
        const run = `${sessionOf(m)} ${m.set}`;
        const at = this.sets.findIndex((set) => set.id === m.ref || set.run === run);
        if (at >= 0) {
            this.sets[at] = amendedSet(this.sets[at], m);
            this.version++;
            return;
        }
        const waiting = this.amends.get(m.ref) ?? [];
        this.amends.set(m.ref, [...waiting, m]);
        if (this.amends.size > KEEP_AMENDS) this.amends.delete(this.amends.keys().next().value);
    }

    takeNotice(m, now, fresh) {
        const current = fresh && !m.late;
        if (m.type === 'advice' && current) this.advice = m;
        else if (m.type === 'fatigue' && current) this.fatigue = m;
        else if (m.type === 'safety' && current) this.safety = { message: m, until: now + SAFETY_MS };
        this.version++;
    }

    // ---- what views ask ----

    standing() {
        return [...this.reps.values()].filter((rep) => rep.stands).sort((a, b) => a.rep - b.rep);
    }

    get lastSet() {
        return this.sets.length > 0 ? this.sets[this.sets.length - 1] : null;
    }

    forgetBefore(ms) {
        const kept = this.sets.filter((set) => set.end_ms >= ms);
        if (kept.length !== this.sets.length) this.version++;
        this.sets = kept;
    }
}

// The run of the hub that an event comes from: its id begins with it.
export function sessionOf(m) {
    const id = String(m.id ?? m.ref ?? '');
    return id.slice(0, id.lastIndexOf('-'));
}

// The state names what still holds; the event had the figures too.
function sameAdvice(a, b) {
    return a !== null && b !== null && a.advice === b.advice && a.reason === b.reason;
}

function seconds(s) {
    return Number.isFinite(s) ? s * 1000 : 0;
}

function amended(rep, m) {
    switch (m.change) {
    case 'rejected':
    case 'discarded':
        return { ...rep, stands: false, reason: m.reason ?? m.change };
    case 'restored':
        return m.restores === 'claimed' ? claimed(rep, m) : { ...rep, stands: true };
    case 'claimed':
        return claimed(rep, m);
    case 'figures': {
        const { type, id, seq, ref, change, late, by, figures, ...news } = m;
        return { ...rep, ...news };
    }
    default:
        return rep;
    }
}

function claimed(of, m) {
    return { ...of, athlete: m.athlete, exercise: m.exercise, prescription: m.prescription, load_kg: m.load_kg };
}

// What a day keeps of a set: thousands of them may come.
function keptSet(m, run) {
    const reps = (Array.isArray(m.reps) ? m.reps : []).filter((rep) => typeof rep === 'object' && rep !== null);
    return {
        run,
        id: m.id,
        set: m.set,
        athlete: m.athlete,
        exercise: m.exercise,
        prescription: m.prescription,
        load_kg: m.load_kg,
        end_ms: m.end_ms,
        n_reps: m.n_reps,
        tut_s: m.tut_s,
        best_mps: m.best_mps,
        velocity_loss_pct: m.velocity_loss_pct,
        compliance: m.compliance ?? null,
        control: m.control ?? null,
        e1rm_kg: m.e1rm_kg ?? null,
        negatives: reps.map((rep) => rep.tempo_s?.eccentric ?? null),
        reps,
    };
}

function amendedSet(set, m) {
    const changed = m.figures && typeof m.figures === 'object' ? keptSet({ ...set, ...m.figures }, set.run) : set;
    return m.change === 'claimed' || (m.change === 'restored' && m.restores === 'claimed') ? claimed(changed, m) : changed;
}
