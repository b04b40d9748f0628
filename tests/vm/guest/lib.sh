# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # what it sets is used by the scenarios, and the other way round
# What the scenarios share. All output that is not TAP goes to files under $logs, which the host gets as they are.

logs=/run/gym
messages=$logs/messages
recordings=/mnt/recordings
count=0

ok() { # NAME
        count=$((count + 1))
        echo "ok $count - $scenario: $1"
}

not_ok() { # NAME [FILE]
        count=$((count + 1))
        echo "not ok $count - $scenario: $1"
        [ $# -lt 2 ] || tail -n 30 "$2" | cut -c 1-300 | sed 's/^/#   /'
}

# check NAME COMMAND...: does it succeed?
check() {
        what=$1
        shift
        if "$@" >"$logs/check.log" 2>&1; then ok "$what"; else not_ok "$what" "$logs/check.log"; fi
}

# within SECONDS COMMAND...: does it succeed before so many seconds are over?
within() {
        until=$(($(date +%s) + $1))
        shift
        while ! "$@" >"$logs/within.log" 2>&1; do
                [ "$(date +%s)" -lt "$until" ] || return 1
                sleep 0.5
        done
}

# check_within SECONDS NAME COMMAND...
check_within() {
        seconds=$1 what=$2
        shift 2
        asked=$(date +%s)
        if within "$seconds" "$@"; then
                ok "$what"
                echo "# after $(($(date +%s) - asked)) s"
        else
                not_ok "$what (not within $seconds s)" "$logs/within.log"
        fi
}

# ---- the hub ------------------------------------------------------------------------------------------------------

configure() { # stations on standard input
        {
                printf '[hub]\nName=gym\nLogLevel=debug\n\n[mqtt]\nBroker=127.0.0.1:1883\n\n'
                cat
        } >/etc/repcast/repcast.conf
}

hub_journal() { # since the mark
        journalctl --no-pager -o cat -u repcast --since "@$hub_mark"
}

hub_mark=0
mark() { hub_mark=$(date +%s.%6N); }

unit() { # PROPERTY
        systemctl show --value -p "$1" repcast.service
}

is_active() { [ "$(systemctl is-active repcast.service)" = active ]; }

# What the broker has delivered since the scenario began: the bodies of one type.
bodies() { # TYPE
        sed 's/^[^ ]* //' "$messages" | jq -cR "fromjson? | select(.type == \"$1\")"
}

count_of() { # TYPE
        bodies "$1" | wc -l
}

at_least() { # N TYPE
        [ "$(count_of "$2")" -ge "$1" ]
}

# The kernel says that the clock is right: 1 ms of error at most, and no STA_UNSYNC (struct timex of x86_64).
declare_right() {
        perl -e 'my $t = pack("L x4 q q q q l x4 x160", 0x14, 0, 0, 1000, 1000, 0); exit(syscall(159, $t) < 0)'
}

# doctor FINDING...: just these warnings and faults, and the exit status of the worst. Loss does not count, for nothing about the
# timing of this radio is real.
doctor() {
        status=0
        repcastctl doctor --json >"$logs/doctor" || status=$?
        jq -r 'select(.weight != "ok") | "\(.weight) \(.finding): \(.what)"' "$logs/doctor"
        found=$(jq -r 'select(.weight == "warning" or .weight == "fault") | .finding' "$logs/doctor" | grep -v '^sensor-loss$' | sort | xargs)
        worst=$(jq -s 'map(.weight) | if any(. == "fault") then 1 elif any(. == "warning") then 2 else 0 end' "$logs/doctor")
        echo "status $status, found: $found"
        [ "$status" = "$worst" ] && [ "$found" = "$*" ]
}
advises() { jq -r .advice "$logs/doctor" | grep -qF "$1"; }

# ---- the radio ----------------------------------------------------------------------------------------------------

adapters() { busctl --no-pager tree --list org.bluez 2>/dev/null | grep -c '/hci[0-9]*$'; }


# Kept: it is asked for while BlueZ is away, too.
address() { # hciN
        [ -s "$logs/address-$1" ] ||
                busctl get-property org.bluez "/org/bluez/$1" org.bluez.Adapter1 Address | cut -d '"' -f 2 >"$logs/address-$1"
        cat "$logs/address-$1"
}

has_adapters() { # N
        [ "$(adapters)" = "$1" ]
}

# btvirt carries one link for each controller. A reset at the very start may get lost in the kernel, and the controller
# is then never seen: begin again.
plug_in() { # CONTROLLERS
        for _ in 1 2 3; do
                btvirt -L "-l$1" >"$logs/btvirt.log" 2>&1 &
                btvirt=$!
                systemctl start bluetooth
                within 14 has_adapters "$1" && return 0
                unplug
        done
        return 1
}

unplug() {
        kill "$btvirt" 2>/dev/null
        wait "$btvirt" 2>/dev/null
}

# Nothing of one scenario is left for the next.
start_anew() {
        systemctl stop repcast bluetooth
        [ -z "${btvirt:-}" ] || unplug
        rm -rf /var/lib/bluetooth/* /var/lib/repcast/*
        plug_in 2
}

sensor_start() { # NAME OPTION... RECORDING
        sensor_log=$logs/sensor-$scenario-$1.log
        shift
        repcast-sensor "$@" >"$sensor_log" 2>&1 &
        sensor=$!
}

sensor_says() { # PATTERN
        grep -q "$1" "$sensor_log"
}

sensor_stop() {
        kill "$sensor" 2>/dev/null
        wait "$sensor" 2>/dev/null
}

# ---- both ---------------------------------------------------------------------------------------------------------

hub_address() { address hci0; }
sensor_address() { address hci1; }

# The hub on the first adapter, a virtual sensor on the second, at station rack-1.
configure_radio() { # LINE-FOR-THE-STATION...
        {
                printf '[hub]\nName=gym\nLogLevel=debug\n\n[mqtt]\nBroker=127.0.0.1:1883\n\n'
                printf '[bluetooth]\nAdapters=%s\n\n' "$(hub_address)"
                printf '[station rack-1]\nExercise=back-squat\nSensor=%s\n' "$(sensor_address)"
                [ $# = 0 ] || printf '%s\n' "$@"
        } >/etc/repcast/repcast.conf
}

streaming() { sensor_says "streaming at"; }

# The reps that came are those of the recording: tempo within 0.1 s, travel within 2 cm. What the radio adds is half a
# packet of jitter in the timebase, no more.
# Of the hub's last run: what an earlier one could not deliver comes late.
reps_are_those_of() { # RECORDING
        bodies rep | jq -sc '(last.id // "" | split("-")[0]) as $run | .[] | select(.id | startswith($run))' >"$logs/reps"
        jq -es --slurpfile wanted "$recordings/$1.reps" '
                def near(a; b; tolerance): ((a - b) | fabs) <= tolerance;
                length == ($wanted | length) and ([., $wanted] | transpose | all(
                        near(.[0].tempo_s.eccentric; .[1].tempo_s.eccentric; 0.1) and
                        near(.[0].tempo_s.concentric; .[1].tempo_s.concentric; 0.1) and
                        near(.[0].rom_m; .[1].rom_m; 0.02)))' "$logs/reps" || {
                jq -c '[.set, .rep, .rom_m, .tempo_s.eccentric, .tempo_s.concentric]' "$logs/reps"
                echo wanted:
                jq -c '[.set, .rep, .rom_m, .tempo_s.eccentric, .tempo_s.concentric]' "$recordings/$1.reps"
                return 1
        }
}
