# shellcheck shell=bash
# Shared by the scripts of this folder and test-binaries/build: source it, do not run it.
# Gives: ROOT (the clone), CACHE (where downloads and built programs live), KERNEL, ELFIN,
# and say, note, die, have, retry, as_root, built, need_elfin.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${ELFIN_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/elfin}
TARGET_DIR=${CARGO_TARGET_DIR:-$ROOT/target}
KERNEL=${ELFIN_KERNEL:-$TARGET_DIR/x86_64-unknown-none/release/elfin-kernel}
ELFIN=${ELFIN:-$TARGET_DIR/host/elfin}
export ELFIN_KERNEL=$KERNEL

say() { printf '%s\n' "$*"; }
note() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { note "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# retry COMMAND…: three attempts with a pause, for downloads.
retry() {
    local attempt
    for attempt in 1 2 3; do
        "$@" && return 0
        [ "$attempt" = 3 ] || { note "attempt $attempt of 3 failed: $*"; sleep $((attempt * 2)); }
    done
    return 1
}

# as_root COMMAND…: through sudo where we are not root already.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif have sudo; then sudo -- "$@"
    else die "needs root for: $*  (run this as root, or install sudo)"
    fi
}

# built NAME: builds a program of test-binaries/ and prints its path.
built() { "$ROOT/test-binaries/build" "$1"; }

# need_elfin: the kernel and the command line tool, or how to get them.
need_elfin() {
    [ -f "$KERNEL" ] || die "no kernel at $KERNEL: run 'make kernel', or set ELFIN_KERNEL"
    [ -x "$ELFIN" ] || die "no elfin command at $ELFIN: run 'make cli', or set ELFIN"
}
