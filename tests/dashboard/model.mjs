// SPDX-License-Identifier: Apache-2.0
// The dashboard's model without a browser: what a floor knows after messages, in whatever order they come.

import assert from 'node:assert/strict';
import { Clock } from '../../dashboard/src/model/clock.js';
import { Commander } from '../../dashboard/src/model/commander.js';
import { daySummary } from '../../dashboard/src/model/day.js';
import { Floor } from '../../dashboard/src/model/floor.js';
import { Ledger } from '../../dashboard/src/model/ledger.js';
import { look } from '../../dashboard/src/model/look.js';
import { Seen } from '../../dashboard/src/model/seen.js';
import { Spans } from '../../dashboard/src/model/spans.js';
import { parseTopic, subscriptions } from '../../dashboard/src/model/topic.js';
import { finish, test } from './tap.mjs';

const RUN = '0123456789abcdef0123456789abcdef';
const MIDNIGHT = 1795219200000;
const NOON = MIDNIGHT + 43200000; // by the hubs' clock

// A floor, a steady clock that starts at 0 at noon, and what the page published.
function scene({ hubs = ['gym'], connected = true } = {}) {
    const s = { now: 0, asked: [], ahead: 0 }; // ahead: the screen's clock, of the hubs'
    s.floor = new Floor({
        prefix: 'repcast',
        replyIds: ['q0', 'q1'],
        publish: (topic, message) => s.asked.push({ topic, ...message }),
        today: (ms) => ms - (((ms - MIDNIGHT) % 86400000) + 86400000) % 86400000,
        wallClock: () => NOON + s.now + s.ahead,
    });
    s.send = (topic, message, retained = false) =>
        s.floor.receive(`repcast/${topic}`, typeof message === 'string' ? message : JSON.stringify({ v: 1, ...message }), retained, s.now);
    s.wait = (ms, step = 100) => {
        for (const end = s.now + ms; s.now < end;) {
            s.now += step;
            s.floor.tick(s.now);
        }
    };
    s.at = (hub = 'gym', station = 'rack-1') => s.floor.find(`${hub}/${station}`);
    s.look = (hub, station) => look(s.at(hub, station), s.now);
    s.answer = (events = [], next = null) => {
        const question = s.asked.at(-1);
        s.send(`${question.topic.split('/')[1]}/reply/${question.id}`, { type: 'reply', id: question.id, error: null, next, events });
    };
    if (connected) s.floor.setConnected(true, 0);
    for (const hub of hubs) {
        s.send(`${hub}/status`, { type: 'status', state: 'online', session: RUN, since_ms: NOON }, true);
        s.send(`${hub}/health`, health(s, hub));
        s.send(`${hub}/station/rack-1/state`, state(s, { hub }), true);
    }
    return s;
}

// Past the history of the day, which is empty.
function opened(options) {
    const s = scene(options);
    s.wait(1500);
    while (s.asked.length > 0) {
        s.answer();
        s.asked.pop();
        s.wait(100);
    }
    return s;
}

const health = (s, hub) => ({ type: 'health', hub, session: RUN, now_ms: NOON + s.now, clock: 'synced' });

const state = (s, more) => ({
    type: 'state', hub: 'gym', station: 'rack-1', athlete: 'ana', exercise: 'back-squat', load_kg: 80, t_ms: NOON + s.now,
    sensor_state: 'streaming', set: 1, n_reps: 0, last_set: null, target: { eccentric_s: 4, reps: 8 }, ...more,
});

const live = (s, more) => ({
    type: 'live', hub: 'gym', station: 'rack-1', t_ms: NOON + s.now, set: 1, rep: 1, phase: 'eccentric', phase_s: 1, rom_share: 0.7,
    moving: true, pace: { target_s: 4, travelled: 0.3, due: 0.25, cue: 'on' }, ...more,
});

const event = (seq, type, more) => ({ v: 1, type, id: `${RUN}-${seq}`, seq, hub: 'gym', station: 'rack-1', athlete: 'ana', exercise: 'back-squat', load_kg: 80, late: false, ...more });

