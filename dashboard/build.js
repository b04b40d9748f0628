// SPDX-License-Identifier: Apache-2.0
// Bundles the dashboard: `npm ci && npm run build`. Writes what mosquitto serves, and says what is in it:
//
//   repcast.js       one classic script (mosquitto sends no Content-Type, and browsers take no module without one)
//   repcast.css      one style sheet
//   bundle.json      hashes of the sources, of both files, and of the packages in them; checked by tests/dashboard
//   THIRD-PARTY.txt  licences of those packages

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';

const HEAD = '/* repcast dashboard, Apache-2.0. Made by build.js from src/; do not edit. Packages: THIRD-PARTY.txt */';

const sha256 = (data) => createHash('sha256').update(data).digest('hex');

function files(folder) {
    return readdirSync(folder, { withFileTypes: true })
        .flatMap((entry) => (entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)]));
}

// One number for all that goes in: each file's name and hash, in the order of the names.
function sourceHash() {
    const inputs = [...files('src'), 'build.js', 'package.json', 'package-lock.json'].sort();
    return sha256(inputs.map((file) => `${file} ${sha256(readFileSync(file))}\n`).join(''));
}

const result = await esbuild.build({
    entryPoints: { repcast: 'src/app.js' },
    outdir: '.',
    bundle: true,
    format: 'iife',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    target: ['chrome109', 'firefox115', 'safari16.4'],
    define: { 'process.env.NODE_ENV': '"production"' },
    banner: { js: HEAD, css: HEAD },
    metafile: true,
    logLevel: 'warning',
});
await esbuild.build({
    entryPoints: { repcast: 'src/style/main.css' },
    outdir: '.',
    bundle: true,
    minify: true,
    charset: 'utf8',
    target: ['chrome109', 'firefox115', 'safari16.4'],
    banner: { css: HEAD },
    logLevel: 'warning',
});

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const names = new Set(['uplot']); // its style sheet too
for (const input of Object.keys(result.metafile.inputs)) {
    const at = input.lastIndexOf('node_modules/');
    if (at >= 0) names.add(input.slice(at + 13).match(/^(@[^/]+\/)?[^/]+/)[0]);
}
// mqtt's own bundle is taken, with some of its dependencies in it: all of them are named.
function closure(name) {
    names.add(name);
    for (const needed of Object.keys(lock.packages[`node_modules/${name}`]?.dependencies ?? {}))
        if (!names.has(needed) && !needed.startsWith('@types/')) closure(needed);
}
for (const name of [...names]) closure(name);
const packages = [...names].sort().map((name) => {
    const entry = lock.packages[`node_modules/${name}`];
    return { name, version: entry.version, licence: entry.license, integrity: entry.integrity };
});

function licenceText(name) {
    const folder = join('node_modules', name);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return file ? readFileSync(join(folder, file), 'utf8').trim() : '(no licence file in the package)';
}

writeFileSync('THIRD-PARTY.txt', packages
    .map((p) => `${p.name} ${p.version} (${p.licence})\n${'-'.repeat(72)}\n${licenceText(p.name)}\n`).join('\n\n'));
writeFileSync('bundle.json', `${JSON.stringify({
    sources: sourceHash(),
    files: Object.fromEntries(['repcast.css', 'repcast.js', 'THIRD-PARTY.txt'].map((f) => [f, sha256(readFileSync(f))])),
    esbuild: esbuild.version,
    packages,
}, null, 2)}\n`);
