// SPDX-License-Identifier: Apache-2.0
// Sign in with a user of the broker. What is entered stays in this tab, or on this screen where that was asked for.

import { el, put } from './dom.js';
import { text } from './text.js';

const KEY = 'repcast-sign-in';

export function savedSignIn() {
    for (const store of [sessionStorage, localStorage]) {
        try {
            const saved = JSON.parse(store.getItem(KEY));
            if (saved && typeof saved.user === 'string' && typeof saved.password === 'string') return saved;
        } catch {
            // nobody's
        }
    }
    return null;
}

export function forgetSignIn() {
    sessionStorage.removeItem(KEY);
    localStorage.removeItem(KEY);
}

export class Login {
    // enter({ user, password }): try it.
    constructor(enter) {
        this.user = el('input', { id: 'user', name: 'user', autocomplete: 'username', required: '', autocapitalize: 'none' });
        this.password = el('input', { id: 'password', type: 'password', autocomplete: 'current-password' });
        this.keep = el('input', { id: 'keep', type: 'checkbox', 'aria-describedby': 'keep-hint' });
        this.fault = el('p.fault', { role: 'alert' });
        const form = el('form', {},
            el('label', { for: 'user' }, text.login.user), this.user,
            el('label', { for: 'password' }, text.login.password), this.password,
            el('p.check', {}, this.keep, el('label', { for: 'keep' }, text.login.keep)),
            el('p.hint', { id: 'keep-hint' }, text.login.keepHint),
            this.fault,
            el('button', { type: 'submit' }, text.login.go));
        form.addEventListener('submit', (event) => {
            event.preventDefault();
            const entered = { user: this.user.value, password: this.password.value };
            forgetSignIn();
            (this.keep.checked ? localStorage : sessionStorage).setItem(KEY, JSON.stringify(entered));
            enter(entered);
        });
        this.node = el('main.login', { id: 'content', tabindex: '-1' },
            el('h1', {}, text.login.heading), el('p.hint', {}, text.login.hint), form);
    }

    say(fault) {
        put(this.fault, fault);
    }

    update() {}

    close() {}
}