const rep = (seq, n, more) => event(seq, 'rep', {
    set: 1, rep: n, start_ms: NOON + n * 6000, end_ms: NOON + n * 6000 + 5000, tempo_s: { eccentric: 4.1, bottom: 0.2, concentric: 1.5, top: null },
    concentric: { mean_mps: 0.4 }, velocity_loss_pct: 5, verdict: { eccentric: 'ok' }, ...more,
});

const set = (seq, reps, more) => event(seq, 'set', {
    set: 1, end: 'rest', start_ms: NOON, end_ms: NOON + 20000, n_reps: reps.length, tut_s: 30, best_mps: 0.5, velocity_loss_pct: 10,
    reps: reps.map((n) => ({ rep: n, tempo_s: { eccentric: 4 } })), compliance: { judged: 4, compliant: 3, pct: 75 }, ...more,
});

const S = 'gym/station/rack-1';

test('topics: what is known is told apart, all else let go', () => {
    assert.deepEqual(parseTopic('repcast', 'repcast/gym/station/rack-1/live'), { kind: 'station', hub: 'gym', station: 'rack-1', leaf: 'live' });
    assert.deepEqual(parseTopic('a/b', 'a/b/gym/status'), { kind: 'status', hub: 'gym' });
    assert.deepEqual(parseTopic('repcast', 'repcast/gym/reply/q0'), { kind: 'reply', hub: 'gym', id: 'q0' });
    assert.deepEqual(parseTopic('repcast', 'repcast/gym/sensor/D4:22/state'), { kind: 'sensor', hub: 'gym', sensor: 'D4:22' });
    assert.equal(parseTopic('repcast', 'repcast/gym/station/rack-1/reply/c1').kind, 'commandReply');
    for (const foreign of ['repcast', 'repcast/gym', 'repcast/gym/query', 'other/gym/status', 'repcast/gym/station/rack-1', 'repcast//status',
        'repcast/gym/station/rack-1/cmd', 'repcast/gym/station/rack-1/live/x', 'repcast/gym/sensor/a/b', 'repcast/gym/reply/a/b'])
        assert.equal(parseTopic('repcast', foreign), null, foreign);
    for (const filter of Object.keys(subscriptions('repcast', ['q0']))) {
        const topic = filter.replace('station/+', 'station/rack-1').replace('sensor/+', 'sensor/x').replace('+', 'gym');
        assert.ok(parseTopic('repcast', topic), `${filter} is listened to and understood`);
    }
});

test('clock: the shortest way of the last minute counts', () => {
    const clock = new Clock();
    assert.equal(clock.now(5), null);
    clock.observe(1000000, 500); // 500 - 1000000, held up by 400
    clock.observe(1000200, 300);
    assert.equal(clock.now(300), 1000200);
    assert.equal(clock.age(1000000, 500), 400);
    assert.equal(clock.age(1002000, 500), 0, 'what lies ahead is not old');
    clock.observe(1000000, 20000); // set back
    assert.ok(clock.age(1000000, 20000) > 19000);
    for (let here = 21000; here <= 90000; here += 1000) clock.observe(980000 + here, here);
    assert.equal(clock.age(1070000, 90000), 0, 'a clock that was set back is believed after a minute');
});

test('ledger: order does not matter, holes wait, are asked for, and are lost in the end', () => {
    const ledger = new Ledger();
    for (const seq of [4, 2, 3, 7]) ledger.add(seq);
    assert.deepEqual(ledger.missing(), [], 'no base, no holes');
    ledger.settle();
    assert.deepEqual(ledger.missing(), [{ from: 5, to: 6 }]);
    assert.deepEqual(ledger.due(0), [], 'they may still come by themselves');
    assert.deepEqual(ledger.due(3000), [{ from: 5, to: 6 }]);
    assert.deepEqual(ledger.due(3100), []);
    ledger.add(5);
    assert.deepEqual(ledger.due(8000), [], 'what is left is a hole of its own, with a grace of its own');
    let asked = 0;
    for (let t = 8000; t < 120000; t += 500) asked += ledger.due(t).length;
    assert.equal(asked, 3);
    assert.equal(ledger.lost, 1);
    assert.deepEqual(ledger.missing(), []);
});

