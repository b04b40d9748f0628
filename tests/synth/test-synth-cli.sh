#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# repcast-synth as a person uses it: its examples run, the same seed gives the same bytes, wrong options are told.
set -u
synth=${builddir:?run by make check}/tests/synth/repcast-synth
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

echo 1..9
n=0
result() { # STATUS NAME
        n=$((n + 1))
        if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

refused() { # NAME WORDS OPTION...
        name=$1 words=$2
        shift 2
        "$synth" "$@" >out 2>err
        status=$?
        [ "$status" = 64 ] && [ ! -s out ] && grep -qF -e "$words" err
        result $? "$name (status $status: $(head -n 1 err))"
}

"$synth" -o squat.rec && [ "$(head -n 1 squat.rec)" = 'repcast-recording 1' ]
result $? 'a recording with header'
"$synth" >again.rec && cmp -s squat.rec again.rec
result $? 'the same seed gives the same bytes'
"$synth" --seed 2 >other.rec && ! cmp -s squat.rec other.rec
result $? 'another seed gives others'
"$synth" --exercise deadlift --tempo 2-1-X-0 --layout packets --jitter-ms 15 --loss 2 -o pull.rec &&
        grep -q '^truth_phase: 1 5 eccentric ' pull.rec && grep -q '^[0-9]*,0105[0-9a-f]*$' pull.rec
result $? 'packets with their truth'
"$synth" --sets 0 --idle 1 --hard --layout csv >nothing.csv &&
        [ "$(head -n 1 nothing.csv)" = 't,ax,ay,az,gx,gy,gz' ] && [ "$(wc -l <nothing.csv)" -gt 6000 ]
result $? 'a minute without any set'

refused 'a tempo of three figures' '--tempo: four figures' --tempo 4-0-2
refused 'an unknown exercise' '--exercise: "juggling" is not known' --exercise juggling
refused 'a figure out of its range' 'the rate is 5 to 1000 Hz' --rate 3
refused 'jitter of samples' 'jitter is in the arrival of packets' --jitter-ms 5
