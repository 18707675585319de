# shellcheck shell=bash disable=SC2034
# The Open POSIX Test Suite's conformance cases: a program each, cases/INTERFACE_NUMBER; `driver`, which
# runs many of them one after the other; `list`, their names; `not-built`, those that musl's headers or
# functions do not let be compiled.
SOURCE=posixtestsuite
MAIN=.
FILES="posix/driver.c"

build() {
    local base=$PWD/conformance/interfaces
    mkdir -p "$OUT/cases" "$OUT/failed"
    # Names with letters after the numbers are parts of others or only to be compiled.
    find "$base" -name '[0-9]*-*.c' | grep -E '/[0-9]+-[0-9]+\.c$' | LC_ALL=C sort >files
    export INCLUDE=$PWD/include BASE=$base
    one_case() {
        local name=${1#"$BASE"/}
        name=${name%.c} name=${name//\//_}
        "$CC" -w -std=gnu99 -O1 -D_GNU_SOURCE -include fcntl.h -I"$INCLUDE" "$1" -o "$OUT/cases/$name" -s -lpthread -lrt -lm \
            2>"$OUT/failed/$name" && rm "$OUT/failed/$name" || rm -f "$OUT/cases/$name"
    }
    export -f one_case
    xargs -P "$JOBS" -I{} bash -c 'one_case {}' <files
    (cd "$OUT/cases" && printf '%s\n' *) | LC_ALL=C sort >"$OUT/list"
    for failed in "$OUT"/failed/*; do
        [ -e "$failed" ] || continue
        printf '%s: %s\n' "$(basename "$failed")" "$(grep -m 1 -E 'error|undefined' "$failed" | sed 's/.*\(error\|undefined\)/\1/')"
    done >"$OUT/not-built"
    rm -r "$OUT/failed"
    "$CC" -O1 -Wall -Wextra -Werror "$HERE/posix/driver.c" -o "$OUT/driver"
}
