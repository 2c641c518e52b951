#!/usr/bin/env bash
# Install the Debian packages that some tests need and this machine lacks: install_system_packages.sh chromium ...
# What cannot be installed is said, and is no failure of this script: the tests that need it say so themselves.
set -uo pipefail

# The commands that a package is wanted for; any of them will do.
commands_of() {
    case $1 in
    chromium) echo chromium chromium-browser google-chrome ;;
    *) echo "$1" ;;
    esac
}

is_there() {
    local command
    for command in $(commands_of "$1"); do
        command -v "$command" >/dev/null && return 0
    done
    return 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then env DEBIAN_FRONTEND=noninteractive "$@"; else sudo -n env DEBIAN_FRONTEND=noninteractive "$@"; fi
}

missing=()
for package in "$@"; do
    is_there "$package" || missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "telgw: some tests need ${missing[*]}: please install it" >&2
    exit 0
fi
if ! as_root true 2>/dev/null; then
    echo "telgw: some tests need ${missing[*]}: please run   sudo apt-get install ${missing[*]}" >&2
    exit 0
fi
echo "telgw: installing ${missing[*]} with apt-get, which some tests need"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { as_root apt-get update && as_root apt-get install --yes --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "telgw: ${missing[*]} could not be installed, see above; the tests that need it will fail" >&2
fi
exit 0
