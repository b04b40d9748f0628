#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The main job on this machine: three stations, a private broker, reps as they arrive from it.
set -eu

usage() {
        cat <<USAGE
Usage: scripts/demo.sh [--speed N] [--loop] [--json] [--keep]

Installs what is missing, builds repcast, makes three synthetic recordings, starts a private MQTT broker on a free
loopback port and repcastd with three stations that play the recordings, and shows the reps that the broker delivers. The
same broker serves the dashboard; its address is printed:

  rack-1      back squat, a normal set
  rack-2      negative squat, tempo 4-0-2-0, tiring towards the end
  platform-1  deadlift

  --speed N   play the recordings N times faster than real time, 1 to 100 (default 1: about 80 seconds)
  --loop      play the recordings again and again until Ctrl-C: time to look at the dashboard
  --json      show every message as it is: topic, then JSON
  --keep      keep the working folder with recordings, configuration and logs
  -h, --help  this text

Ctrl-C or the end of the sets stops everything. Nothing is left running; nothing outside this folder, apart from
installed packages, is written.

Examples:
  scripts/demo.sh --speed 8
  scripts/demo.sh --loop              # then open the address that it prints
  scripts/demo.sh --json --speed 20 | grep /rep
USAGE
}

speed=1 format=lines keep=no loop=no
while [ $# -gt 0 ]; do
        case $1 in
        --speed)
                [ $# -ge 2 ] || { usage >&2; exit 64; }
                speed=$2
                shift
                ;;
        --speed=*) speed=${1#*=} ;;
        --loop) loop=yes ;;
        --json) format=json ;;
        --keep) keep=yes ;;
        -h | --help) usage; exit 0 ;;
        *) echo "demo.sh: unknown option $1" >&2; usage >&2; exit 64 ;;
        esac
        shift
done
case $speed in
'' | *[!0-9]*) echo "demo.sh: --speed takes a whole number from 1 to 100, not '$speed'" >&2; exit 64 ;;
esac
if [ "${#speed}" -gt 3 ] || [ "$speed" -lt 1 ] || [ "$speed" -gt 100 ]; then
        echo "demo.sh: --speed takes a whole number from 1 to 100, not '$speed'" >&2
        exit 64
fi

cd "$(dirname "$0")/.."
top=$PWD
exec 3>&1
[ "$format" = lines ] || exec 1>&2 # in --json mode only messages go to standard output
. scripts/common.sh

# shellcheck disable=SC2086 # lists of names
install_packages $packages_build $packages_demo
PATH=$PATH:/usr/sbin:/sbin

build=$top/build-demo
mkdir -p "$build"

say 'building'
cd "$build"
if [ ! -e Makefile ]; then
        (cd "$top" && quietly "$build/autogen.log" ./autogen.sh) || die "autogen.sh failed ($build/autogen.log)"
        quietly configure.log "$top/configure" || die "configure failed ($build/config.log)"
fi
quietly make.log make -j"$(nproc)" || die "the build failed ($build/make.log)"

