#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every test there is. The last line is "N passed, N failed".
set -u

usage() {
        cat <<USAGE
Usage: scripts/test.sh [--quick | --vm] [TIER...]

Installs what is missing, then builds and tests repcast tier by tier, each with its time:

  gcc            gcc, warnings are errors: make check
  gcc-sanitize   the same under AddressSanitizer and UndefinedBehaviorSanitizer
  clang          clang: make check
  clang-fuzz     clang with sanitizers and libFuzzer: make check, then each fuzz target makes the same runs from
                 the same seed, about 20 s of them: what is red here is red again
  distcheck      make distcheck
  memory         valgrind: no error, and no allocation per sample, in ten minutes of replay
  instructions   what a sample costs in the signal core, counted by valgrind: within a tenth of the committed figure
  lint           shell scripts, Python, man pages, layout and spelling
  analyse        gcc -fanalyzer, clang-tidy and cppcheck over src/
  coverage       gcc, instrumented: make check, then the lines that the tests have run, by folder: 95 % of core, coach and
                 sensor, 85 % of every other folder
  sandbox        how the programs are hardened; integration tests under strace: no system call that the unit forbids
  accuracy       counts on synthetic sets, and on recorded sets where they are present
  dashboard      the page in Chromium: mosquitto, repcastd, every view, fifty stations, axe-core; pictures are kept
  bench          the benches still run, all of them, in short; what they measure is no matter here (make bench)
  soak           three minutes with 20 sensors at 200 Hz, a fault every 10 s in the second half: nothing grows, nothing is lost
  vm             the virtual gym: Debian in QEMU with the real BlueZ, systemd and mosquitto, the installed unit, and
                 repcast-sensor at the other end of a virtual radio (tests/vm); VM_SUITE=trixie for Debian 13

Only where they are named (scripts/long.sh runs them, and other long tests): one takes half an hour by itself, the other
waits for the elections of a cluster, which take what they take:

  fleet          three nodes of nats-server as the broker of a chain of gyms, killed one after the other
  package        Debian packages for bookworm and trixie, amd64 and arm64, each in a clean Debian: unit tests (of bookworm;
                 those of arm64 under qemu-user), lintian, how programs are hardened; install, upgrade, remove, purge in a small Debian and in the
                 virtual gym, where a sensor is adopted

  --quick        only gcc, memory and lint
  --vm           only vm
  -h, --help     this text

With FUZZ_SECONDS=N each fuzz target runs for N seconds from a seed of its own choice instead: a hunt for new faults,
which may find old ones. Builds are kept in build-test/.
The last line is "N passed, N failed"; the exit status is 0 only where nothing failed.
USAGE
}

tiers='gcc gcc-sanitize clang clang-fuzz distcheck memory instructions lint analyse coverage sandbox accuracy dashboard bench soak vm'
rare='fleet package'
chosen=
while [ $# -gt 0 ]; do
        case $1 in
        --quick) chosen='gcc memory lint' ;;
        --vm) chosen=vm ;;
        -h | --help) usage; exit 0 ;;
        *)
                case " $tiers $rare " in
                *" $1 "*) chosen="$chosen $1" ;;
                *) echo "test.sh: unknown tier or option '$1'" >&2; usage >&2; exit 64 ;;
                esac
                ;;
        esac
        shift
done
tiers=${chosen:-$tiers}

cd "$(dirname "$0")/.." || exit 1
top=$PWD
. scripts/common.sh
# shellcheck disable=SC2086 # lists of names
install_packages $packages_build $packages_test $packages_analyse
install_packages "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C.UTF-8

build=$top/build-test
mkdir -p "$build"
say 'preparing ./configure'
quietly "$build/autogen.log" ./autogen.sh || die "autogen.sh failed ($build/autogen.log)"

passed=0 failed=0 skipped=0
result() { # NAME STATUS
        if [ "$2" = 0 ]; then
                passed=$((passed + 1))
                printf 'PASS: %s\n' "$1"
        else
                failed=$((failed + 1))
                printf '%s\n' "${red}FAIL: $1$plain"
        fi
}

skip() { # NAME WHY
        skipped=$((skipped + 1))
        printf 'SKIP: %s: %s\n' "$1" "$2"
}

