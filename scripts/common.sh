# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034 # read by the scripts that source this
# What demo.sh and test.sh share: talking, and installing packages without starting anybody's services.

if [ -t 1 ]; then
        bold=$(printf '\033[1m') dim=$(printf '\033[2m') red=$(printf '\033[31m') plain=$(printf '\033[0m')
else
        bold='' dim='' red='' plain=''
fi

say() {
        printf '%s\n' "$bold== $*$plain"
}

die() {
        printf '%s\n' "$red${0##*/}: $*$plain" >&2
        exit 1
}

# Packages that build and run repcast. The names are the same on Debian 12 and 13.
packages_build='gcc libc6-dev make autoconf automake autoconf-archive pkg-config
        libsystemd-dev libmosquitto-dev libssl-dev libjansson-dev libsqlite3-dev libdbus-1-dev'
packages_demo='mosquitto mosquitto-clients jq'
packages_test='clang dbus-daemon libcmocka-dev mosquitto mosquitto-clients jq valgrind python3 python3-jinja2 python3-jsonschema nodejs mandoc shellcheck xz-utils openssl iproute2 strace python3-jeepney'
packages_analyse='clang-tidy cppcheck codespell gcovr pyflakes3'
packages_dashboard='chromium chromium-driver python3-selenium fonts-noto-core'
packages_bench='python3-bleak python3-numpy python3-paho-mqtt'
packages_fleet='nats-server'
packages_package='mmdebstrap git'
packages_arm64='gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user'
packages_vm='qemu-system-x86 mmdebstrap e2fsprogs'

as_root() {
        if [ "$(id -u)" = 0 ]; then
                "$@"
        else
                sudo "$@"
        fi
}

missing_packages() {
        for package in "$@"; do
                status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) || status=
                case $status in ii*) ;; *) printf '%s ' "$package" ;; esac
        done
}

apt_unattended() {
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 "$@"
}

# A broker that a package brings along must not start as a system service just because it was installed. dpkg asks
# this file first; it is there only while apt runs, and an administrator's own is left as it is.
policy=/usr/sbin/policy-rc.d
forbid_services() {
        [ -e "$policy" ] && return 0
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        policy_is_ours=yes
}

allow_services() {
        [ "${policy_is_ours:-no}" = no ] || as_root rm -f "$policy"
        policy_is_ours=no
}

install_packages() {
        missing=$(missing_packages "$@")
        [ -n "$missing" ] || return 0
        command -v apt-get >/dev/null || die "needs Debian's apt-get; install these by hand: $missing"
        [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
                die "these packages are missing and sudo is not installed; as root: apt-get install $missing"
        say "installing: $missing"
        install_log=$(mktemp)
        forbid_services
        trap 'allow_services' EXIT
        trap 'exit 130' INT TERM
        # shellcheck disable=SC2086 # a list of names
        if ! { apt_unattended install -y --no-install-recommends $missing ||
                { apt_unattended update && apt_unattended install -y --no-install-recommends $missing; }; } \
                >"$install_log" 2>&1; then
                tail -n 15 "$install_log" >&2
                die "could not install the packages (whole log: $install_log); is the package source reachable?"
        fi
        rm -f "$install_log"
        allow_services
        trap - EXIT INT TERM
}

# quietly LOG COMMAND...: run it; show the end of its output only where it fails.
quietly() {
        quiet_log=$1
        shift
        if ! "$@" >"$quiet_log" 2>&1; then
                tail -n 25 "$quiet_log" >&2
                return 1
        fi
}
