# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # see lib.sh
# The adapters are pulled out and put back in the middle of a set. (Both: the emulator has one plug.)

configure_radio
check 'the hub starts' timeout 60 systemctl restart repcast
sensor_start bar --adapter hci1 "$recordings/long.rec"
check_within 60 'the hub asks for the stream' streaming
check_within 60 'reps come' at_least 1 rep
pid=$(unit MainPID)
unplug
check_within 20 'no adapter is left' has_adapters 0
sensor_lost() { repcastctl sensors --json | jq -e '.. | .state? // empty | select(. == "streaming")' && return 1 || return 0; }
check_within 20 'the hub has noticed' sensor_lost
check 'the adapters come back' plug_in 2
streams_again() { [ "$(grep -c 'streaming at' "$sensor_log")" -ge 2 ]; }
check_within 60 'the hub asks for the stream again' streams_again
before=$(count_of rep)
check_within 60 'further reps come' at_least $((before + 1)) rep
check 'from the same process' [ "$(unit MainPID)" = "$pid" ]
sensor_stop
