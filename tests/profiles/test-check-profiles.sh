#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# repcastctl check-profiles as a person and a script use it: lines, JSON, faults with their place, exit status.
set -u
ctl=${builddir:?run by make check}/repcastctl
profiles=${srcdir:?run by make check}/conf/profiles
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

echo 1..12
n=0
expect() { # STATUS PATTERN NAME ARGUMENT...
        wanted=$1 pattern=$2 name=$3
        shift 3
        n=$((n + 1))
        output=$("$ctl" check-profiles "$@" 2>&1)
        status=$?
        if [ "$status" = "$wanted" ] && printf '%s\n' "$output" | grep -qE "$pattern"; then
                echo "ok $n - $name"
        else
                echo "not ok $n - $name (status $status)"
                printf '%s\n' "$output" | sed 's/^/# /'
        fi
}

expect 0 '^9 profiles in order, 0 faulty$' 'the shipped profiles are in order' "$profiles"
expect 0 '^ok +witmotion-ble5 .* 3 vectors +10 20 50 \[100\] Hz$' 'a line tells name, vectors and rates' \
        "$profiles/witmotion-ble5.conf"
expect 0 '"name":"movella-dot".*"rates_hz":\[30.0,60.0\],"default_hz":60.0,"reps":true,"faults":\[\]' 'JSON tells the same' \
        --json "$profiles"

# A wrong scale: the vector finds it.
sed 's|16/32768 g|8/32768 g|' "$profiles/witmotion-ble5.conf" >"$work/scale.conf"
line=$(grep -n '^\[test rest\]' "$work/scale.conf" | cut -d: -f1)
expect 65 "/scale.conf:$line: \[test rest\]: Acc z of sample 1 is 0.5; 1 is expected\$" 'a wrong scale fails its vector' \
        "$work/scale.conf"
expect 65 '"ok":false,"faults":\[".*Acc z of sample 1 is 0.5; 1 is expected"' 'and JSON holds the words' -j "$work/scale.conf"
expect 65 '^9 profiles in order, 1 faulty$' 'a faulty one does not stop the others' "$work" "$profiles"

sed 's/^Sync=/Snyc=/' "$profiles/witmotion-ble5.conf" >"$work/key.conf"
line=$(grep -n '^Snyc=' "$work/key.conf" | cut -d: -f1)
expect 65 "/key.conf:$line: Snyc=: no such key; did you mean Sync\?\$" 'an unknown key names the nearest' "$work/key.conf"

sed 's/^Gyro=.*//; /^\[test rest\]/,$d' "$profiles/witmotion-ble5.conf" >"$work/acc.conf"
printf '[test rest]\nPacket=imu\nHex=5561f5ff2e000008feffffffffffd9ffb5000000\nAcc=-0.00537 0.02246 1\n' >>"$work/acc.conf"
expect 0 'no source of reps: it has no gyroscope' 'a sensor without gyroscope is no source of reps, with the reason' \
        "$work/acc.conf"

expect 66 '/none.conf: cannot be read: No such file' 'a file that is missing' "$work/none.conf"
expect 64 'unrecognized option' 'wrong use' --jason
"$ctl" check-profiles "$profiles" >/dev/full 2>"$work/full"
status=$?
n=$((n + 1))
if [ $status = 74 ]; then echo "ok $n - a full disk is told"; else echo "not ok $n - a full disk is told ($status)"; fi
n=$((n + 1))
# What is built in is what is shipped as files.
built_in=$("$ctl" check-profiles --json | sed -n 's|.*"path":"built-in/\([^"]*\)".*|\1|p' | sort)
shipped=$(find "$profiles" -name '*.conf' | sed 's|.*/||' | sort)
if [ "$built_in" = "$shipped" ]; then
        echo "ok $n - all that is shipped is built in"
else
        echo "not ok $n - all that is shipped is built in"
        printf '%s\n' "$built_in" | sed 's/^/# /'
fi
