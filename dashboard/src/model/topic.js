// SPDX-License-Identifier: Apache-2.0
// Topics of the contract (doc/mqtt.md), and what this page listens to.

const HUB_LEAVES = new Set(['status', 'health']);
const STATION_LEAVES = ['state', 'live', 'phase', 'rep', 'set', 'amend', 'fatigue', 'advice', 'safety'];

// What a topic speaks of: { kind, hub, ... }, or null for what this page does not know.
export function parseTopic(prefix, topic) {
    if (!topic.startsWith(prefix + '/')) return null;
    const [hub, what, name, leaf, id, ...more] = topic.slice(prefix.length + 1).split('/');
    if (more.length > 0 || !hub || !what) return null;
    if (name === undefined) return HUB_LEAVES.has(what) ? { kind: what, hub } : null;
    if (what === 'reply') return leaf === undefined ? { kind: 'reply', hub, id: name } : null;
    if (what === 'sensor') return leaf === 'state' && id === undefined ? { kind: 'sensor', hub, sensor: name } : null;
    if (what !== 'station' || !name) return null;
    if (leaf === 'reply' && id) return { kind: 'commandReply', hub, station: name, id };
    if (id !== undefined || !STATION_LEAVES.includes(leaf)) return null;
    return { kind: 'station', hub, station: name, leaf };
}

// Topic filters with their QoS. Replies are asked for by their exact name: others' answers are none of our business.
export function subscriptions(prefix, replyIds) {
    const hub = `${prefix}/+`;
    const filters = {
        [`${hub}/status`]: { qos: 1 },
        [`${hub}/health`]: { qos: 0 },
        [`${hub}/sensor/+/state`]: { qos: 1 },
    };
    for (const leaf of STATION_LEAVES)
        filters[`${hub}/station/+/${leaf}`] = { qos: leaf === 'live' || leaf === 'phase' ? 0 : 1 };
    for (const id of replyIds) filters[`${hub}/reply/${id}`] = { qos: 1 };
    return filters;
}