test('a station shows the running negative, carried on between messages and not beyond', () => {
    const s = opened();
    s.send(`${S}/live`, live(s));
    assert.equal(s.look().mode, 'moving');
    assert.equal(s.look().negative.seconds, 1);
    assert.equal(s.look().negative.target, 4);
    s.now += 100;
    assert.ok(Math.abs(s.look().negative.seconds - 1.1) < 1e-9);
    s.now += 2000;
    assert.ok(Math.abs(s.look().negative.seconds - 1.3) < 1e-9, 'three tenths of a second at most');
    assert.equal(s.look().mode, 'moving');
    s.now += 1000;
    assert.equal(s.look().mode, 'silent', 'old is never shown as live');
    assert.equal(s.look().pace, null);
    assert.equal(s.look().negative, null, 'a candidate of which nothing more comes is no figure');
});

test('of live messages only the newest is read, and each before what comes after it', () => {
    const s = opened();
    for (let i = 0; i < 10; i++) s.send(`${S}/live`, live(s, { phase_s: i }));
    s.send(`${S}/live`, '{');
    assert.equal(s.look().negative, null, 'what is no message is let go, with what it has overtaken');
    for (let i = 0; i < 10; i++) s.send(`${S}/live`, live(s, { phase_s: i }));
    assert.equal(s.at().live, null, 'nobody has looked');
    s.send(`${S}/phase`, { type: 'phase', set: 1, rep: 1, phase: 'concentric', latency_s: 0.2 });
    assert.equal(s.look().phase, 'concentric');
    assert.equal(s.look().negative.seconds, 9, 'it was read before the phase');
    s.floor.receive(`repcast/${S}/live`, new TextEncoder().encode(JSON.stringify(live(s, { rep: 2, phase_s: 0.5 }))), false, s.now);
    assert.equal(s.look().negative.seconds, 0.5, 'bytes are as good');
});

test('a candidate that is racked, or put down, gives way to the last measured negative', () => {
    const s = opened();
    s.send(`${S}/live`, live(s, { phase_s: 7.4 }));
    s.send(`${S}/phase`, { type: 'phase', set: 1, rep: 1, phase: 'bottom', latency_s: 0.2 });
    assert.equal(s.look().negative.seconds, 7.4, 'at the bottom it is the negative just made');
    assert.equal(s.look().mode, 'hold');
    s.now += 5000;
    assert.equal(s.look().negative, null, 'a bar that lies there was put down');
    assert.equal(s.look().phase, null);
    s.send(`${S}/rep`, rep(1, 1));
    s.send(`${S}/live`, live(s, { rep: 2, phase_s: 6 }));
    s.send(`${S}/phase`, { type: 'phase', set: 1, rep: 2, phase: 'bottom', latency_s: 0.2 });
    assert.equal(s.look().negative.seconds, 6);
    s.now += 5000;
    assert.equal(s.look().negative.seconds, 4.1);
    s.send(`${S}/state`, state(s, { target: { eccentric_s: 4, bottom_s: 5, reps: 8 } }));
    assert.equal(s.look().negative.seconds, 6, 'unless a pause of that length is what was asked for');
    s.send(`${S}/phase`, { type: 'phase', set: null, rep: null, phase: 'rest', latency_s: 0 });
    assert.equal(s.look().negative.seconds, 4.1);
});

