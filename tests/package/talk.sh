#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Inside: mosquitto and the hub as their units would start them; the wall hears that the hub is online, and nobody gets in
# without a password.
set -eu
mkdir -p /run/mosquitto /var/log/mosquitto /var/lib/repcast
chown mosquitto /run/mosquitto /var/log/mosquitto
chown repcast /var/lib/repcast
mosquitto -c /etc/mosquitto/mosquitto.conf &
broker=$!
setpriv --reuid repcast --regid repcast --clear-groups env STATE_DIRECTORY=/var/lib/repcast repcastd &
hub=$!
trap 'kill $hub $broker 2>/dev/null || :' EXIT
sleep 1
mosquitto_sub -h 127.0.0.1 -u wall -P "$(cat /etc/repcast/wall-password)" -t 'repcast/+/status' -C 1 -W 30 >/tmp/status
grep '"online"' /tmp/status
if mosquitto_sub -h 127.0.0.1 -t 'repcast/#' -C 1 -W 5; then exit 1; fi
kill $hub
wait $hub
