#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The host's side of the virtual gym: image, second disk, QEMU. TAP on standard output.
set -eu

usage() {
        cat <<USAGE
Usage: tests/vm/run.sh BUILD FOLDER [SCENARIO...]

Boots Debian in QEMU with what "make install" in BUILD installs (configured with --prefix=/usr --sysconfdir=/etc) and
runs the scenarios of tests/vm/guest/scenarios in it, or those named. FOLDER keeps the image; logs of the last run are in
FOLDER/logs.

VM_SUITE     bookworm (Debian 12) or trixie (Debian 13); the default is bookworm, and trixie where that is what runs here:
             programs do not run on an older system than the one they were built on
VM_ACCEL     QEMU's accelerator (default: tcg, which works everywhere)
VM_PACKAGES  a folder with repcast_*_amd64.deb (scripts/package.sh): installed in place of what BUILD installs, and
             the scenario 70-package tries them
VM_SECONDS   the guest's time limit (default: 720)

Exit status: 0 all scenarios have run, whatever came out of them; 77 they cannot be run here.
USAGE
}

[ $# -ge 2 ] || { usage >&2; exit 64; }
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) folder=$2
shift 2
skip() {
        echo "1..0 # SKIP $*"
        exit 77
}

[ "$(uname -m)" = x86_64 ] || skip "the guest is made for x86_64, this is $(uname -m)"
for tool in qemu-system-x86_64 mmdebstrap mkfs.ext4; do
        command -v $tool >/dev/null || skip "$tool is not installed (scripts/install-deps.sh vm)"
done
[ "$(id -u)" = 0 ] || skip 'making the disks takes root'

mkdir -p "$folder/logs"
suite=${VM_SUITE:-}
if [ -z "$suite" ]; then
        suite=bookworm
        ! grep -qs '^VERSION_CODENAME=trixie' /etc/os-release || suite=trixie
fi
image=$("$here/image.sh" "$suite" "$folder") || skip 'the image cannot be made; is the package source reachable?'

work=$(mktemp -d)
qemu=
stop() {
        [ -z "$qemu" ] || kill "$qemu" 2>/dev/null || :
        rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

stage=$work/stage
mkdir -p "$stage/recordings"
# The package, and one that says it is later and has another configuration.
stage_packages() {
        mkdir "$stage/packages"
        cp "$VM_PACKAGES"/repcast_*_amd64.deb "$stage/packages/repcast.deb"
        dpkg-deb -R "$stage/packages/repcast.deb" "$work/later"
        sed -i 's/^Version: .*/&+later/' "$work/later/DEBIAN/control"
        echo '# of a later version' >>"$work/later/etc/repcast/repcast.conf"
        dpkg-deb -b "$work/later" "$stage/packages/later.deb" >"$folder/logs/install.log"
}

stage_build() {
        make -s -C "$build" install DESTDIR="$stage/root" >"$folder/logs/install.log" 2>&1
        find "$stage/root" -type f -perm /111 -exec strip {} + 2>/dev/null || :
        rm -rf "$stage"/root/usr/lib/*.a "$stage"/root/usr/include
}

if [ -n "${VM_PACKAGES:-}" ]; then stage_packages; else stage_build; fi
cp -R "$here/guest" "$stage/guest"
if [ $# -gt 0 ]; then
        for scenario in "$stage"/guest/scenarios/*; do
                case " $* " in *" $(basename "$scenario" .sh) "*) ;; *) rm "$scenario" ;; esac
        done
fi
seconds=${VM_SECONDS:-720}
echo $((seconds - 110)) >"$stage/guest/seconds" # boot and logs take the rest
"$here/recordings.sh" "$build" "$stage/recordings"
truncate -s 64M "$work/project" "$work/results"
mkfs.ext4 -q -F -O ^has_journal -m 0 -d "$stage" "$work/project"

: >"$work/tap"
echo "# guest: $suite"
timeout -k 5 "$seconds" qemu-system-x86_64 -accel "${VM_ACCEL:-tcg}" -cpu max -smp 1 -m 768 \
        -nographic -nodefaults -no-reboot \
        -kernel "$image/kernel" -initrd "$image/initrd" \
        -append 'root=/dev/vda rw console=ttyS0 quiet systemd.show_status=no' \
        -drive "file=$image/disk,if=virtio,format=raw,snapshot=on" \
        -drive "file=$work/project,if=virtio,format=raw,readonly=on" \
        -drive "file=$work/results,if=virtio,format=raw" \
        -serial "file:$folder/logs/console" -serial "file:$work/tap" &
qemu=$!
tail -f -n +1 --pid="$qemu" "$work/tap" | sed -u 's|\r$||'
wait "$qemu" || echo "# QEMU ended with status $?"
qemu=
tar -C "$folder/logs" -xf "$work/results" 2>/dev/null || echo '# the guest left no logs'
