#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-includes.sh TREE: a folder includes only what stands below it (doc/architecture.md). Prints each line that
# does not; status 1 where there is one.
set -eu
cd "$1"

status=0
# allow FOLDER-OR-FILE REGEX: what may stand between the quotes or angle brackets of its #include lines.
allow() {
        [ -e "$1" ] || { echo "check-includes.sh: there is no $1" >&2; exit 2; }
        lines=$(grep -rnHE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include' "$1" |
                sed -E 's/^([^:]*:[0-9]*):[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]([^>"]*)[>"].*/\1 \2/' |
                awk -v allowed="^($2)\$" '$2 !~ allowed { print $1 " includes " $2 }')
        [ -z "$lines" ] || { printf '%s\n' "$lines"; status=1; }
}

pure='errno.h|float.h|limits.h|math.h|stdbool.h|stddef.h|stdint.h|string.h|repcast/[a-z0-9-]+.h'
system='[a-z0-9_-]+.h|sys/[a-z0-9_-]+.h|arpa/inet.h|netinet/[a-z]+.h'
systemd='systemd/sd-[a-z0-9]+.h'

allow include/repcast "$pure"
allow src/core "$pure|core/[a-z0-9-]+.h|util/(macros|seconds).h"
allow src/coach "$pure|coach/[a-z0-9-]+.h|util/(macros|seconds).h"
allow src/util "$system|$systemd|util/[a-z0-9-]+.h"
allow src/sensor "$system|repcast/[a-z0-9-]+.h|sensor/[a-z0-9-]+.h|util/[a-z0-9-]+.h"
for hot in decoder.c unpack.c; do # what runs for each packet neither allocates nor reads files
        allow "src/sensor/$hot" "$pure|sensor/[a-z0-9-]+.h|util/(bytes|macros|number).h"
done
allow src/recording "$system|repcast/[a-z0-9-]+.h|recording/[a-z0-9-]+.h|util/[a-z0-9-]+.h|sensor/[a-z0-9-]+.h"
allow src/message "$system|repcast/[a-z0-9-]+.h|coach/[a-z0-9-]+.h|message/[a-z0-9-]+.h|util/[a-z0-9-]+.h"
allow src/store "$system|repcast/[a-z0-9-]+.h|message/[a-z0-9-]+.h|store/[a-z0-9-]+.h|util/[a-z0-9-]+.h"
allow src/mqtt "$system|openssl/[a-z0-9]+.h|repcast/[a-z0-9-]+.h|message/[a-z0-9-]+.h|mqtt/[a-z0-9-]+.h|util/[a-z0-9-]+.h"
allow src/bluez "$system|$systemd|bluez/[a-z0-9-]+.h|util/[a-z0-9-]+.h"
allow src/hub "$system|$systemd|[a-z]+/[a-z0-9-]+.h"
allow src/peripheral "$system|dbus/dbus.h|repcast/[a-z0-9-]+.h|(peripheral|sensor|recording|util)/[a-z0-9-]+.h|hub/playback.h"
allow src/ctl "$system|$systemd|[a-z]+/[a-z0-9-]+.h"

# Each library has one room, whatever the patterns above let through.
only_in() { # HEADER FOLDERS
        lines=$(grep -rnE --include='*.[ch]' "^[[:space:]]*#[[:space:]]*include[[:space:]]*<$1>" include src |
                grep -vE "^($2)[:/]" || :)
        [ -z "$lines" ] || { printf '%s\n' "$lines" | sed 's/:#/ has #/'; status=1; }
}
only_in 'mosquitto\.h' 'src/mqtt'
only_in 'openssl/[a-z0-9]+\.h' 'src/mqtt/tls(-look)?.c'
only_in 'dbus/dbus\.h' 'src/peripheral'
only_in 'jansson\.h' 'src/message|src/mqtt|src/ctl'
only_in 'sqlite3\.h' 'src/store'
only_in 'systemd/sd-bus\.h' 'src/bluez|src/hub|src/ctl'
only_in 'systemd/sd-event\.h' 'src/bluez|src/hub'
only_in 'systemd/sd-journal\.h' 'src/util/log.c'
exit "$status"
