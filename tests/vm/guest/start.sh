#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The guest's side of the tests: install what the second disk brings, set up broker and radio, run the scenarios. TAP
# goes to standard output; logs and journal go to the third disk as a tar file.
guest=/mnt/guest
# shellcheck source=tests/vm/guest/lib.sh
. "$guest/lib.sh"
mkdir -p "$logs"
exec 2>"$logs/shell.log"
scenario=guest

finish() {
        trap - EXIT
        journalctl --no-pager -o short-monotonic >"$logs/journal"
        tar -C "$logs" -cf /dev/vdc .
        echo "1..$count"
        sync
}
trap finish EXIT

# Before the host pulls the plug, the logs must be out.
out_of_time() {
        not_ok "not finished within $(cat $guest/seconds) s"
        finish
        systemctl poweroff --force
}
trap out_of_time USR1
(
        sleep "$(cat $guest/seconds)"
        kill -USR1 $$
) &

install() {
        if [ -d /mnt/packages ]; then
                dpkg -i /mnt/packages/repcast.deb
        else
                cp -a /mnt/root/. /
                systemd-sysusers && systemctl daemon-reload && systemctl reload dbus
        fi && mkdir -p /etc/bluetooth &&
                printf '[General]\nControllerMode=le\n\n[GATT]\nChannels=1\n' >/etc/bluetooth/main.conf
}
check 'repcast is installed' install
[ ! -d /mnt/packages ] || check_within 30 'and its service started' is_active
check 'the broker runs' systemctl start mosquitto
# What pairing needs beside the emulated controllers.
for module in hci_vhci ecdh_generic drbg jitterentropy_rng cmac ecb ctr algif_hash algif_skcipher; do
        modprobe "$module"
done

mosquitto_sub -h 127.0.0.1 -q 1 -t 'repcast/#' -F '%t %p' >"$logs/all-messages" &
for file in "$guest"/scenarios/*.sh; do
        scenario=$(basename "$file" .sh)
        check 'two Bluetooth adapters appear, and BlueZ remembers nobody' start_anew
        : >"$messages" # the hub that was before has been stopped
        mosquitto_sub -h 127.0.0.1 -q 1 -R -t 'repcast/#' -F '%t %p' >"$messages" &
        listener=$!
        mark
        began=$(date +%s)
        # shellcheck disable=SC1090 # one after the other
        . "$file"
        echo "# $scenario took $(($(date +%s) - began)) s"
        kill "$listener"
done
