# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # see lib.sh
# The sensor goes, as with an empty battery, and comes back; then a hub that is killed.

configure_radio
check 'the hub starts' timeout 60 systemctl restart repcast
sensor_start bar --adapter hci1 "$recordings/long.rec"
check_within 60 'the hub asks for the stream' streaming
check_within 60 'reps come' at_least 1 rep
kill -KILL "$sensor"
waiting() { [ "$(bodies state | tail -n 1 | jq -r .sensor_state)" = waiting ]; }
check_within 30 'the broker hears that the sensor is gone' waiting
sensor_start again --adapter hci1 "$recordings/long.rec"
check_within 60 'the hub finds it again' streaming
is_streaming() { [ "$(bodies state | tail -n 1 | jq -r .sensor_state)" = streaming ]; }
check_within 30 'and the broker hears it' is_streaming

pid=$(unit MainPID)
kill -KILL "$pid"
restarted() { is_active && [ "$(unit MainPID)" != "$pid" ]; }
check_within 30 'a hub that was killed is started again' restarted
streams_again() { [ "$(grep -c 'streaming at' "$sensor_log")" -ge 2 ]; }
check_within 60 'and finds the sensor, whose link nobody had closed' streams_again
before=$(count_of rep)
check_within 60 'reps come' at_least $((before + 2)) rep
check 'the hub stops in good order' timeout 30 systemctl stop repcast
disconnected() { tail -n 3 "$sensor_log" | grep -q disconnected; }
check_within 10 'and takes leave of the sensor' disconnected
sensor_stop
