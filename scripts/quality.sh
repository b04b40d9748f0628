#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the figures of doc/quality.md from what the tests have left behind. Everything between the two marks of the file is
# replaced; what is not there to be counted is said to be missing.
set -u

usage() {
        cat <<USAGE
Usage: scripts/quality.sh

Writes the figures of doc/quality.md anew. They come from builds that are there already:

  scripts/test.sh analyse coverage sandbox              counts, coverage, analysers, hardening, system calls
  scripts/long.sh vm                                    the sandbox as systemd sees it, on Debian 12 and 13
  scripts/long.sh fuzz                                  each fuzz target for 600 s
  scripts/long.sh package                               the packages: hardening of their programs, from installation to purge

FUZZ_LOGS names a folder of fuzz-*.log in the place of build-test/clang-fuzz/grown.
USAGE
}

case ${1:-} in
-h | --help) usage; exit 0 ;;
'') ;;
*) usage >&2; exit 64 ;;
esac
cd "$(dirname "$0")/.." || exit 1
build=$PWD/build-test
page=doc/quality.md
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C.UTF-8

missing() { # WHAT COMMAND
        echo "Not counted: $1 (\`$2\`)."
}

versions() {
        # shellcheck source=/dev/null
        . /etc/os-release
        echo "$PRETTY_NAME, $(uname -m); $(gcc --version | head -n 1); $(clang --version | head -n 1); commit $(git rev-parse --short HEAD)."
}

results() { # KIND PATTERN
        find "$build/coverage/tests/$1" -name '*.trs' -exec cat {} + 2>/dev/null | grep -cE "^:test-result: ($2)"
}

counts() {
        echo '| kind | tests |'
        echo '|---|--:|'
        for kind in "$build"/coverage/tests/*/; do
                kind=$(basename "$kind")
                n=$(results "$kind" PASS)
                [ "$n" = 0 ] || echo "| $kind | $n |"
        done
        echo "| all of \"make check\" | $(results . PASS) |"
        echo
        echo "Failed: $(results . 'FAIL|ERROR|XPASS'), skipped: $(results . SKIP)."
}

analysers() {
        echo '| analyser | findings |'
        echo '|---|--:|'
        echo "| gcc -fanalyzer | $(grep -c 'warning:' "$build/analyse/make.log") |"
        echo "| clang-tidy | $(grep -cE '(warning|error):' "$build/clang-tidy.log") |"
        echo "| cppcheck | $(cppcheck --quiet --enable=warning,performance,portability --std=c11 -j"$(nproc)" --suppress=memleak \
                --suppress=uninitvar --suppress=legacyUninitvar -Isrc -Iinclude -D_GNU_SOURCE -D__CPPCHECK__ src 2>&1 | grep -cE ': (error|warning|performance|portability):') |"
        echo "| shellcheck | $(shellcheck -f gcc -x -P scripts scripts/*.sh tests/*/*.sh tests/vm/guest/*.sh tests/vm/guest/scenarios/*.sh \
                conf/*/*.sh autogen.sh .ci/run | wc -l) |"
        echo "| pyflakes | $(pyflakes3 tests/*/*.py scripts/*.py | wc -l) |"
        echo "| codespell | $(codespell -q 3 -L nd,fro,buildd ./*.md conf doc include man scripts src systemd | wc -l) |"
}

fuzzers() { # FOLDER
        echo '| target | seconds | runs | inputs kept | edges | faults |'
        echo '|---|--:|--:|--:|--:|--:|'
        for log in "$1"/*.log; do
                runs=$(sed -n 's/.*number_of_executed_units: *//p' "$log")
                [ -n "$runs" ] || continue
                name=$(basename "$log" .log)
                seconds=$(sed -n 's/^Done .* in \([0-9]*\) second.*/\1/p' "$log")
                edges=$(grep -ao 'cov: [0-9]*' "$log" | tail -n 1 | cut -d ' ' -f 2)
                kept=$(grep -ao 'corp: [0-9]*' "$log" | tail -n 1 | cut -d ' ' -f 2)
                echo "| ${name#fuzz-} | $seconds | $runs | $kept | $edges | $(grep -acE '^SUMMARY: ' "$log") |"
        done
}

