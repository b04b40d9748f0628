#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Certificates for the brokers and hubs of a gym: an authority of its own, and what it signs.
set -eu

usage() {
        cat <<USAGE
Usage: certificates.sh FOLDER server NAME-OR-ADDRESS...
       certificates.sh FOLDER hub NAME

Makes FOLDER/ca.key and ca.crt where they are not there yet, and then server.key and server.crt for a broker that is
reached under these names, or NAME.key and NAME.crt for a hub. Who has ca.key can make hubs: keep it where the brokers
are not. Days that a certificate holds: DAYS=825, of the authority CA_DAYS=3650.
USAGE
}

case ${1:-} in -h | --help) usage; exit 0 ;; esac
[ $# -ge 3 ] || { usage >&2; exit 64; }
folder=$1 kind=$2
shift 2
umask 077
mkdir -p "$folder"

new_key() { # FILE
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

# sign FILE SUBJECT EXTENSIONS
sign() {
        new_key "$folder/$1.key"
        printf '%b\n' "basicConstraints=critical,CA:FALSE\n$3" >"$folder/$1.ext"
        openssl req -new -key "$folder/$1.key" -subj "/CN=$2" |
                openssl x509 -req -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -CAcreateserial -days "${DAYS:-825}" \
                        -extfile "$folder/$1.ext" -out "$folder/$1.crt"
        rm -f "$folder/$1.ext"
}

if ! [ -e "$folder/ca.key" ]; then
        new_key "$folder/ca.key"
        openssl req -x509 -new -key "$folder/ca.key" -days "${CA_DAYS:-3650}" -subj '/CN=repcast authority' \
                -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
                -out "$folder/ca.crt"
fi
case $kind in
server)
        names=
        for name; do
                case $name in
                *:* | *[0-9].[0-9]*.[0-9]*.[0-9]*) names="$names,IP:$name" ;;
                *) names="$names,DNS:$name" ;;
                esac
        done
        sign server "$1" "extendedKeyUsage=serverAuth\nsubjectAltName=${names#,}"
        ;;
hub)
        # The name becomes a level of topics and a file's name.
        case $1 in *[!A-Za-z0-9._-]* | ca | server | .*) echo "certificates.sh: '$1' cannot be a hub's name here" >&2; exit 64 ;; esac
        sign "$1" "$1" 'extendedKeyUsage=clientAuth'
        ;;
*)
        usage >&2
        exit 64
        ;;
esac
