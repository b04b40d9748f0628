# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # see lib.sh
# bluetoothd is killed in the middle of a set. BlueZ says no goodbye then; systemd does not start it again by itself, but
# for the drop-in that comes with repcast, or a call to its name.

configure_radio
check 'the hub starts' timeout 60 systemctl restart repcast
sensor_start bar --adapter hci1 "$recordings/long.rec"
check_within 60 'the hub asks for the stream' streaming
check_within 60 'reps come' at_least 2 rep
pid=$(unit MainPID)
systemctl kill --signal=KILL bluetooth
check_within 20 'bluetoothd is there again' has_adapters 2
streams_again() { [ "$(grep -c 'streaming at' "$sensor_log")" -ge 2 ]; }
check_within 60 'the hub asks for the stream again' streams_again
before=$(count_of rep)
check_within 60 'further reps come' at_least $((before + 2)) rep
check 'from the same process' [ "$(unit MainPID)" = "$pid" ]
sensor_stop
