// SPDX-License-Identifier: Apache-2.0
// Numbered results for the test driver, as tests/integration/broker.py makes them.

const tests = [];

export function test(name, run) {
    tests.push({ name, run });
}

export function finish() {
    let failed = 0;
    console.log(`1..${tests.length}`);
    tests.forEach(({ name, run }, i) => {
        try {
            run();
            console.log(`ok ${i + 1} - ${name}`);
        } catch (error) {
            failed++;
            console.log(`not ok ${i + 1} - ${name}`);
            for (const line of String(error.stack).split('\n').slice(0, 12)) console.log(`# ${line}`);
        }
    });
    process.exitCode = failed > 0 ? 1 : 0;
}
