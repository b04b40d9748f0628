#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# websocket.sh PORT USER PASSWORD TOPIC: what the page would get: MQTT 3.1.1 over websockets (RFC 6455) from this machine's
# broker, as raw bytes on standard output, until it is killed. There is no other client for that on a bare Debian.
set -eu -o pipefail
port=$1 user=$2 password=$3 topic=$4

hex() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'; }
field() { printf '%04x%s' "${#1}" "$(hex "$1")"; } # a string with its length before it

# One packet in one binary frame, masked with zeroes; short ones only.
send() { # TYPE BODY, both in hex
        local packet
        packet=$(printf '%s%02x%s' "$1" $((${#2} / 2)) "$2")
        # shellcheck disable=SC2059 # the format is the bytes
        printf "$(printf '82%02x00000000%s' $((0x80 | ${#packet} / 2)) "$packet" | sed 's/../\\x&/g')" >&3
}

exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /mqtt HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' >&3
printf 'Sec-WebSocket-Key: cmVwY2FzdCB0ZXN0IGtleQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n' >&3
IFS= read -r answer <&3
printf '%s\n' "$answer"
[[ $answer == *101* ]]
send 10 "$(field MQTT)04c20000$(field '')$(field "$user")$(field "$password")" # clean session, no keep-alive
send 82 "0001$(field "$topic")00"
exec cat <&3
