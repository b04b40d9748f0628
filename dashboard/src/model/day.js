// SPDX-License-Identifier: Apache-2.0
// The day in figures: totals and rankings over all stations and hubs.

export function setsOf(stations) {
    const all = [];
    for (const station of stations) for (const set of station.sets) all.push({ station, set });
    return all.sort((a, b) => b.set.end_ms - a.set.end_ms);
}

// { sets, reps, compliance: [{ athlete, pct, judged }], velocity: [{ athlete, mps, exercise, load_kg }] }
export function daySummary(stations) {
    const sets = setsOf(stations);
    const people = new Map();
    let reps = 0;
    for (const { set } of sets) {
        reps += set.n_reps ?? 0;
        if (!set.athlete) continue;
        const p = people.get(set.athlete) ?? { athlete: set.athlete, judged: 0, compliant: 0, best: null };
        people.set(set.athlete, p);
        p.judged += set.compliance?.judged ?? 0;
        p.compliant += set.compliance?.compliant ?? 0;
        if (Number.isFinite(set.best_mps) && !(p.best?.mps >= set.best_mps))
            p.best = { athlete: set.athlete, mps: set.best_mps, exercise: set.exercise, load_kg: set.load_kg };
    }
    const all = [...people.values()];
    return {
        sets: sets.length,
        reps,
        compliance: all
            .filter((p) => p.judged > 0)
            .map((p) => ({ athlete: p.athlete, pct: (100 * p.compliant) / p.judged, judged: p.judged }))
            .sort((a, b) => b.pct - a.pct || b.judged - a.judged || byName(a, b)),
        velocity: all
            .map((p) => p.best)
            .filter((best) => best !== null)
            .sort((a, b) => b.mps - a.mps || byName(a, b)),
    };
}

function byName(a, b) {
    return a.athlete < b.athlete ? -1 : 1;
}