# Add the results that automake left behind. A make check that failed without a failed test counts as one failure.
tally() { # TIER MAKE_STATUS
        results=$(find "$build/$1" -name '*.trs' -exec cat {} + | sed -n 's/^:test-result: \([A-Z]*\).*/\1/p')
        p=$(printf '%s\n' "$results" | grep -c '^PASS')
        s=$(printf '%s\n' "$results" | grep -c '^SKIP')
        f=$(printf '%s\n' "$results" | grep -cE '^(FAIL|ERROR|XPASS)')
        [ "$2" = 0 ] || [ "$f" -gt 0 ] || f=1
        [ "$p" -gt 0 ] || f=$((f + 1))
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
        grep -E '^(FAIL|ERROR|XPASS|SKIP): ' "$build/$1/check.log"
        printf '%s: %s passed, %s failed, %s skipped\n' "make check" "$p" "$f" "$s"
        [ "$f" = 0 ]
}

configured() { # TIER CONFIGURE-ARGUMENT...
        into=$1
        shift
        rm -rf "${build:?}/$into"
        mkdir -p "$build/$into"
        cd "$build/$into" || return 1
        quietly configure.log "$top/configure" --enable-werror "$@" || return 1
        quietly make.log make -j"$(nproc)"
}

check() { # TIER CONFIGURE-ARGUMENT...
        if ! configured "$@"; then
                result "$1: build" 1
                return
        fi
        result "$1: build without a warning" 0
        status=0
        if grep -rl --include='*.Po' 'cmocka\.h' . | grep .; then status=1; fi
        result "$1: a plain make needs no package of the tests" "$status"
        if [ "$1" = coverage ]; then # some tests run programs as another user, who shall count as well
                ./repcastctl --version >counted.log && find . -name '*.gcda' -exec chmod a+rw {} +
        fi
        status=0
        # Most of the tests wait for a peer rather than compute.
        make -j"$((2 * $(nproc)))" check >check.log 2>&1 || status=$?
        tally "$1" "$status" || {
                printf 'logs: %s\n' "$build/$1/test-suite.log"
                grep -hE '^not ok|Sanitizer|runtime error|: fail' test-suite.log 2>/dev/null | head -n 40
        }
}

# Runs that take about 20 s on a desktop processor. With a fixed seed and number, inputs in the order of their names, none
# of an earlier run, and addresses that do not change (libFuzzer learns from whatever is compared, pointers too), they are
# the same every time.
fuzz_runs() { # TARGET
        case $1 in
        fuzz-core) echo 400 ;;
        fuzz-config | fuzz-assigned) echo 4000 ;;
        fuzz-profile | fuzz-bluez) echo 30000 ;;
        fuzz-decoder | fuzz-recording) echo 150000 ;;
        fuzz-packet | fuzz-status) echo 6000000 ;;
        *) echo 700000 ;;
        esac
}

