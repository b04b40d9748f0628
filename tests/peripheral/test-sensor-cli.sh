#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# repcast-sensor as a person meets it: options, profiles, and what it says where it cannot play.
set -u
sensor=${builddir:?run by make check}/repcast-sensor
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

echo 1..17
n=0
result() { # STATUS NAME
        n=$((n + 1))
        if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

# A bus on which nobody is.
DBUS_SYSTEM_BUS_ADDRESS=unix:path=$work/no-bus
export DBUS_SYSTEM_BUS_ADDRESS

refused() { # STATUS NAME WORDS OPTION...
        wanted=$1 name=$2 words=$3
        shift 3
        timeout 20 "$sensor" "$@" >out 2>err
        status=$?
        [ "$status" = "$wanted" ] && [ ! -s out ] && grep -qF -e "$words" err
        result $? "$name (status $status: $(head -n 1 err))"
}

{
        echo t,ax,ay,az,gx,gy,gz
        awk 'BEGIN { for (i = 0; i < 100; i++) printf "%.2f,0,0,9.81,0,0,0\n", i / 100 }'
} >rest.csv

"$sensor" --help >out 2>err && grep -q '^Examples:' out && [ ! -s err ]
result $? 'help with examples'
"$sensor" --version >out 2>err && grep -q '^repcast-sensor [0-9]' out
result $? 'the version'
"$sensor" --list-profiles >out 2>err && grep -q '^repcast-bar .* 100 .*Hz$' out && grep -q '^witmotion-ble5 ' out
result $? 'the profiles'

refused 64 'no recording' 'which recording' --loop
refused 64 'two recordings' 'one recording' rest.csv rest.csv
refused 64 'standard input' 'must be a file' -
refused 64 'a loss beyond all' '--loss: a number from 0 to 100' --loss 101 rest.csv
refused 64 'a stall of one figure' '--stall: two numbers' --stall 30 rest.csv
refused 64 'a stall that never ends' '--stall: the second number' --stall 30:30 rest.csv
refused 64 'a passkey of seven digits' '--pair: a number from 0 to 999999' --pair=1234567 rest.csv
refused 66 'a recording that is not there' 'nowhere.rec' nowhere.rec
echo nonsense >nonsense.rec
refused 65 'a recording that is none' 'nonsense.rec:1' nonsense.rec
refused 78 'a profile that is not there' 'did you mean "witmotion-ble5"' --profile witmotion-ble rest.csv
refused 78 'a rate that the profile has not' 'no rate of 60 Hz' --rate 60 rest.csv
refused 78 'a name that does not fit' 'does not fit into an advertisement' --name "$(printf 'n%.0s' $(seq 27))" rest.csv
refused 69 'no bus' 'cannot connect to the system bus' rest.csv

mkdir own && sed 's/^\[profile .*/[profile mine]/' "${srcdir:?}/conf/profiles/nus-csv.conf" >own/mine.conf
"$sensor" --profiles own --list-profiles >out 2>err && grep -q '^mine ' out
result $? 'a profile of your own'
