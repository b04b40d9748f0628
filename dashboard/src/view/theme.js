// SPDX-License-Identifier: Apache-2.0
// Dark or light: as the device says, until somebody chooses. `?theme=dark` chooses for a screen without a keyboard.

const KEY = 'repcast-theme';
const THEMES = ['dark', 'light'];

function apply(theme) {
    if (THEMES.includes(theme)) document.documentElement.dataset.theme = theme;
}

export function startTheme(asked) {
    apply(asked ?? localStorage.getItem(KEY));
}

export function turnTheme() {
    const shown = document.documentElement.dataset.theme
        ?? (matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark');
    const next = shown === 'dark' ? 'light' : 'dark';
    localStorage.setItem(KEY, next);
    apply(next);
}
