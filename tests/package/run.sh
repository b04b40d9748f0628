#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The packages of amd64 in a small Debian: installed, upgraded over an edited configuration, removed, purged. TAP on
# standard output. Services do not run in there; tests/vm has what needs them.
set -eu

usage() {
        cat <<USAGE
Usage: tests/package/run.sh SUITE FOLDER

FOLDER has the packages that scripts/package.sh makes. The Debian to install them in is kept beside it. Takes root.
USAGE
}

[ $# = 2 ] || { usage >&2; exit 64; }
suite=$1 folder=$(cd "$2" && pwd)
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP this takes root'; exit 77; }
package=$(find "$folder" -name 'repcast_*_amd64.deb' | head -n 1)
[ -n "$package" ] || { echo "1..0 # SKIP there is no package in $folder (scripts/package.sh)"; exit 77; }
if [ -z "${PACKAGE_ALONE:-}" ]; then # with mounts that go with this process
        exec env PACKAGE_ALONE=yes unshare -m "$0" "$@"
fi

base=$folder-plain.tar # beside it, for the folder is made anew with the packages
if ! [ -e "$base" ]; then
        mmdebstrap --quiet --format=tar --variant=apt --include=systemd,mosquitto,mosquitto-clients,bluez,dbus "$suite" "$base.new" \
                >"$folder-plain.log" 2>&1
        mv "$base.new" "$base"
fi
root=$(mktemp -d)
trap 'umount -q "$root/proc" 2>/dev/null || :; rm -rf --one-file-system "$root"' EXIT
trap 'exit 130' INT TERM
tar -C "$root" -xf "$base"
mount -t proc proc "$root/proc"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/resolv.conf"

inside() {
        chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

count=0
check() { # NAME COMMAND...
        what=$1
        shift
        count=$((count + 1))
        if "$@" >"$root/tmp/check.log" 2>&1; then
                echo "ok $count - $suite: $what"
        else
                echo "not ok $count - $suite: $what"
                tail -n 20 "$root/tmp/check.log" | cut -c 1-300 | sed 's/^/# /'
        fi
}

not() { ! "$@"; }
has() { [ -e "$root$1" ]; }
lacks() { [ ! -e "$root$1" ]; }
owned() { [ "$(inside stat -c '%U %a' "$1")" = "$2" ]; }

# another FILE VERSION LINE: the same package as of a later version, with a line more in its configuration.
another() {
        rm -rf "$root/tmp/tree"
        dpkg-deb -R "$package" "$root/tmp/tree"
        sed -i "s/^Version: .*/Version: $2/" "$root/tmp/tree/DEBIAN/control"
        echo "$3" >>"$root/tmp/tree/etc/repcast/repcast.conf"
        dpkg-deb -b "$root/tmp/tree" "$root/tmp/$1" >/dev/null
        rm -rf "$root/tmp/tree"
}

cp "$package" "$root/tmp/repcast.deb"
inside find /etc/mosquitto -type f | sort >"$root/tmp/mosquitto-before"

# ---- install
check 'apt installs it, with what it needs' sh -c "$(command -v chroot) '$root' sh -c '
        export DEBIAN_FRONTEND=noninteractive
        apt-get -q update && apt-get -qy install --no-install-recommends /tmp/repcast.deb'"
check 'the user is there' inside getent passwd repcast
check 'its configuration is in order' inside repcastd --check-config
check 'so are its profiles' inside repcastctl check-profiles
check 'the service will start' inside systemctl is-enabled repcast.service
check 'bluetooth.service comes back' sh -c "find '$root'/lib/systemd/ '$root'/usr/lib/systemd -path '*bluetooth.service.d/repcast.conf' | grep -q ."
check 'the dashboard is there' has /usr/share/repcast/dashboard/index.html
check 'manual pages are there' has /usr/share/man/man8/repcastd.8.gz

# ---- a broker, and reps from the daemon as its own user
check 'setup-broker' inside repcastctl setup-broker --yes
check 'mosquitto may read its passwords, nobody else' owned /etc/mosquitto/repcast.passwd 'mosquitto 600'
check 'the hub may read its own' owned /etc/repcast/broker-password 'repcast 600'
check 'people read theirs as root' owned /etc/repcast/wall-password 'root 600'
cp "$(dirname "$0")/talk.sh" "$root/tmp/talk.sh"
# In a network of its own: another broker may have the ports out here.
check 'the hub and the wall meet at the broker' unshare -n sh -c "ip link set lo up && chroot '$root' sh /tmp/talk.sh"

# ---- upgrade
another second.deb 0.1.1 '# of the second version'
check 'an upgrade' inside dpkg -i /tmp/second.deb
check 'a configuration that nobody edited is replaced' grep -q 'of the second version' "$root/etc/repcast/repcast.conf"
echo '# of this gym' >>"$root/etc/repcast/repcast.conf"
another third.deb 0.1.2 '# of the third version'
check 'an upgrade with an edited configuration' inside dpkg --force-confdef --force-confold -i /tmp/third.deb
check 'what was edited stays' grep -q 'of this gym' "$root/etc/repcast/repcast.conf"
check 'the new one lies beside it' grep -q 'of the third version' "$root/etc/repcast/repcast.conf.dpkg-dist"
check 'the passwords are still there' has /etc/repcast/broker-password
check 'the configuration is in order' inside repcastd --check-config

# ---- remove, purge
mkdir -p "$root/var/lib/repcast" && echo events >"$root/var/lib/repcast/events.db"
check 'remove' inside dpkg --remove repcast
check 'programs are gone' lacks /usr/sbin/repcastd
check 'configuration and events stay' sh -c "[ -e '$root/etc/repcast/repcast.conf' ] && [ -e '$root/var/lib/repcast/events.db' ]"
check 'purge' inside dpkg --purge repcast
check 'configuration, passwords and events are gone' sh -c "[ ! -e '$root/etc/repcast' ] && [ ! -e '$root/var/lib/repcast' ]"
inside find /etc/mosquitto -type f | sort >"$root/tmp/mosquitto-after"
check 'the broker is as it was' cmp "$root/tmp/mosquitto-before" "$root/tmp/mosquitto-after"
check 'no file of it is left' sh -c "! find '$root/etc' '$root/usr' '$root/lib' '$root/var/lib' -xdev -iname '*repcast*' | grep ."
echo "1..$count"
umount "$root/proc"
