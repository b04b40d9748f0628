// SPDX-License-Identifier: Apache-2.0
// The bar on top: which view, is it live, what time is it by the hub's clock.

import { duration, name, timeOfDay } from './format.js';
import { el, mark, put, show } from './dom.js';
import { text } from './text.js';

export class TopBar {
    constructor({ turnTheme, signOut }) {
        this.links = { wall: navLink('#wall', text.nav.wall), coach: navLink('#coach', text.nav.coach) };
        this.theme = button('', turnTheme);
        this.theme.append(el('i.half', { 'aria-hidden': 'true' }));
        this.theme.setAttribute('aria-label', text.nav.theme);
        this.out = button(text.nav.signOut, signOut);
        this.light = el('i.light', { 'aria-hidden': 'true' });
        this.state = el('span.state', { role: 'status' });
        this.time = el('time.time');
        this.node = el('header.top', {},
            el('p.brand', {}, text.title),
            el('nav', { 'aria-label': text.nav.label }, this.links.wall, this.links.coach),
            el('p.link', {}, this.light, this.state),
            el('div.tools', {}, this.theme, this.out),
            this.time);
    }

    update(floor, now, { view, signedIn, problem }) {
        for (const [key, link] of Object.entries(this.links)) mark(link, 'aria-current', key === view ? 'page' : null);
        show(this.out, signedIn);
        const { tone, words } = linkState(floor, now, problem);
        mark(this.node, 'data-link', tone);
        put(this.state, words);
        const first = floor.hubs.values().next().value;
        put(this.time, first ? timeOfDay(first.timeOfDay(now)) : '');
    }
}

// What is wrong with the whole, in one line; the worst first.
function linkState(floor, now, problem) {
    if (problem) return { tone: 'bad', words: problem };
    if (!floor.connected)
        return floor.lostSince === null
            ? { tone: 'wait', words: text.link.connecting }
            : { tone: 'bad', words: text.link.lost(duration((now - floor.lostSince) / 1000)) };
    if (floor.hubs.size === 0) return { tone: 'wait', words: text.link.waiting };
    for (const hub of floor.hubs.values())
        if (!hub.online || hub.silent(now)) return { tone: 'bad', words: text.link.hubAway(name(hub.name)) };
    if (floor.loading) return { tone: 'live', words: text.link.loading };
    for (const hub of floor.hubs.values()) if (hub.historyError) return { tone: 'live', words: text.link.noHistory };
    return { tone: 'live', words: text.link.live };
}

function navLink(href, label) {
    return el('a', { href }, label);
}

function button(label, press) {
    const b = el('button', { type: 'button' }, label);
    b.addEventListener('click', press);
    return b;
}
