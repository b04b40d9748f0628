#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make the guest's image: a minimal Debian with kernel, systemd, BlueZ, its controller emulator and mosquitto. It knows
# nothing of repcast, which comes on a second disk, so it is made once and kept until what goes into it changes.
set -eu

usage() {
        cat <<USAGE
Usage: tests/vm/image.sh SUITE FOLDER

SUITE is bookworm (Debian 12) or trixie (Debian 13). The image goes to FOLDER/SUITE-KEY, where KEY is made of all that
goes into it; nothing is done where it is there already. Prints the name of that folder: disk, kernel and initrd.
USAGE
}

[ $# = 2 ] || { usage >&2; exit 64; }
suite=$1 images=$2
here=$(cd "$(dirname "$0")" && pwd)

# jq, mosquitto's client and the library of each program of repcast; libnss-systemd as on every ordinary Debian.
packages='linux-image-amd64 initramfs-tools systemd-sysv udev kmod dbus libnss-systemd procps
        bluez bluez-test-tools mosquitto mosquitto-clients jq libjansson4 libdbus-1-3 libsqlite3-0 libsystemd0'
# Most of a kernel's modules drive what no virtual machine has.
leave_out='drivers/gpu drivers/media drivers/net drivers/infiniband drivers/scsi drivers/iio drivers/hid drivers/usb
        drivers/ata drivers/staging drivers/platform drivers/hwmon drivers/mfd drivers/video drivers/input drivers/md
        drivers/power drivers/leds drivers/nvme drivers/regulator drivers/tty drivers/watchdog drivers/thermal sound
        fs/btrfs fs/xfs fs/ocfs2 fs/gfs2 fs/f2fs fs/nfs fs/nfsd fs/smb fs/ceph fs/reiserfs fs/jfs net/netfilter net/sched
        net/mac80211 net/wireless net/sctp net/tipc net/openvswitch'

key=$({ echo "$suite"; cat "$0" "$here/image-hook.sh" "$here/guest/gym.service"; } | sha256sum | cut -c 1-12)
image=$images/$suite-$key
if [ -e "$image/disk" ]; then
        echo "$image"
        exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$work/out" "$images"

set -- --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*'
for folder in $leave_out; do
        set -- "$@" --dpkgopt="path-exclude=/lib/modules/*/kernel/$folder/*" \
                --dpkgopt="path-exclude=/usr/lib/modules/*/kernel/$folder/*"
done
mmdebstrap --quiet --variant=minbase --include="$(echo "$packages" | tr -s ' \n' ',,')" "$@" \
        --essential-hook="$here/image-hook.sh initrd \"\$1\"" --customize-hook="$here/image-hook.sh system \"\$1\"" \
        "$suite" "$work/root"

cp "$work"/root/boot/vmlinuz-* "$work/out/kernel"
cp "$work"/root/boot/initrd.img-* "$work/out/initrd"
rm -rf "$work"/root/boot/* "$work"/root/var/cache/apt/*
truncate -s 1G "$work/out/disk"
mkfs.ext4 -q -F -O ^has_journal -m 0 -L gym -d "$work/root" "$work/out/disk"
rm -rf "$image" "$images/$suite-"*
mv "$work/out" "$image"
echo "$image"
