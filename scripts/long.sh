#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What takes too long for every change: hours in all. The last line is "N passed, N failed".
set -u

usage() {
        cat <<USAGE
Usage: scripts/long.sh [STEP...]

Runs what scripts/test.sh leaves out or does in small, one step after the other (hours in all, on two cores):

  fleet      three nodes of NATS, killed one after the other (scripts/test.sh fleet)
  package    Debian packages, their installation and the story in the virtual gym (scripts/test.sh package)
  vm         the virtual gym on Debian 12 and on Debian 13 (scripts/test.sh vm is one of them)
  fuzz       each fuzz target for FUZZ_SECONDS (default 600) from a seed of its own choice
  faults     320 random sequences of faults between hub and broker, from SEED (default 1000)
  stalls     60 s of each stall on the way to the broker: sensing and storing go on
  dashboard  fifty stations in a browser six times slower, for 600 s
  soak       two hours with 20 sensors at 200 Hz, the second with a fault every 10 s (scripts/test.sh takes three minutes)
  arm64      instructions that a sample costs in the signal core on arm64, counted under qemu-user, beside those on amd64
  accuracy   the whole grid of synthetic sets (scripts/test.sh takes a sixth)

Logs are in build-test/long/. The exit status is 0 only where nothing failed.
USAGE
}

all='fleet package vm fuzz faults stalls dashboard soak arm64 accuracy'
for step in "$@"; do
        case $step in
        -h | --help) usage; exit 0 ;;
        esac
        case " $all " in
        *" $step "*) ;;
        *) echo "long.sh: unknown step '$step'" >&2; usage >&2; exit 64 ;;
        esac
done

cd "$(dirname "$0")/.." || exit 1
. scripts/common.sh
logs=$PWD/build-test/long
mkdir -p "$logs"

# A script of the tests over the build of the tier gcc.
of_build() { # SCRIPT ARGUMENT...
        script=$1
        shift
        [ -e build-test/gcc/repcastd ] || scripts/test.sh gcc || return
        make -C build-test/gcc check TESTS= >"$logs/make.log" 2>&1 || return
        (cd build-test/gcc && srcdir=../.. builddir=. python3 "../../$script" "$@")
}

run() {
        case $1 in
        fleet | package) scripts/test.sh "$1" ;;
        vm)
                status=0
                for suite in bookworm trixie; do
                        VM_SUITE=$suite scripts/test.sh vm || status=1
                done
                return $status
                ;;
        fuzz) FUZZ_SECONDS=${FUZZ_SECONDS:-600} scripts/test.sh clang-fuzz ;;
        faults) of_build tests/integration/test-faults.py --sequences 320 --seed "${SEED:-1000}" ;;
        stalls) of_build tests/integration/test-stalls.py --seconds 60 ;;
        dashboard) scripts/test.sh gcc && BIG=600 make -C build-test/gcc check-dashboard DASHBOARD_FLAGS=fifty ;;
        soak) scripts/test.sh gcc && make -C build-test/gcc soak SOAK_FLAGS='--minutes 120' ;;
        arm64)
                # shellcheck disable=SC2086 # a list of names
                install_packages $packages_arm64 && of_build tests/bench/arm64.py
                ;;
        accuracy) scripts/test.sh gcc && make -C build-test/gcc accuracy ;;
        esac
}

passed=0 failed=0
# shellcheck disable=SC2086 # a list of names
[ $# -gt 0 ] || set -- $all
for step in "$@"; do
        start=$(date +%s)
        say "$step"
        if run "$step" >"$logs/$step.log" 2>&1; then
                passed=$((passed + 1))
                echo "PASS: $step"
        else
                failed=$((failed + 1))
                printf '%s\n' "${red}FAIL: $step$plain ($logs/$step.log)"
        fi
        tail -n 3 "$logs/$step.log"
        printf '%s\n' "$dim$step took $(($(date +%s) - start)) s$plain"
done
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
