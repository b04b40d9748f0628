// SPDX-License-Identifier: Apache-2.0
// One station as its messages tell it: state, what the bar does, the repetitions of the running set, the sets of the day.
//
// Whatever its order, the same messages give the same station: a set message is complete and replaces its repetitions;
// an amendment that comes before its repetition waits for it; repetitions of a set that is known to be over are no news.

import { Clock } from './clock.js';

const KEEP_AMENDS = 200;
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
        this.waiting = null; // the newest live message that nobody has read yet: { payload, at, parse }
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
        this.stood = null; // { version, reps }: what standing() said
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

    // A live message that is overtaken before anybody looks is never read.
    wait(payload, at, parse) {
        this.waiting ??= { payload: null, at: 0, parse };
        this.waiting.payload = payload;
        this.waiting.at = at;
    }

    settle() {
        const w = this.waiting;
        if (w === null || w.payload === null) return;
        const m = w.parse(w.payload);
        w.payload = null;
        if (m !== null) this.takeLive(m, w.at);
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
        if (m.phase === 'top' || m.phase === 'rest') this.negative = this.measured();
        this.version++;
    }

    runNegative(elapsed_ms, m) {
        const again = this.negative?.running && this.negative.since_rep === m.rep;
        this.negative = {
            seconds: elapsed_ms / 1000,
            running: true,
            rep: m.rep,
            since_rep: m.rep,
            measured: false, // so far it is a candidate: the hub may yet find that it was none
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
        let rep = known && known.id === m.id ? known : keptRep(m);
        for (const amend of this.amends.get(m.id) ?? []) rep = amended(rep, amend);
        this.amends.delete(m.id);
        this.reps.set(m.rep, rep);
        if (fresh && !m.late) {
            this.heardAt = now;
            this.negative = this.measured(rep);
        }
        this.version++;
    }

    // The measured figure, which takes the place of the running one: of this repetition, or of the last that stands.
    measured(rep = this.standing().at(-1)) {
        if (!rep) return null;
        return {
            seconds: rep.tempo_s.eccentric,
            running: false,
            measured: true,
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
        this.sets.push(keptSet(m, run, now));
        this.sets.sort((a, b) => a.end_ms - b.end_ms);
        for (const older of this.sets.slice(0, -1)) older.reps = null;
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
        if (this.stood?.version !== this.version)
            this.stood = { version: this.version, reps: [...this.reps.values()].filter((rep) => rep.stands).sort((a, b) => a.rep - b.rep) };
        return this.stood.reps;
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
        return { ...keptRep({ ...rep, ...news }), stands: rep.stands };
    }
    default:
        return rep;
    }
}

function claimed(of, m) {
    return { ...of, athlete: word(m.athlete), exercise: word(m.exercise), prescription: word(m.prescription), load_kg: m.load_kg };
}

// What is kept of a repetition: what somebody looks at.
function keptRep(m) {
    const t = m.tempo_s ?? {};
    return {
        id: m.id,
        rep: m.rep,
        start_ms: m.start_ms,
        stands: m.stands !== false,
        tempo_s: { eccentric: t.eccentric ?? null, bottom: t.bottom ?? null, concentric: t.concentric ?? null },
        concentric: { mean_mps: m.concentric?.mean_mps ?? null },
        velocity_loss_pct: m.velocity_loss_pct ?? null,
        verdict: m.verdict ? { eccentric: m.verdict.eccentric ?? null } : null,
    };
}

// What a day keeps of a set: thousands of them may come. Of the last one also its repetitions.
function keptSet(m, run, takenAt) {
    const reps = (Array.isArray(m.reps) ? m.reps : []).filter((rep) => typeof rep === 'object' && rep !== null);
    return {
        run,
        id: m.id,
        set: m.set,
        athlete: word(m.athlete),
        exercise: word(m.exercise),
        prescription: word(m.prescription),
        load_kg: m.load_kg,
        end_ms: m.end_ms,
        takenAt, // by the clock of this page
        n_reps: m.n_reps,
        tut_s: m.tut_s,
        best_mps: m.best_mps,
        velocity_loss_pct: m.velocity_loss_pct,
        compliance: m.compliance ? { judged: m.compliance.judged, compliant: m.compliance.compliant, pct: m.compliance.pct } : null,
        control: m.control ?? null,
        e1rm_kg: m.e1rm_kg ?? null,
        negatives: Float32Array.from(reps, (rep) => rep.tempo_s?.eccentric ?? NaN),
        reps: reps.map(keptRep),
    };
}

function amendedSet(set, m) {
    let changed = set;
    if (m.figures && typeof m.figures === 'object') {
        changed = keptSet({ ...set, ...m.figures }, set.run, set.takenAt);
        if (!Array.isArray(m.figures.reps)) changed = { ...changed, reps: set.reps, negatives: set.negatives };
    }
    return m.change === 'claimed' || (m.change === 'restored' && m.restores === 'claimed') ? claimed(changed, m) : changed;
}

// The same name comes with every set: kept once.
const KEEP_WORDS = 1000;
const words = new Map();

function word(s) {
    if (typeof s !== 'string') return null;
    const known = words.get(s);
    if (known !== undefined) return known;
    if (words.size >= KEEP_WORDS) words.clear();
    words.set(s, s);
    return s;
}
