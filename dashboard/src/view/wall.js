// SPDX-License-Identifier: Apache-2.0
// The wall: a tile for each station in use, the day beside them, free stations folded into a line.

import { look } from '../model/look.js';
import { name, timeOfDay } from './format.js';
import { el, put, replace, show, vary } from './dom.js';
import { Tile, stationLink } from './tile.js';
import { Today } from './today.js';
import { text } from './text.js';

const SHAPE = 1.3; // width / height at which a tile reads best,
const CROWDED_SHAPE = 0.95; // and one that holds little but its digits
const NARROW = 12; // more tiles than this need the whole width
const SMALL = 0.3; // of the screen's height, lying: tiles below that hold little but their digits
const SORT_MS = 250; // between two looks at who is in use

export class Wall {
    constructor(floor) {
        this.floor = floor;
        this.tiles = new Map(); // station key -> Tile
        this.order = '';
        this.list = el('ul.tiles', { 'aria-label': text.wall.stations });
        this.calm = el('p.calm');
        this.today = new Today();
        this.free = el('ul', { 'aria-label': text.wall.free });
        this.freeBar = el('div.free', {}, el('h2', {}, text.wall.free), this.free);
        this.node = el('main.wall', { id: 'content', tabindex: '-1' },
            el('h1.unseen', {}, text.wall.heading), this.list, this.calm, this.today.node, this.freeBar);
        this.dayVersion = -1;
        this.sortAt = 0;
        this.turn = 0;
        this.freeText = null;
        this.resize = new ResizeObserver(() => this.arrange());
        this.resize.observe(this.list);
    }

    close() {
        this.resize.disconnect();
    }

    // count: tiles that may be drawn now; a crowd takes turns.
    update(now, count) {
        if (now >= this.sortAt) {
            this.sortAt = now + SORT_MS;
            this.sort(now);
        }
        const tiles = [...this.tiles.values()];
        const turns = Math.min(count, tiles.length <= NARROW ? tiles.length : Math.ceil(tiles.length / 3)); // ten a second do
        for (let i = 0; i < turns; i++) {
            const tile = tiles[this.turn++ % tiles.length];
            tile.update(look(tile.station, now));
        }
    }

    sort(now) {
        const used = [], free = [];
        for (const station of this.floor.stations()) {
            if (!station.state && !station.live) continue; // of the history only
            const view = look(station, now);
            const idle = view.mode === 'idle' || (view.mode === 'away' && !wasInUse(station, now));
            (idle ? free : used).push({ station, view });
        }
        this.updateTiles(used);
        this.updateFree(free);
        show(this.calm, used.length === 0);
        put(this.calm, !this.floor.connected ? text.link.connecting : this.floor.hubs.size === 0 ? text.link.waiting : text.wall.calm);
        if (used.length <= NARROW && this.dayVersion !== this.floor.version + Number(this.floor.loading)) {
            this.dayVersion = this.floor.version + Number(this.floor.loading);
            this.today.update(this.floor.stations(), this.floor.loading);
        }
    }

    updateTiles(used) {
        used.sort((a, b) => (a.station.key < b.station.key ? -1 : 1));
        const order = used.map(({ station }) => station.key).join('\n');
        if (order !== this.order) {
            this.order = order;
            const kept = new Map(used.map(({ station }) => [station.key, this.tileOf(station)]));
            this.tiles = kept;
            replace(this.list, ...[...kept.values()].map((tile) => tile.node));
            this.node.classList.toggle('crowded', used.length > NARROW);
            this.arrange();
            for (const { station, view } of used) this.tiles.get(station.key).update(view);
        }
    }

    tileOf(station) {
        const tile = this.tiles.get(station.key);
        return tile?.station === station ? tile : new Tile(station);
    }

    updateFree(free) {
        free.sort((a, b) => (a.station.key < b.station.key ? -1 : 1));
        const lines = free.map(({ station }) => freeLine(station));
        const all = lines.join('\n');
        if (all === this.freeText) return;
        this.freeText = all;
        show(this.freeBar, free.length > 0);
        replace(this.free, ...free.map(({ station }, i) => el('li', {}, el('a', { href: stationLink(station) }, lines[i]))));
    }

    // As many columns as make the tiles greatest at their best shape.
    arrange() {
        const n = this.tiles.size;
        const width = this.list.clientWidth, height = this.list.clientHeight;
        if (n === 0 || width === 0) return;
        const shape = n > NARROW ? CROWDED_SHAPE : SHAPE;
        let best = 1, size = 0;
        for (let columns = 1; columns <= n; columns++) {
            const w = width / columns, h = height / Math.ceil(n / columns);
            const s = Math.min(w / shape, h);
            if (s > size) [best, size] = [columns, s];
        }
        const rows = Math.ceil(n / best);
        vary(this.list, '--columns', String(best));
        vary(this.list, '--rows', String(rows));
        this.measure();
    }

    // Sizes within a tile follow the tile: all are alike, so the first one tells.
    measure() {
        const { clientWidth: w, clientHeight: h } = this.tiles.values().next().value.node;
        vary(this.list, '--u', `${Math.min(h / 100, (0.8 * w) / 100).toFixed(2)}px`);
        vary(this.list, '--h', `${h}px`);
        this.list.classList.toggle('small', h <= SMALL * Math.min(window.innerHeight, 0.7 * window.innerWidth));
    }
}

const USED_MS = 300000;

function wasInUse(station, now) {
    return now - station.heardAt < USED_MS;
}

function freeLine(station) {
    const last = station.lastSet;
    const parts = [name(station.label)];
    if (last) parts.push(`${name(last.athlete)} ${timeOfDay(last.end_ms)}`);
    return parts.join(' · ');
}
