// SPDX-License-Identifier: Apache-2.0
// How a station looks at this moment: the one place that decides what may be shown as live.
//
//   away     the broker or the hub is not there: nothing of it is now
//   alarm    a fall, a failed negative
//   silent   the bar moved, and then nothing came: the picture is kept, marked as old
//   moving   the bar moves
//   hold     within a set, the bar rests
//   rest     between sets
//   idle     nothing for IDLE_MS: folded away

const FRESH_MS = 300; // how far a running figure is carried on beyond its message: 10 of those come a second
const SILENT_MS = 2500; // a moving bar is heard of 10 times a second; the end of a movement is known after a second or two
const IDLE_MS = 300000;
const PAUSE_MS = 4000; // a bar that lies at the end of its way for longer than that, and than was prescribed, was put down
const MOVING = new Set(['eccentric', 'concentric']);

export function look(station, now) {
    station.settle();
    const mode = modeOf(station, now);
    const phase = station.phase?.name ?? null;
    return {
        mode,
        phase: mode === 'hold' && !paused(station, now) ? null : phase,
        heard_s: Number.isFinite(station.heardAt) ? (now - station.heardAt) / 1000 : null,
        negative: negativeOf(station, now, mode),
        share: mode === 'moving' || mode === 'hold' || mode === 'silent' ? (station.live?.rom_share ?? null) : null,
        pace: mode === 'moving' && fresh(station, now) ? paceOf(station) : null,
        rest_s: mode === 'rest' ? restOf(station, now) : null,
        rep: repOf(station),
    };
}

function fresh(station, now) {
    return now - station.liveAt <= SILENT_MS;
}

function inSet(station) {
    return station.state?.set !== null && station.state?.set !== undefined;
}

export function modeOf(station, now) {
    if (!station.hub.connected || !station.hub.online || station.hub.silent(now)) return 'away';
    if (station.safety && now < station.safety.until) return 'alarm';
    if (station.phase && MOVING.has(station.phase.name)) {
        if (fresh(station, now)) return 'moving';
        if (now - station.liveAt < IDLE_MS) return 'silent';
    }
    if (station.phase && paused(station, now)) return 'hold'; // of the first repetition: the set is not known yet
    if (inSet(station)) return station.state.sensor_state === 'streaming' ? 'hold' : 'silent';
    const rest = restOf(station, now);
    const ended = rest === null ? Infinity : rest * 1000;
    return Math.min(ended, now - station.heardAt) < IDLE_MS ? 'rest' : 'idle';
}

// At an end of the way, and not for long.
function paused(station, now) {
    const { name, since } = station.phase ?? {};
    if (name !== 'bottom' && name !== 'top') return false;
    const wanted = station.state?.target?.[`${name}_s`];
    return now - since < PAUSE_MS + 1000 * (Number.isFinite(wanted) ? wanted : 0);
}

// A negative that was not measured is a candidate: it stands while the bar moves or pauses. Of a bar that was racked, or
// of which nothing comes, the last measured one is told.
function negativeOf(station, now, mode) {
    let n = station.negative;
    if (n && !n.measured && mode !== 'moving' && !(mode === 'hold' && paused(station, now))) n = station.measured();
    if (!n || n.seconds === null) return null;
    if (!n.running || mode !== 'moving') return n.running ? { ...n, running: false } : n;
    const carried = Math.max(0, Math.min(now - station.liveAt, FRESH_MS));
    return { ...n, seconds: n.seconds + carried / 1000 };
}

function paceOf(station) {
    const pace = station.live?.pace;
    return pace && typeof pace === 'object' ? pace : null;
}

// Since the last set's end, by the hub's clock; since it was heard of, where that is longer ago (a recording that plays
// fast tells of instants that lie ahead).
function restOf(station, now) {
    const set = station.lastSet;
    if (!set || !Number.isFinite(set.end_ms)) return null;
    return Math.max(station.hub.timeOfDay(now) - set.end_ms, now - set.takenAt, 0) / 1000;
}

// The repetition that is under way, or how many stand.
function repOf(station) {
    const done = station.standing().length;
    const counted = inSet(station) ? Math.max(done, station.state.n_reps ?? 0) : done;
    return { done: counted, of: station.state?.target?.reps ?? null };
}