steps() { # FILE: passed and failed ones of a TAP
        echo "$(grep -c '^ok ' "$1") | $(grep -c '^not ok ' "$1")"
}

gyms() {
        echo '| virtual gym | exposure of the running service | checks passed | failed |'
        echo '|---|--:|--:|--:|'
        for tap in "$build"/vm*.tap; do
                score=$(sed -n 's/.*systemd-analyze security: //p' "$tap" | tail -n 1)
                echo "| $(sed -n 's/^# guest: //p' "$tap") | $score | $(steps "$tap") |"
        done
}

packages() {
        echo '| package of | what is tried | steps passed | failed |'
        echo '|---|---|--:|--:|'
        for tap in build-package/*/*.tap; do
                arch=$(basename "$tap" .tap)
                echo "| $(basename "$(dirname "$tap")"), $arch | three programs are hardened; one is made with repcast-dev, and counts | $(steps "$tap") |"
        done
        for suite in bookworm trixie; do
                tap=$build/package-$suite.tap
                [ ! -e "$tap" ] || echo "| $suite, amd64 | install, upgrade, remove, purge | $(steps "$tap") |"
                tap=$build/package-vm-$suite.tap
                [ ! -e "$tap" ] || echo "| $suite, amd64 | from setup-broker to purge in the virtual gym | $(steps "$tap") |"
        done
}

figures() {
        versions
        printf '\n## Tests\n\n'
        if [ -e "$build/coverage/Makefile" ]; then counts; else missing 'tests' 'scripts/test.sh coverage'; fi
        printf '\n## Coverage\n\nLines of src/ that "make check" runs, by folder.\n\n'
        if [ -s "$build/coverage/coverage.txt" ]; then
                echo '```'
                cat "$build/coverage/coverage.txt"
                echo '```'
        else
                missing 'coverage' 'scripts/test.sh coverage'
        fi
        printf '\n## Analysers\n\n'
        if [ -e "$build/clang-tidy.log" ]; then analysers; else missing 'findings of analysers' 'scripts/test.sh analyse'; fi
        printf '\n## Fuzzing\n\n'
        logs=${FUZZ_LOGS:-$build/clang-fuzz/grown}
        if ls "$logs"/*.log >/dev/null 2>&1; then fuzzers "$logs"; else missing 'runs' 'scripts/long.sh fuzz'; fi
        printf '\n## Sandbox\n\n'
        echo "Offline, by systemd $(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p'):" \
                "$(sed -n 's/.*exposure level.*: \([0-9.]*\).*/\1/p' "$build/coverage/tests/integration/test-unit.log" 2>/dev/null)."
        printf '\n'
        if ls "$build"/vm*.tap >/dev/null 2>&1; then gyms; else missing 'the running service' 'scripts/long.sh vm'; fi
        printf '\n'
        for tap in "$build/gcc/hardening.tap" "$build/gcc/syscalls.tap"; do
                if [ -s "$tap" ]; then sed -n 's/^\(ok\|not ok\) [0-9]* - /- \1: /p' "$tap"; else missing "$(basename "$tap" .tap)" 'scripts/test.sh sandbox'; fi
        done
        printf '\n## Packages\n\n'
        if ls build-package/*/*.tap >/dev/null 2>&1; then packages; else missing 'packages' 'scripts/long.sh package'; fi
}

begin='<!-- figures: scripts/quality.sh -->' end='<!-- end of figures -->'
grep -qxF "$begin" $page || { echo "quality.sh: $page has lost its marks" >&2; exit 1; }
new=$(mktemp)
{
        awk -v mark="$begin" '{ print } $0 == mark { exit }' $page
        echo
        figures
        echo
        awk -v mark="$end" '$0 == mark { found = 1 } found' $page
} >"$new" && cp "$new" $page
rm -f "$new"
