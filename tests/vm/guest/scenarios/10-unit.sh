# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh source-path=tests/vm/guest disable=SC2154 # see lib.sh
# The installed unit under a real systemd, sandbox and all, with a recording as its sensor.

configure <<CONF
[station rack-1]
Exercise=back-squat
Recording=/etc/repcast/unit.rec
RecordingSpeed=8
CONF
cp "$recordings"/set.rec /etc/repcast/unit.rec
chmod 755 /etc/repcast
chmod 644 /etc/repcast/unit.rec /etc/repcast/repcast.conf

check 'the unit has no fault' systemd-analyze verify --man=no /usr/lib/systemd/system/repcast.service
check 'it starts, and says that it is ready' timeout 60 systemctl start repcast
check 'it tells its state to systemd' sh -c 'systemctl show --value -p StatusText repcast | grep .'
check_within 60 'the reps of a recording come from the broker' at_least "$(wc -l <"$recordings/set.reps")" rep
check_within 30 'and the set' at_least 1 set

pid=$(unit MainPID)
status() { awk -v key="$1:" '$1 == key { print $2 }' "/proc/$pid/status"; }
check 'it has no capability' [ "$(status CapBnd)$(status CapEff)" = 00000000000000000000000000000000 ]
check 'it cannot gain any' [ "$(status NoNewPrivs)" = 1 ]
check 'its system calls are filtered' [ "$(status Seccomp)" = 2 ]
check 'it is the user repcast' [ "$(status Uid)" = "$(id -u repcast)" ]
score=$(systemd-analyze security --no-pager repcast.service | sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p')
echo "# systemd-analyze security: $score"
check 'its exposure is at most 1.3' awk -v score="$score" 'BEGIN { exit !(score != "" && score <= 1.3) }'

mark
check 'it reloads' timeout 30 systemctl reload repcast
reloaded() { hub_journal | grep -qi 'configuration'; }
check_within 10 'and says so' reloaded
check 'with the same process' [ "$(unit MainPID)" = "$pid" ]

# Longer than the watchdog's time (half of it is how often it is fed).
check 'the watchdog is armed' [ "$(unit WatchdogUSec)" != 0 ]
kill -STOP "$pid"
restarted() { [ "$(unit NRestarts)" -gt 0 ] && is_active; }
check_within 60 'one that hangs is killed and started again' restarted
check 'it stops in good order' timeout 30 systemctl stop repcast
check 'and has not failed' [ "$(unit Result)" = success ]

# Another start makes no faulty configuration better; every other end is followed by one.
echo 'Nonsense=yes' >>/etc/repcast/repcast.conf
check 'a faulty configuration is the end' sh -c '! timeout 60 systemctl start repcast'
check 'with the status that says so' [ "$(unit ExecMainStatus)" = 78 ]
check 'and no further try' [ "$(unit ActiveState)" = failed ]
systemctl reset-failed repcast
