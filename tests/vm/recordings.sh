#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make the recordings that the virtual sensors play, and beside each the reps that are in it, one JSON object a line, as
# the signal core finds them without a radio in between.
set -eu

[ $# = 2 ] || { echo 'Usage: tests/vm/recordings.sh BUILD FOLDER' >&2; exit 64; }
build=$1 folder=$2

make_one() { # NAME OPTION...
        name=$1
        shift
        "$build/tests/synth/repcast-synth" --layout samples --exercise back-squat -o "$folder/$name.rec" "$@"
        "$build/repcastctl" replay --json "$folder/$name.rec" | grep '"type":"rep"' >"$folder/$name.reps"
}
make_one set --reps 5 --tempo 2-0-1-1 --rom 0.58 --seed 101
make_one long --reps 12 --tempo 2-0-1-1 --rom 0.58 --seed 102
