#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# image-hook.sh initrd|system ROOT: what image.sh changes in the root file system, before and after its packages come.
set -eu
what=$1 root=$2

case $what in
initrd)
        # The initrd finds the disk and no more; a general one takes longer to unpack than the rest of the boot.
        mkdir -p "$root/etc/initramfs-tools/conf.d"
        printf 'MODULES=list\nCOMPRESS=gzip\n' >"$root/etc/initramfs-tools/conf.d/gym"
        printf '%s\n' virtio_pci virtio_blk ext4 >"$root/etc/initramfs-tools/modules"
        ;;
system)
        echo gym >"$root/etc/hostname"
        printf '127.0.0.1\tlocalhost gym\n' >"$root/etc/hosts"
        chroot "$root" passwd -d root >/dev/null
        cp "$(dirname "$0")/guest/gym.service" "$root/etc/systemd/system/"
        # Nobody logs in, nothing is to run by itself, and the tests say when broker and BlueZ start.
        chroot "$root" systemctl --quiet enable gym.service
        chroot "$root" systemctl --quiet disable mosquitto.service bluetooth.service
        for unit in getty@tty1.service serial-getty@ttyS0.service apt-daily.timer apt-daily-upgrade.timer \
                e2scrub_all.timer e2scrub_reap.service fstrim.timer dpkg-db-backup.timer systemd-timesyncd.service \
                systemd-tmpfiles-clean.timer; do
                chroot "$root" systemctl --quiet mask "$unit"
        done
        ;;
esac
