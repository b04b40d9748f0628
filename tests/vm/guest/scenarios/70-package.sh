# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # see lib.sh and start.sh
# The story of who buys a hub, where the second disk brings packages: set the broker up, adopt a sensor, and a rep is on
# the wall. Then a later version over an edited configuration, and away with it.

[ -d /mnt/packages ] || return 0

# One bluetoothd serves both ends here, and the hub must keep to its own.
printf '[hub]\nName=gym\n\n[bluetooth]\nAdapters=%s\n' "$(hub_address)" >/etc/repcast/repcast.conf.d/90-gym.conf
check 'the hub starts' timeout 60 systemctl restart repcast
check 'setup-broker' timeout 120 repcastctl setup-broker --yes
check 'the hub runs on' is_active
check_within 30 'the doctor misses a sensor, and a clock that is right' doctor clock-unsynced station-bare
check 'and says what to do' advises 'repcastctl adopt'
wall=$(cat /etc/repcast/wall-password)
mosquitto_sub -h 127.0.0.1 -u wall -P "$wall" -q 1 -t 'repcast/#' -F '%t %p' >"$messages" &
listener=$! # ended by start.sh
online() { bodies status | tail -n 1 | grep -q '"online"'; }
check_within 60 'the wall hears that the hub is online' online
"$guest/websocket.sh" 9001 wall "$wall" 'repcast/+/station/+/rep' >"$logs/page" &
page=$! # what the dashboard gets
sensor_start bar --adapter hci1 "$recordings/long.rec"
check_within 20 'the sensor is ready' sensor_says ready
check 'adopt' timeout 90 repcastctl adopt "$(sensor_address)" --station rack-1 --wait
check_within 120 'a rep is on the wall' at_least 1 rep # that all are right is the matter of 20-reps
on_the_page() { grep -aq '"type":"rep"' "$logs/page"; }
check_within 30 'and on the page, over websockets' on_the_page
kill "$page"

check 'the clock is right' declare_right
check_within 30 'the doctor has nothing more to say' doctor
systemctl mask --runtime --now bluetooth
check_within 30 'bluetoothd is away, and the doctor says so' doctor bluez-away hub-bluetooth sensor-silent
check 'and how it comes back' advises 'sudo systemctl enable --now bluetooth'
systemctl unmask --runtime bluetooth
check 'which it does' systemctl start bluetooth
check_within 90 'then all is well' doctor
printf '[mqtt]\nBroker=127.0.0.1:1\n' >/etc/repcast/repcast.conf.d/95-wrong.conf
check 'a broker where none is' doctor broker-away config-changed
check 'is to be mended there' advises 'or correct Broker= in [mqtt]'
systemctl restart repcast
check_within 60 'and the hub misses it, too' doctor broker-away hub-broker
rm /etc/repcast/repcast.conf.d/95-wrong.conf
systemctl restart repcast
check_within 90 'then all is well again' doctor

check 'a report for others' sh -c "cd $logs && repcastctl bugreport report.tar.gz && tar -xf report.tar.gz"
check 'has the journal' grep -aq repcastd "$logs"/repcast-bugreport/journal*
nobodys_business() {
        for secret in "$wall" "$(cat /etc/repcast/broker-password)" "$(sensor_address)"; do
                ! grep -aiqrF -e "$secret" "$logs/repcast-bugreport" || return
        done
}
check 'and neither passwords nor addresses' nobodys_business
sensor_stop
dashboard() {
        bash -c 'exec 3<>/dev/tcp/127.0.0.1/9001 && printf "GET /index.html HTTP/1.0\r\n\r\n" >&3 && grep -qi repcast <&3'
}
check 'the broker serves the dashboard' dashboard

echo '# of this gym' >>/etc/repcast/repcast.conf
check 'a later version' dpkg --force-confdef --force-confold -i /mnt/packages/later.deb
check 'an edited configuration stays, the new one lies beside it' \
        sh -c 'grep -q "of this gym" /etc/repcast/repcast.conf && [ -e /etc/repcast/repcast.conf.dpkg-dist ]'
check_within 30 'the hub runs on' is_active
check 'the sensor is still adopted' sh -c "repcastctl sensors --json | grep -qi '$(sensor_address)'"

check 'remove' dpkg --remove repcast
check 'the hub has stopped' sh -c '! systemctl is-active repcast.service'
check 'events stay' test -e /var/lib/repcast/events.db
rm /etc/repcast/repcast.conf.d/90-gym.conf # what others put there stays
check 'purge' dpkg --purge repcast
check 'nothing is left of it' sh -c '! find /etc /usr /var/lib/repcast -iname "*repcast*" 2>/dev/null | grep -v deb-systemd | grep .'
check 'the broker starts without it' systemctl restart mosquitto
