# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # see lib.sh
# What it is all for: a sensor on the air, its reps at the broker.

configure_radio
check 'the hub starts' timeout 60 systemctl start repcast
sensor_start bar --adapter hci1 "$recordings/set.rec"
check_within 20 'the sensor is ready' sensor_says ready
check_within 60 'the hub finds it and asks for its stream' streaming
repcastctl record rack-1 --output "$logs/packets.rec" --force 2>"$logs/record.log" &
recorder=$!
five_reps() { bodies set | jq -es 'any(.[]; .n_reps == 5)' >/dev/null; } # a set that a crash cut off may come first
check_within 90 'the set ends' five_reps
kill -INT "$recorder"
check 'the reps are those of the recording' reps_are_those_of set
check 'repcastctl knows the sensor' sh -c "repcastctl sensors --json | grep -qi '$(sensor_address)'"
sensor_stop