test('the first repetition is none of a set yet, and its pauses are no rest between sets', () => {
    const s = opened();
    s.send(`${S}/state`, state(s, { set: null }));
    s.send(`${S}/set`, set(1, [1, 2], { set: 0, end_ms: NOON + s.now - 60000 }));
    s.send(`${S}/live`, live(s, { set: null, rep: null }));
    s.send(`${S}/phase`, { type: 'phase', set: null, rep: null, phase: 'bottom', latency_s: 0.2 });
    assert.equal(s.look().mode, 'hold');
    s.now += 6000;
    assert.equal(s.look().mode, 'rest');
    assert.equal(Math.round(s.look().rest_s), 66);
});

test('a live message that was held up on its way is not fresh', () => {
    const s = opened();
    s.send(`${S}/live`, live(s));
    assert.equal(s.look().mode, 'moving');
    s.now += 10000;
    s.send(`${S}/live`, live(s, { t_ms: NOON + s.now - 9000, phase_s: 2 }));
    assert.equal(s.look().mode, 'silent');
});

test('a retained live message is somebody’s mistake', () => {
    const s = opened();
    s.send(`${S}/live`, live(s), true);
    assert.equal(s.at().live, null);
});

test('a recording that plays fast, with instants ahead of the clock, is live', () => {
    const s = opened();
    for (let i = 0; i < 50; i++) {
        s.now += 100;
        s.send(`${S}/live`, live(s, { t_ms: NOON + i * 800, phase_s: i * 0.8 }));
        assert.equal(s.look().mode, 'moving');
    }
});

test('away: the broker, the hub by its will, the hub in silence', () => {
    const s = opened();
    s.send(`${S}/live`, live(s));
    s.floor.setConnected(false, s.now);
    assert.equal(s.look().mode, 'away');
    s.floor.setConnected(true, s.now);
    assert.equal(s.look().mode, 'moving');
    s.send('gym/status', { type: 'status', state: 'offline', session: RUN, since_ms: null }, true);
    assert.equal(s.look().mode, 'away');
    s.send('gym/status', { type: 'status', state: 'online', session: RUN, since_ms: NOON });
    assert.notEqual(s.look().mode, 'away');
    s.now += 80000;
    assert.equal(s.look().mode, 'away', 'no health for 75 s');
    s.send('gym/health', health(s, 'gym'), true);
    assert.equal(s.look().mode, 'away', 'a retained one says nothing of now');
    s.send('gym/health', health(s, 'gym'));
    assert.notEqual(s.look().mode, 'away');
});

test('repetitions come once, whatever their order, and by id', () => {
    const s = opened();
    s.send(`${S}/rep`, rep(2, 2, { late: true }));
    s.send(`${S}/rep`, rep(1, 1, { late: true }));
    s.send(`${S}/rep`, rep(1, 1, { late: true, velocity_loss_pct: 99 }));
    assert.deepEqual(s.at().standing().map((r) => [r.rep, r.velocity_loss_pct]), [[1, 5], [2, 5]]);
});

test('the measured negative takes the place of the running one, unless it is late', () => {
    const s = opened();
    s.send(`${S}/live`, live(s, { phase_s: 3.9 }));
    s.send(`${S}/phase`, { type: 'phase', set: 1, rep: 1, phase: 'concentric', latency_s: 0.2 });
    assert.equal(s.look().negative.running, false);
    assert.equal(s.look().negative.seconds, 3.9);
    s.send(`${S}/rep`, rep(1, 1, { late: true }));
    assert.equal(s.look().negative.seconds, 3.9);
    s.send(`${S}/rep`, rep(2, 2, { tempo_s: { eccentric: 2.5 }, verdict: { eccentric: 'short' } }));
    assert.equal(s.look().negative.seconds, 2.5);
    assert.equal(s.look().negative.verdict, 'short');
});

test('back at rest the last repetition counts, not what moved after it', () => {
    const s = opened();
    s.send(`${S}/rep`, rep(1, 1));
    s.send(`${S}/live`, live(s, { rep: 2, phase_s: 7.4 }));
    assert.equal(s.look().negative.seconds, 7.4);
    s.send(`${S}/phase`, { type: 'phase', set: 1, rep: 2, phase: 'rest', latency_s: 0.2 });
    assert.equal(s.look().negative.seconds, 4.1);
    assert.equal(s.look().negative.verdict, 'ok');
});

