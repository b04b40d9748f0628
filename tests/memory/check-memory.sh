#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ten minutes of replay at 100 Hz under valgrind: no error, no leak, and no allocation per sample. The last is shown
# by one rep after one minute and after ten minutes of standing still: 54,000 samples more, and as many allocations but
# for those of messages that one has and the other has not (a phase on the way back into the rack).
set -u
: "${builddir:?run by make check-memory}"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

if [ -z "${VALGRIND:-}" ]; then
        echo '1..0 # SKIP valgrind is not here'
        exit 0
fi
MESSAGES_MORE_MAX=3         # phases of one movement; beyond, the two do not show the same
MESSAGE_ALLOCATIONS_MAX=100 # a JSON object with some twenty members: each a node, a key, a value
echo 1..4
n=0
verdict() { # STATUS NAME LOG
        n=$((n + 1))
        if [ "$1" = 0 ]; then
                echo "ok $n - $2"
        else
                echo "not ok $n - $2"
                [ -z "${3:-}" ] || sed 's/^/# /' "$3"
        fi
}

make_recording() { # NAME OPTION...
        out=$work/$1.rec
        shift
        "$builddir/tests/synth/repcast-synth" --exercise back-squat --rate 100 --seed 71 --layout packets \
                -o "$out" "$@" || exit 99
}

# replay NAME: runs it, leaves the count of allocations in $allocations and of messages in $messages.
replay() {
        "$VALGRIND" --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=definite,indirect,possible \
                --track-fds=no --verbose --log-file="$work/$1.log" \
                "$builddir/repcastctl" replay --format json "$work/$1.rec" >"$work/$1.jsonl" 2>"$work/$1.err"
        status=$?
        allocations=$(sed -n 's/.*total heap usage: \([0-9,]*\) allocs.*/\1/p' "$work/$1.log" | tr -d ,)
        messages=$(wc -l <"$work/$1.jsonl")
        : "${allocations:=unknown}"
}

make_recording one --lead-in 60 --reps 1
make_recording ten --lead-in 600 --reps 1
make_recording sets --reps 8 --tempo 4-1-2-1 --sets 6 --rest 40

replay one
one=$allocations one_messages=$messages
verdict "$status" 'one minute and a rep: no error, no leak' "$work/one.log"
replay ten
verdict "$status" 'ten minutes and a rep: no error, no leak' "$work/ten.log"
status=1
more_messages=$((messages > one_messages ? messages - one_messages : one_messages - messages))
[ "$one" != unknown ] && [ "$allocations" != unknown ] && [ "$more_messages" -le "$MESSAGES_MORE_MAX" ] &&
        [ "$((allocations - one))" -le "$((more_messages * MESSAGE_ALLOCATIONS_MAX))" ] && status=0
echo "# $one allocations in one minute, $allocations in ten; $one_messages and $messages messages"
verdict "$status" 'no allocation per sample'
replay sets
[ "$messages" -ge 48 ] || status=1
echo "# ten minutes of sets: $messages messages, $allocations allocations"
verdict "$status" 'ten minutes of sets: no error, no leak, messages came' "$work/sets.log"
