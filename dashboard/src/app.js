// SPDX-License-Identifier: Apache-2.0
// The page: one connection, one floor, one view at a time, one clock that drives it.

import { Floor } from './model/floor.js';
import { Link } from './link.js';
import { Commander } from './model/commander.js';
import { subscriptions } from './model/topic.js';
import { Coach } from './view/coach.js';
import { Pacer } from './view/pacer.js';
import { Login, forgetSignIn, savedSignIn } from './view/login.js';
import { StationView } from './view/station.js';
import { TopBar } from './view/bar.js';
import { Wall } from './view/wall.js';
import { el, replace } from './view/dom.js';
import { text } from './view/text.js';
import { startTheme, turnTheme } from './view/theme.js';

const TICK_MS = 500;
const BAR_MS = 200;

const page = new URL(window.location.href);
const prefix = page.searchParams.get('prefix')
    ?? document.querySelector('meta[name=repcast-prefix]')?.content ?? 'repcast';
const me = `dash-${random()}`;
const replyIds = Array.from({ length: 4 }, (_, i) => `${me}-q${i}`);

let link = null, view = null, route = '', problem = null, signIn = savedSignIn();

const floor = new Floor({
    prefix,
    replyIds,
    publish: (topic, message) => link?.publish(topic, message),
    today: startOfDay,
    wallClock: () => Date.now(),
});
const commander = new Commander({
    floor,
    prefix: `${me}-c`,
    request: (...request) => (link ? link.request(...request) : request.at(-1)('offline')),
});
floor.commandReply = (m) => commander.reply(m);

const bar = new TopBar({ turnTheme, signOut });
const stage = el('div.stage');

function random() {
    return [...crypto.getRandomValues(new Uint8Array(6))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

function startOfDay(ms) {
    const d = new Date(ms);
    d.setHours(0, 0, 0, 0);
    return d.getTime();
}

// ---- the connection ----

function connect() {
    link?.end();
    problem = null;
    link = new Link({
        url: `${page.protocol === 'https:' ? 'wss' : 'ws'}://${page.host}/mqtt`,
        clientId: me,
        user: signIn?.user,
        password: signIn?.password,
        filters: subscriptions(prefix, replyIds),
        on: {
            connected: () => {
                floor.setConnected(true, performance.now());
                if (view instanceof Login) openView();
            },
            lost: () => floor.setConnected(false, performance.now()),
            refused: () => askToSignIn(signIn ? text.link.refused : ''),
            denied: () => {
                problem = text.link.notAllowed;
            },
            message: (topic, payload, retained) => floor.receive(topic, payload, retained, performance.now()),
        },
    });
}

function askToSignIn(fault) {
    link = null;
    floor.setConnected(false, performance.now());
    const login = new Login((entered) => {
        signIn = entered;
        connect();
    });
    setView(login, 'login');
    login.say(fault);
    login.user.focus();
}

function signOut() {
    forgetSignIn();
    signIn = null;
    link?.end();
    askToSignIn('');
}

// ---- views ----

function setView(next, name) {
    view?.close();
    view = next;
    route = name;
    document.body.dataset.view = name;
    replace(stage, next.node);
}

function openView() {
    const [kind, hub, station] = window.location.hash.slice(1).split('/').map(decode);
    if (kind === 'station') setView(new StationView(floor, commander, `${hub}/${station}`), 'station');
    else if (kind === 'coach') setView(new Coach(floor), 'coach');
    else setView(new Wall(floor), 'wall');
    document.title = text.title;
}

function decode(part) {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}

// ---- time ----

let barAt = 0;

function draw(now, count) {
    if (now >= barAt) {
        barAt = now + BAR_MS;
        bar.update(floor, now, { view: route, signedIn: signIn !== null, problem });
    }
    view.update(now, count);
}

function start() {
    startTheme(page.searchParams.get('theme'));
    const skip = el('a.skip', { href: '#content' }, text.skip);
    skip.addEventListener('click', (event) => {
        event.preventDefault();
        document.getElementById('content').focus();
    });
    document.body.append(skip, bar.node, stage);
    openView();
    window.addEventListener('hashchange', () => {
        if (view instanceof Login) return;
        openView();
        document.getElementById('content').focus();
    });
    setInterval(() => {
        floor.tick(performance.now());
        commander.tick(performance.now());
    }, TICK_MS);
    connect();
    new Pacer(draw).start();
}

start();