test('amendments: taken off, better figures, taken back, and before their repetition', () => {
    const s = opened();
    const amend = (seq, n, more) => event(seq, 'amend', { ref: `${RUN}-${n}`, set: 1, rep: n, ...more });
    s.send(`${S}/rep`, rep(1, 1));
    s.send(`${S}/rep`, rep(2, 2));
    s.send(`${S}/amend`, amend(3, 1, { change: 'rejected', reason: 'rerack' }));
    assert.deepEqual(s.at().standing().map((r) => r.rep), [2]);
    s.send(`${S}/amend`, amend(4, 2, { change: 'figures', tempo_s: { eccentric: 3.3 } }));
    assert.equal(s.at().standing()[0].tempo_s.eccentric, 3.3);
    assert.equal(s.at().standing()[0].id, `${RUN}-2`);
    s.send(`${S}/amend`, amend(5, 2, { change: 'discarded' }));
    assert.equal(s.at().standing().length, 0);
    s.send(`${S}/amend`, amend(6, 2, { change: 'restored', restores: 'discarded' }));
    assert.equal(s.at().standing().length, 1);
    s.send(`${S}/amend`, amend(8, 7, { change: 'rejected', reason: 'noise', rep: 3 }));
    s.send(`${S}/rep`, rep(7, 3));
    assert.equal(s.at().standing().length, 1, 'it waited for its repetition');
});

test('a set replaces its repetitions; those of a set that is over are no news', () => {
    const s = opened();
    s.send(`${S}/rep`, rep(1, 1));
    s.send(`${S}/set`, set(3, [1, 2]));
    s.send(`${S}/rep`, rep(2, 2, { late: true }));
    assert.equal(s.at().reps.size, 0);
    assert.equal(s.at().lastSet.n_reps, 2);
    s.send(`${S}/amend`, event(4, 'amend', { ref: `${RUN}-3`, set: 1, rep: null, change: 'claimed', athlete: 'zoe' }));
    assert.equal(s.at().lastSet.athlete, 'zoe');
    s.send(`${S}/amend`, event(5, 'amend', { ref: `${RUN}-2`, set: 1, rep: 2, change: 'discarded', figures: { n_reps: 1, reps: [{ rep: 1 }], best_mps: 0.4 } }));
    assert.equal(s.at().lastSet.n_reps, 1);
    assert.equal(s.at().lastSet.best_mps, 0.4);
});