run_fuzzers() {
        same=
        if [ -z "${FUZZ_SECONDS:-}" ]; then
                if setarch -R true 2>/dev/null; then same='setarch -R'; else
                        say 'addresses cannot be fixed here: the runs differ a little each time'; fi
        fi
        for target in "$build"/clang-fuzz/tests/fuzz/fuzz-*; do
                case $target in *.log | *.trs | *.o) continue ;; esac
                if ! [ -x "$target" ] || ! [ -f "$target" ]; then continue; fi
                name=${target##*/}
                grown=$build/clang-fuzz/grown/$name
                corpus=$top/tests/fuzz/corpus/${name#fuzz-}
                mkdir -p "$grown"
                if [ -n "${FUZZ_SECONDS:-}" ]; then
                        length=-max_total_time=$FUZZ_SECONDS
                else
                        rm -rf "${grown:?}"/*
                        printf '%s\n' "$corpus"/* | LC_ALL=C sort | paste -sd, >"$grown.inputs"
                        length="-seed=1 -reload=0 -runs=$(fuzz_runs "$name") -seed_inputs=@$grown.inputs"
                        corpus=
                fi
                status=0
                # shellcheck disable=SC2086 # lists
                $same "$target" $length -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 \
                        -artifact_prefix="$grown/" "$grown" ${corpus:+"$corpus"} >"$grown.log" 2>&1 || status=$?
                result "clang-fuzz: $name, $(sed -n 's/.*number_of_executed_units: *//p' "$grown.log") runs" "$status"
                [ "$status" = 0 ] || { grep -m1 -E 'does not hold|ERROR:' "$grown.log"; tail -n 20 "$grown.log"; }
        done
}

distcheck() {
        configured distcheck || { result 'distcheck: build' 1; return; }
        status=0
        quietly distcheck.log make -j"$(nproc)" distcheck DISTCHECK_CONFIGURE_FLAGS=--enable-werror || status=$?
        result 'distcheck' "$status"
}

memory() {
        [ -e "$build/gcc/Makefile" ] || configured gcc || { result 'memory: build' 1; return; }
        cd "$build/gcc" || return
        status=0
        quietly memory.log make check-memory || status=$?
        sed -n 's/^\(ok\|not ok\)/  &/p' memory.log
        result 'memory: ten minutes of replay under valgrind' "$status"
}

# The figures are those of one compiler and one set of flags, so this has a build of its own.
instructions() {
        mkdir -p "$build/instructions" && cd "$build/instructions" || return
        status=0
        quietly configure.log "$top/configure" CC=gcc CFLAGS=-O2 && quietly make.log make -j"$(nproc)" tests/bench/bench-core || status=$?
        [ "$status" = 0 ] || { result 'instructions: build' 1; return; }
        make -s check-instructions >"$build/instructions.tap" || :
        sed -n 's/^ok [0-9]* - /  /p' "$build/instructions.tap"
        tap_result 'instructions: of a sample in the signal core' "$build/instructions.tap"
}

lint() {
        cd "$top" || return
        status=0
        shellcheck -x -P scripts scripts/*.sh tests/*/*.sh tests/vm/guest/*.sh tests/vm/guest/scenarios/*.sh conf/*/*.sh autogen.sh \
                .ci/run || status=$?
        result 'lint: shell scripts' "$status"
        status=0
        for page in man/*.[1-8]; do
                mandoc -T lint -W warning "$page" || status=1
        done
        result 'lint: man pages' "$status"
        if clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
                status=0
                find include src tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} + || status=$?
                result 'lint: layout' "$status"
        else
                skip 'lint: layout' 'clang-format 14 is not here (it decides the layout; other versions differ)'
        fi
        status=0
        if grep -rLE 'SPDX-License-Identifier: Apache-2.0' include src tests --include='*.[ch]' --include='*.sh' \
                --include='*.py' | grep .; then status=1; fi
        result 'lint: licence line in every source file' "$status"
        status=0
        pyflakes3 tests/*/*.py scripts/*.py || status=$?
        result 'lint: Python' "$status"
        status=0
        codespell -q 3 -L nd,fro,buildd ./*.md conf doc include man scripts src systemd || status=$? # tests misspell on purpose, .Nd is mdoc
        result 'lint: spelling' "$status"
}

# What the analysers are not asked, and why: leaks, for none of them knows __attribute__((cleanup)) (LeakSanitizer and
# valgrind look for them in every test); uninitialised arrays of cppcheck, which takes an array that is filled up to n for
# one that is not; that memory runs out in bus.c, which ends the program there (bus_must). What clang-tidy is not asked is in .clang-tidy.
analyse() {
        status=0
        mkdir -p "$build/analyse" && cd "$build/analyse" || return
        quietly configure.log "$top/configure" --enable-werror CC=gcc \
                CFLAGS='-O2 -fanalyzer -Wno-analyzer-malloc-leak' || status=$?
        quietly make.log make -j"$(nproc)" -k repcastd repcastctl repcast-sensor || status=$?
        result 'analyse: gcc -fanalyzer' "$status"
        status=0
        cd "$top" || return
        {
                printf '%s\n' -std=gnu17 -include config.h "-I$build/analyse" "-I$top/src" "-I$top/include" -D_GNU_SOURCE
                pkg-config --cflags libsystemd libmosquitto jansson sqlite3 dbus-1 | tr ' ' '\n'
                grep -o -e '-D[A-Z_]*=' Makefile.am | sort -u | sed 's|$|"/etc"|'
        } >"$build/analyse/compile_flags.txt"
        find src -name '*.c' -print0 | xargs -0 -P"$(nproc)" -n8 clang-tidy --quiet -p "$build/analyse" \
                >"$build/clang-tidy.log" 2>/dev/null || status=$?
        grep -E '(warning|error):' "$build/clang-tidy.log"
        result 'analyse: clang-tidy' "$status"
        status=0
        cppcheck --quiet --enable=warning,performance,portability --std=c11 -j"$(nproc)" --error-exitcode=1 \
                --suppress=memleak --suppress=uninitvar --suppress=legacyUninitvar --suppress=normalCheckLevelMaxBranches \
                --suppress=nullPointerOutOfMemory:src/peripheral/bus.c '-DREPCASTCONFDIR="/etc"' '-DPKGDATADIR="/usr"' \
                -Isrc -Iinclude -D_GNU_SOURCE -D__CPPCHECK__ src || status=$?
        result 'analyse: cppcheck' "$status"
}

coverage() {
        check coverage CC=gcc --enable-coverage CFLAGS='-O1 -g'
        cd "$build/coverage" || return
        status=0
        srcdir=$top python3 "$top/tests/coverage/coverage.py" >coverage.txt 2>coverage.log || status=$?
        sed 's/^/  /' coverage.txt
        [ -s coverage.txt ] || cat coverage.log
        result 'coverage: every folder as much as it is held to' "$status"
}

sandbox() {
        [ -e "$build/gcc/repcastd" ] || configured gcc || { result 'sandbox: build' 1; return; }
        cd "$build/gcc" || return
        "$top/tests/sandbox/check-hardening.sh" repcastd repcastctl repcast-sensor >hardening.tap || :
        tap_result 'sandbox: programs are hardened' hardening.tap
        status=0
        { make -s check TESTS= >syscalls.log 2>&1 && make -s check-syscalls >syscalls.tap; } || status=$?
        [ -e syscalls.tap ] || echo "# make: status $status" >syscalls.tap
        tap_result 'sandbox: no system call that the unit forbids' syscalls.tap
}

accuracy() {
        [ -e "$build/gcc/Makefile" ] || configured gcc || { result 'accuracy: build' 1; return; }
        cd "$build/gcc" || return
        status=0
        make -s accuracy ACCURACY_FLAGS=--quick || status=$?
        result 'accuracy: tables' "$status"
}

# selenium is Debian's, and so is the interpreter that finds it.
dashboard() {
        # shellcheck disable=SC2086 # a list of names
        install_packages $packages_dashboard
        [ -e "$build/gcc/Makefile" ] || configured gcc || { result 'dashboard: build' 1; return; }
        cd "$build/gcc" || return
        status=0
        make -s check-dashboard >dashboard.log 2>&1 || status=$?
        sed -n 's/^\(ok\|not ok\|# .*\)/  &/p' dashboard.log
        passed=$((passed + $(grep -c '^ok ' dashboard.log)))
        failed=$((failed + $(grep -c '^not ok ' dashboard.log)))
        grep -qE '^1\.\.[1-9]' dashboard.log || { status=1; tail -n 20 dashboard.log; }
        result "dashboard: every test has run (pictures: $build/gcc/tests/dashboard/pictures)" "$status"
}

bench() {
        # shellcheck disable=SC2086 # a list of names
        install_packages $packages_bench
        [ -e "$build/gcc/Makefile" ] || configured gcc || { result 'bench: build' 1; return; }
        cd "$build/gcc" || return
        status=0
        quietly bench.log make -s bench BENCH_FLAGS='--quick --json bench.json' || status=$?
        result 'bench: every section runs' "$status"
}

soak() {
        [ -e "$build/gcc/Makefile" ] || configured gcc || { result 'soak: build' 1; return; }
        cd "$build/gcc" || return
        make -s soak >soak.tap 2>soak.log || tail -n 5 soak.log
        tap_result 'soak: three minutes' soak.tap
}

fleet() {
        # shellcheck disable=SC2086 # a list of names
        if ! (install_packages $packages_fleet); then
                skip 'fleet' "its packages cannot be installed: $packages_fleet"
                return
        fi
        [ -e "$build/gcc/Makefile" ] || configured gcc || { result 'fleet: build' 1; return; }
        cd "$build/gcc" || return
        status=0
        quietly fleet.log make check-fleet || status=$?
        if grep -q '^1\.\.0 # SKIP' fleet.log; then
                skip 'fleet' "$(sed -n 's/^1\.\.0 # SKIP //p' fleet.log)"
                return
        fi
        sed -n 's/^\(ok\|not ok\|# [0-9]\)/  &/p' fleet.log
        result 'fleet: three nodes of NATS' "$status"
}

# tap_result NAME FILE: as many steps as it has, and all of them passed.
tap_result() {
        if grep -q '^1\.\.0 # SKIP' "$2"; then
                skip "$1" "$(sed -n 's/^1\.\.0 # SKIP //p' "$2")"
                return
        fi
        grep -E '^(not ok|#  )' "$2"
        status=0
        if grep -q '^not ok' "$2" || ! grep -qE '^1\.\.[1-9]' "$2"; then status=1; fi
        result "$1, $(grep -c '^ok' "$2") steps" "$status"
}

package() {
        # shellcheck disable=SC2086 # lists of names
        if ! (install_packages $packages_package $packages_vm); then
                skip 'package' "its packages cannot be installed: $packages_package $packages_vm"
                return
        fi
        [ -e "$build/gcc/Makefile" ] || configured gcc || { result 'package: build' 1; return; }
        for suite in bookworm trixie; do
                status=0
                # Unit tests once for each architecture: they take minutes under emulation.
                tested=
                [ "$suite" = bookworm ] || tested=nocheck
                DEB_BUILD_OPTIONS=$tested "$top/scripts/package.sh" "$suite" || status=$?
                result "package: $suite, amd64 and arm64, lintian, hardening" "$status"
                as_root "$top/tests/package/run.sh" "$suite" "$top/build-package/$suite" >"$build/package-$suite.tap" || :
                tap_result "package: $suite, install, upgrade, remove, purge" "$build/package-$suite.tap"
                as_root env VM_SUITE="$suite" VM_PACKAGES="$top/build-package/$suite" VM_SECONDS=900 "VM_ACCEL=${VM_ACCEL:-}" \
                        "$top/tests/vm/run.sh" "$build/gcc" "$build/vm" 70-package >"$build/package-vm-$suite.tap" || :
                tap_result "package: $suite, from setup-broker to purge in the virtual gym" "$build/package-vm-$suite.tap"
        done
}

# The image is kept in build-test/vm; each check in the guest counts.
vm() {
        # shellcheck disable=SC2086 # a list of names
        if ! (install_packages $packages_vm); then
                skip 'vm' "its packages cannot be installed: $packages_vm"
                return
        fi
        configured vm-build --prefix=/usr --sysconfdir=/etc || { result 'vm: build' 1; return; }
        status=0
        tap=$build/vm${VM_SUITE:+-$VM_SUITE}.tap
        { as_root env "VM_SUITE=${VM_SUITE:-}" "VM_ACCEL=${VM_ACCEL:-}" "$top/tests/vm/run.sh" . "$build/vm" ||
                echo "# status $?"; } | tee "$tap"
        if grep -q '^1\.\.0 # SKIP' "$tap"; then
                skip 'vm' "$(sed -n 's/^1\.\.0 # SKIP //p' "$tap")"
                return
        fi
        passed=$((passed + $(grep -c '^ok ' "$tap")))
        failed=$((failed + $(grep -c '^not ok ' "$tap")))
        grep -qE '^1\.\.[1-9]' "$tap" || status=1
        result "vm: every scenario has run (logs: $build/vm/logs)" "$status"
}

start=$(date +%s)
for tier in $tiers; do
        tier_start=$(date +%s)
        say "$tier"
        case $tier in
        gcc) check gcc CC=gcc ;;
        gcc-sanitize) check gcc-sanitize CC=gcc --enable-sanitizers CFLAGS='-O1 -g' ;;
        clang) check clang CC=clang ;;
        clang-fuzz)
                check clang-fuzz CC=clang --enable-sanitizers --enable-fuzzers CFLAGS='-O1 -g'
                run_fuzzers
                ;;
        distcheck | memory | instructions | lint | analyse | coverage | sandbox | accuracy | dashboard | bench | soak | fleet | package | vm) $tier ;;
        esac
        cd "$top" || exit 1
        printf '%s\n' "$dim$tier took $(($(date +%s) - tier_start)) s$plain"
done
printf '%s\n' "$dim$skipped skipped; all took $(($(date +%s) - start)) s$plain"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