work=$(mktemp -d "$build/run.XXXXXX")
pids=
stop() {
        trap '' INT TERM
        for pid in $pids; do
                kill "$pid" 2>/dev/null || :
        done
        for pid in $pids; do
                wait "$pid" 2>/dev/null || :
        done
        [ "$keep" = yes ] || rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say 'making three recordings'
reps_made=0
synth() { # FILE REPS OPTION...
        file=$1 reps=$2
        shift 2
        reps_made=$((reps_made + reps))
        quietly "$work/synth.log" tests/synth/repcast-synth --layout packets -o "$work/$file" --reps "$reps" "$@" ||
                die "the generator failed ($work/synth.log)"
}
synth rack-1.rec 6 --exercise back-squat --tempo 2-0-1-1 --rom 0.58 --seed 101
synth rack-2.rec 8 --exercise back-squat --tempo 4-0-2-0 --rom 0.56 --fatigue 30 --seed 102
synth platform-1.rec 5 --exercise deadlift --tempo 2-1-1-1 --rom 0.55 --seed 103

# Two ports that are free now; mosquitto is asked again on others if somebody was faster. One for the hub, one for people:
# MQTT over websockets, and the dashboard.
start_broker() {
        for attempt in 1 2 3 4 5 6 7 8 9 10; do
                port=$((20000 + ($$ * 7 + attempt * 131) % 20000))
                cat >"$work/mosquitto.conf" <<CONF
listener $port 127.0.0.1
listener $((port + 1)) 127.0.0.1
protocol websockets
http_dir $top/dashboard
user $(id -un)
allow_anonymous true
persistence false
CONF
                mosquitto -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
                broker=$!
                for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
                        kill -0 "$broker" 2>/dev/null || break
                        if grep -q 'running$' "$work/mosquitto.log"; then
                                pids="$broker"
                                return 0
                        fi
                        sleep 0.1
                done
                kill "$broker" 2>/dev/null || :
                wait "$broker" 2>/dev/null || :
        done
        die "mosquitto did not start ($(tail -n 1 "$work/mosquitto.log"))"
}
start_broker

cat >"$work/repcast.conf" <<CONF
[hub]
Name=demo

[mqtt]
Broker=127.0.0.1:$port

[station rack-1]
Athlete=ana
Exercise=back-squat
LoadKg=100
Recording=$work/rack-1.rec
RecordingSpeed=$speed
RecordingLoop=$loop

[station rack-2]
Athlete=ben
Exercise=back-squat
LoadKg=70
Prescription=negative-squat
Recording=$work/rack-2.rec
RecordingSpeed=$speed
RecordingLoop=$loop

[station platform-1]
Athlete=cleo
Exercise=deadlift
LoadKg=120
Recording=$work/platform-1.rec
RecordingSpeed=$speed
RecordingLoop=$loop
CONF

# What the broker delivers, one line each. jq's @text keeps hostile names out of the terminal's control sequences.
show_lines() {
        jq --unbuffered -rR '
                def pad(n): . + (" " * ([n - length, 0] | max));
                def lpad(n): (" " * ([n - length, 0] | max)) + .;
                def fixed(d): if . == null then "-" else
                        ((. * pow(10; d) + 0.5 | floor | tostring) as $i | ("0" * ([d + 1 - ($i | length), 0] | max)) + $i
                        | if d == 0 then . else .[:-d] + "." + .[-d:] end) end;
                capture("^(?<topic>[^ ]+) (?<body>.*)$") | .topic as $topic | (.body | fromjson? // empty)
                | if .type == "rep" then
                        (.station | pad(11)) + (.athlete // "-" | pad(6)) + (.exercise | pad(12))
                        + "set \(.set) rep " + ("\(.rep)" | lpad(2))
                        + "   tempo " + ([.tempo_s.eccentric, .tempo_s.bottom, .tempo_s.concentric] | map(fixed(1)) | join(" - "))
                        + "   ROM " + (.rom_m | fixed(2)) + " m"
                        + "   eccentric " + (.eccentric.mean_mps | fixed(2)) + "   concentric " + (.concentric.mean_mps | fixed(2)) + " m/s"
                        + "   loss " + (.velocity_loss_pct | fixed(0) | lpad(2)) + " %"
                  elif .type == "set" then
                        (.station | pad(11)) + "set \(.set) ended: \(.reps | length) reps, "
                        + (.tut_s | fixed(1)) + " s under tension, best " + (.best_mps | fixed(2)) + " m/s"
                  elif .type == "rejected" then
                        (.station | pad(11)) + "not counted: \(.reason), " + (.rom_m | fixed(2)) + " m"
                  elif ($topic | endswith("/status")) then "hub        \(.state)"
                  else empty end'
}

say "broker on 127.0.0.1:$port, topics repcast/demo/#; playing at ${speed}x (Ctrl-C stops)"
say "dashboard: http://127.0.0.1:$((port + 1))/#wall"
fifo=$work/messages
mkfifo "$fifo"
mosquitto_sub -h 127.0.0.1 -p "$port" -q 1 -t 'repcast/#' -F '%t %p' >"$fifo" 2>"$work/mosquitto_sub.log" &
subscriber=$!
if [ "$format" = json ]; then
        tee "$work/messages.log" <"$fifo" >&3 &
else
        tee "$work/messages.log" <"$fifo" | show_lines &
fi
viewer=$!
pids="$subscriber $viewer $pids"

[ "$loop" = yes ] || until_end=--until-end
./repcastd --config "$work/repcast.conf" ${until_end:+"$until_end"} 2>"$work/repcastd.log" &
daemon=$!
pids="$daemon $pids"
status=0
wait "$daemon" || status=$?
sleep 0.3 # what the broker still delivers
kill "$subscriber" 2>/dev/null || :
wait "$viewer" 2>/dev/null || :
[ "$status" = 0 ] || {
        cat "$work/repcastd.log" >&2
        die "repcastd failed with status $status"
}
reps=$(grep -c '/rep {' "$work/messages.log" || :)
say "done: $reps reps received from the broker; $reps_made were in the recordings"
[ "$keep" = no ] || say "kept in $work"