test('of a long day the repetitions of the newest set are kept, of all the negatives', () => {
    const s = opened();
    for (let n = 1; n <= 10; n++) s.send(`${S}/set`, set(n, [1, 2], { set: n, end_ms: NOON + n * 1000 }));
    assert.deepEqual(s.at().sets.map((one) => one.reps?.length ?? 0), [0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    assert.deepEqual([...s.at().sets[0].negatives], [4, 4]);
});

test('history on opening: the day, page by page, and no gap is asked for before it is there', () => {
    const s = scene();
    s.send(`${S}/rep`, rep(9, 2));
    s.wait(1500);
    assert.equal(s.asked.length, 1);
    assert.equal(s.asked[0].type, 'history');
    assert.equal(s.asked[0].since_ms, MIDNIGHT);
    s.answer([set(3, [1, 2], { set: 0 }), rep(4, 1, { stands: false })], 77);
    assert.equal(s.asked.length, 2);
    assert.equal(s.asked[1].after, 77);
    s.answer([rep(7, 1)]);
    assert.equal(s.at().sets.length, 1);
    assert.deepEqual(s.at().standing().map((r) => r.rep), [1, 2]);
    assert.equal(s.at().negative.rep, 2, 'history is not shown as now');
    s.wait(10000);
    assert.deepEqual(s.asked.slice(2, 3).map((q) => [q.type, q.from_seq, q.to_seq]), [['resync', 8, 8]], '5 and 6 are worked in already');
});

test('a gap in seq is asked for and filled', () => {
    const s = opened();
    s.send(`${S}/rep`, rep(5, 1));
    s.send(`${S}/rep`, rep(8, 4));
    s.wait(2000);
    assert.equal(s.asked.length, 0);
    s.wait(2000);
    assert.deepEqual(s.asked.map((q) => [q.topic, q.type, q.session, q.station, q.from_seq, q.to_seq]),
        [['repcast/gym/query', 'resync', RUN, 'rack-1', 6, 7]]);
    s.answer([rep(6, 2), rep(7, 3)]);
    assert.deepEqual(s.at().standing().map((r) => r.rep), [1, 2, 3, 4]);
    s.wait(60000);
    assert.equal(s.asked.length, 1);
    assert.equal(s.floor.hub('gym').lost, 0);
});

test('a gap that nobody can fill is told', () => {
    const s = opened();
    s.send(`${S}/rep`, rep(5, 1));
    s.send(`${S}/rep`, rep(7, 3));
    for (let i = 0; i < 600; i++) {
        const before = s.asked.length;
        s.wait(100);
        if (s.asked.length > before) s.answer([]);
    }
    assert.equal(s.floor.hub('gym').lost, 1);
});

test('after a lost connection the history is asked for from shortly before it', () => {
    const s = opened();
    s.wait(600000);
    s.send('gym/health', health(s, 'gym'));
    const heard = NOON + s.now;
    s.floor.setConnected(false, s.now);
    s.wait(60000);
    s.floor.setConnected(true, s.now);
    s.wait(1500);
    assert.equal(s.asked.length, 1);
    assert.equal(s.asked[0].since_ms, heard - 120000);
});

test('a hub that does not know the time of day is asked by its run', () => {
    const s = scene();
    s.send('gym/health', { ...health(s, 'gym'), clock: 'unsynced' });
    s.wait(1500);
    assert.deepEqual([s.asked[0].type, s.asked[0].station, s.asked[0].from_seq], ['resync', 'rack-1', 1]);
});

test('a run that begins before our eyes begins with number 1', () => {
    const s = opened();
    const run = 'f'.repeat(32);
    s.send('gym/status', { type: 'status', state: 'online', session: run, since_ms: NOON });
    s.wait(200);
    s.answer();
    s.asked.length = 0;
    s.send(`${S}/rep`, rep(2, 2, { id: `${run}-2` }));
    s.wait(4000);
    assert.deepEqual(s.asked.map((q) => [q.session, q.from_seq, q.to_seq]), [[run, 1, 1]]);
});

test('questions: busy and silent hubs are asked again, an answer to an old question is none', () => {
    const s = scene();
    s.wait(1200);
    const first = s.asked[0];
    s.send(`gym/reply/${first.id}`, { type: 'reply', id: first.id, error: 'too many questions at once' });
    s.wait(2000);
    assert.equal(s.asked.length, 2);
    assert.notEqual(s.asked[1].id, first.id);
    s.send(`gym/reply/${first.id}`, { type: 'reply', id: first.id, error: null, next: null, events: [set(3, [1])] });
    assert.equal(s.at().sets.length, 0);
    s.wait(60000);
    assert.equal(s.floor.hub('gym').loading, false);
    assert.equal(s.floor.hub('gym').historyError, 'no answer');
});

test('several hubs on one broker: same station names, own clocks, own gaps', () => {
    const s = opened({ hubs: ['gym', 'annex'] });
    s.send('gym/station/rack-1/live', live(s));
    s.send('annex/station/rack-1/rep', rep(5, 1, { hub: 'annex', id: `${'a'.repeat(32)}-5` }));
    assert.equal(s.look('gym').mode, 'moving');
    assert.equal(s.look('annex').mode, 'hold');
    s.send('annex/status', { type: 'status', state: 'offline', session: RUN, since_ms: null });
    assert.equal(s.look('gym').mode, 'moving');
    assert.equal(s.look('annex').mode, 'away');
});

test('a station that is taken away goes', () => {
    const s = opened();
    s.send(`${S}/state`, '', true);
    assert.equal(s.at(), null);
});

test('rest by the hub’s clock, then idle', () => {
    const s = opened();
    s.send(`${S}/set`, set(1, [1, 2], { end_ms: NOON + s.now - 30000 }));
    s.send(`${S}/state`, state(s, { set: null }));
    assert.equal(s.look().mode, 'rest');
    assert.equal(Math.round(s.look().rest_s), 30);
    for (let i = 0; i < 10; i++) {
        s.wait(30000, 1000);
        s.send('gym/health', health(s, 'gym'));
    }
    assert.equal(s.look().mode, 'idle');
});

test('rest after a set of a recording that plays fast, whose end lies ahead of the clock', () => {
    const s = opened();
    s.send(`${S}/state`, state(s, { set: null }));
    s.send(`${S}/set`, set(1, [1, 2], { end_ms: NOON + s.now + 60000 }));
    s.wait(5000);
    assert.equal(Math.round(s.look().rest_s), 5);
    s.wait(70000);
    assert.equal(Math.round(s.look().rest_s), 75);
});

test('a fall is an alarm for 30 s, and not when it is late', () => {
    const s = opened();
    const fall = (seq, more) => event(seq, 'safety', { set: 1, rep: 2, kind: 'free_fall', ...more });
    s.send(`${S}/safety`, fall(1, { late: true }));
    assert.notEqual(s.look().mode, 'alarm');
    s.send(`${S}/safety`, fall(2));
    assert.equal(s.look().mode, 'alarm');
    s.now += 31000;
    assert.notEqual(s.look().mode, 'alarm');
});

test('ranking of the day: compliance and best velocity by athlete, over all stations', () => {
    const s = opened();
    s.send(`${S}/set`, set(1, [1, 2]));
    s.send(`${S}/set`, set(2, [1, 2], { set: 2, best_mps: 0.7, compliance: { judged: 4, compliant: 4, pct: 100 } }));
    s.send(`${S}/set`, set(3, [1], { set: 3, athlete: 'ben', best_mps: 0.6, compliance: null }));
    s.send(`${S}/set`, set(4, [1], { set: 4, athlete: null, best_mps: 0.9 }));
    const day = daySummary(s.floor.stations());
    assert.equal(day.sets, 4);
    assert.equal(day.reps, 6);
    assert.deepEqual(day.compliance, [{ athlete: 'ana', pct: 87.5, judged: 8 }]);
    assert.deepEqual(day.velocity.map((p) => [p.athlete, p.mps]), [['ana', 0.7], ['ben', 0.6]]);
});

test('the sets of yesterday go at midnight', () => {
    const s = opened();
    s.send(`${S}/set`, set(1, [1]));
    s.wait(200);
    assert.equal(s.at().sets.length, 1);
    s.now += 13 * 3600000;
    s.wait(200);
    assert.equal(s.at().sets.length, 0);
});

test('midnight is the hub’s, not the screen’s', () => {
    const s = opened();
    s.ahead = 11.9 * 3600000;
    s.send(`${S}/set`, set(1, [1]));
    for (let i = 0; i < 40; i++) {
        s.wait(60000, 1000);
        s.send('gym/health', health(s, 'gym'));
    }
    assert.equal(s.at().sets.length, 1);
});

test('a screen whose clock is wrong asks for the hub’s day, not its own', () => {
    const s = scene({ connected: false, hubs: [] });
    s.ahead = 13 * 3600000; // tomorrow
    s.floor.setConnected(true, 0);
    s.send('gym/status', { type: 'status', state: 'online', session: RUN, since_ms: NOON }, true);
    s.send('gym/health', health(s, 'gym'), true); // of earlier: the next one comes in half a minute
    s.wait(2000);
    assert.equal(s.asked[0].since_ms, MIDNIGHT);
    assert.equal(s.floor.hub('gym').timeOfDay(s.now), NOON + s.now);
    s.ahead = 25000; // a screen that is right, and a health of 25 s ago
    assert.ok(Math.abs(s.floor.hub('gym').timeOfDay(s.now) - (NOON + s.now + 25000)) < 1);
});

test('ids: each once, in whatever order, in little room', () => {
    const seen = new Seen();
    assert.deepEqual([3, 1, 2, 3, 1, 2, 5].map((n) => seen.take(`${RUN}-${n}`)), [true, true, true, false, false, false, true]);
    assert.equal(seen.take(`${'a'.repeat(32)}-3`), true, 'another run');
    assert.deepEqual(['x', 'x', `${RUN}-1e3`, `${RUN}-`, '-7'].map((id) => seen.take(id)), [true, false, true, true, true]);
    for (let n = 6; n <= 100000; n++) seen.take(`${RUN}-${n}`);
    assert.deepEqual(seen.runs.get(RUN).list, [[1, 3], [5, 100000]]);
    for (let n = 200000; n < 300000; n += 2) seen.take(`${RUN}-${n}`);
    assert.ok(seen.runs.get(RUN).list.length <= 4000);
    assert.equal(seen.take(`${RUN}-299998`), false);
});

test('spans: as a set of numbers', () => {
    const spans = new Spans(), plain = new Set();
    let x = 7;
    for (let i = 0; i < 2000; i++) {
        x = (x * 1103515245 + 12345) % 2147483648;
        const first = 1 + (x % 300), last = first + (x >> 12) % 5;
        if (i % 3 === 0) spans.add(first, last);
        else spans.add(first);
        for (let n = first; n <= (i % 3 === 0 ? last : first); n++) plain.add(n);
        if (i % 100 !== 0) continue;
        for (let n = 1; n < 320; n++) assert.equal(spans.has(n), plain.has(n), `${n} after ${i}`);
        for (let k = 1; k < spans.list.length; k++) assert.ok(spans.list[k][0] > spans.list[k - 1][1] + 1, 'spans do not touch');
    }
});

test('what is no message is let go', () => {
    const s = opened();
    for (const junk of ['{', '[]', 'null', '7', '"x"', '{"type":"rep"}', '{"id":7}', '\u0000'])
        for (const leaf of ['state', 'live', 'phase', 'rep', 'set', 'amend', 'advice', 'fatigue', 'safety'])
            s.send(`gym/station/odd/${leaf}`, junk);
    for (const junk of ['{', '[]', '{}']) for (const leaf of ['status', 'health', 'sensor/x/state', 'reply/q0']) s.send(`gym/${leaf}`, junk);
    s.wait(1000);
    look(s.at('gym', 'odd'), s.now);
    daySummary(s.floor.stations());
});

test('commands: an id is good once, an answer finds its question, silence is told', () => {
    const s = opened();
    const asked = [], outcomes = [];
    const commander = new Commander({ floor: s.floor, prefix: 'dash-1-c', request: (...r) => asked.push(r) });
    for (const type of ['assign', 'undo', 'end_set']) commander.send(s.at(), { type }, s.now, (...o) => outcomes.push([type, ...o]));
    assert.equal(new Set(asked.map(([, , m]) => m.id)).size, 3);
    const [topic, replyTopic, message] = asked[0];
    assert.equal(topic, 'repcast/gym/station/rack-1/cmd');
    assert.equal(replyTopic, `repcast/gym/station/rack-1/reply/${message.id}`);
    assert.equal(message.sent_ms, NOON + s.now, 'by the hub’s clock');
    commander.reply({ id: message.id, error: null, command: 'assign' });
    commander.reply({ id: message.id, error: null, command: 'assign' });
    asked[1][3]('offline');
    commander.tick(s.now + 10000);
    assert.deepEqual(outcomes.map(([type, error]) => [type, error]), [['assign', null], ['undo', 'offline'], ['end_set', 'noAnswer']]);
});

finish();
