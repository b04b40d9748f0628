# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh source-path=tests/vm/guest disable=SC2154 # see lib.sh
# The sandbox from within: what it is for still works, and what it forbids is not needed. From here on, in this and all later
# scenarios, a system call that the unit does not allow is the end of the daemon.

drop_in=/etc/systemd/system/repcast.service.d
mkdir -p "$drop_in"
# What ProtectClock= refuses is refused by a filter of its own, and must pass this one.
printf '[Service]\nSystemCallErrorNumber=kill\nSystemCallFilter=adjtimex clock_adjtime\n' >"$drop_in/deadly.conf"
systemctl daemon-reload
check 'any other system call is deadly' [ "$(unit SystemCallErrorNumber)" = 2147483646 ] # "kill"

# A broker that wants a password, which is a credential of the unit.
mkdir -p /etc/credstore
(umask 077 && printf 'correct horse\n' >/etc/credstore/repcast.mqtt-password)
mosquitto_passwd -b -c /run/gym/passwords hub 'correct horse'
chmod 644 /run/gym/passwords
printf 'listener 1884 127.0.0.1\nallow_anonymous false\npassword_file /run/gym/passwords\n' >/run/gym/strict.conf
mosquitto -c /run/gym/strict.conf >"$logs/strict.log" 2>&1 &
strict=$!
{
        printf '[hub]\nName=gym\n\n[mqtt]\nBroker=127.0.0.1:1884\nUsername=hub\n\n'
        printf '[station rack-1]\nExercise=back-squat\nRecording=/etc/repcast/unit.rec\nRecordingSpeed=8\nRecordingLoop=yes\n'
} >/etc/repcast/repcast.conf
cp "$recordings"/set.rec /etc/repcast/unit.rec
chmod 755 /etc/repcast
chmod 644 /etc/repcast/unit.rec /etc/repcast/repcast.conf
mosquitto_sub -h 127.0.0.1 -p 1884 -u hub -P 'correct horse' -q 1 -R -t 'repcast/#' -F '%t %p' >"$messages" &
strict_listener=$!
check 'it starts' timeout 60 systemctl start repcast
check_within 60 'its password comes from /etc/credstore' at_least 1 health
pid=$(unit MainPID)
check 'its user may not read that file' sh -c '! runuser -u repcast -- cat /etc/credstore/repcast.mqtt-password'

# As it sees the file system, with the rights of root.
root=/proc/$pid/root
check 'its state can be written to' touch "$root/var/lib/repcast/touched"
check 'and nothing else' sh -c "! touch $root/etc/repcast/touched && ! touch $root/usr/touched && ! touch $root/var/touched"
check 'no home is seen' sh -c "! ls $root/root $root/home 2>/dev/null | grep -v : | grep ."
check 'its program can be run' "$root/usr/sbin/repcastd" --version
check 'and no other' sh -c "! $root/usr/bin/true && ! $root/bin/sh -c true"
check 'its memory, tasks and descriptors are limited' sh -c "systemctl show -p MemoryMax -p TasksMax -p LimitNOFILE repcast |
        grep -c -E '=(268435456|16|4096)$' | grep -qx 3"

clock_of() { bodies health | tail -n 1 | jq -r .clock; }
says() { [ "$(clock_of)" = "$1" ]; }
check 'the hub does not take the clock for right' says unsynced
# By two seconds at least, whatever has gone of the second in which it is read: a step of one is what the hub asks at once for.
# To set it makes it wrong again, and so comes first.
set_anew() { date -s "@$(($(date +%s) + 4))" && declare_right; }
check 'the clock is set' set_anew
check_within 90 'and the hub knows that it is right, from systemd-timedated' says synced
check_within 60 'reps come' at_least 1 rep

mark
crash() {
        kill -SEGV "$(unit MainPID)" && within 60 is_restarted
}
is_restarted() { [ "$(unit NRestarts)" -gt "$before" ] && is_active; }
for _ in 1 2 3 4 5 6; do
        before=$(unit NRestarts)
        crash || break
done
check 'six crashes in a row are no reason to give up' is_restarted
check 'none of them left a core file' sh -c '! find /var/lib/repcast /var/lib/systemd/coredump -type f -name "core*" 2>/dev/null | grep .'
kill "$strict_listener" "$strict"
systemctl stop repcast
rm -rf /etc/credstore /var/lib/repcast/touched
