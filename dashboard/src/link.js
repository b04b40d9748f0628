// SPDX-License-Identifier: Apache-2.0
// The connection to the broker that served this page.

import mqtt from 'mqtt';

const REFUSED = new Set([4, 5, 134, 135]); // MQTT 3.1.1: user or password, not authorized; MQTT 5: the same
const DENIED = 128; // from here on a subscription was not granted

export class Link {
    // on: { connected, lost, refused, denied, message(topic, bytes, retained) }
    constructor({ url, clientId, user, password, filters, on }) {
        this.filters = filters;
        this.on = on;
        this.client = mqtt.connect(url, {
            protocolVersion: 5,
            clientId,
            username: user || undefined,
            password: user ? password : undefined,
            clean: true,
            keepalive: 15, // a link that is gone is noticed after 23 s at most; live figures go stale long before
            reconnectPeriod: 1000 + Math.floor(Math.random() * 2000), // not all walls at once
            connectTimeout: 8000,
            resubscribe: false,
            queueQoSZero: false,
            timerVariant: 'native', // no worker: the page's policy allows none
        });
        this.client.on('connect', () => this.subscribe());
        this.client.on('close', () => on.lost());
        this.client.on('error', (error) => this.failed(error));
        this.client.on('message', (topic, payload, packet) => on.message(topic, payload, packet.retain === true));
    }

    subscribe() {
        this.on.connected();
        this.client.subscribe(this.filters, (error, granted) => {
            if ((granted ?? []).some((g) => g.qos >= DENIED) || /not authorized/i.test(error?.message ?? '')) this.on.denied();
        });
    }

    failed(error) {
        if (!REFUSED.has(error.code)) return; // it tries again by itself
        this.end();
        this.on.refused();
    }

    // done(error): error is null, or words.
    publish(topic, message, done = () => {}) {
        if (!this.client.connected) {
            done('offline');
            return;
        }
        this.client.publish(topic, JSON.stringify(message), { qos: 1 }, (error) => done(error ? error.message : null));
    }

    // Listen to the reply, then ask. Nothing is heard of it again but the reply itself, or failed(words).
    request(topic, replyTopic, message, failed) {
        if (!this.client.connected) {
            failed('offline');
            return;
        }
        this.client.subscribe(replyTopic, { qos: 1 }, (error) => {
            if (error) failed(error.message);
            else this.publish(topic, message, (fault) => fault && failed(fault));
        });
    }

    end() {
        this.client.end(true);
    }
}
