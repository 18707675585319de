# shellcheck shell=bash disable=SC2034
# Our own tests of what a Linux program may rely on: NAME (ET_EXEC) and NAME-pie (static-PIE) of each.
MAIN=.
FILES="conformance/*.c conformance/*.h"

build() {
    local file name flags="-O1 -g -Wall -Wextra -Werror -Wno-nonnull -Wno-unused-result -I$HERE/conformance"
    for file in "$HERE"/conformance/*.c; do
        name=$(basename "$file" .c)
        # shellcheck disable=SC2086
        "$CC" $flags "$file" -o "$OUT/$name"
        # shellcheck disable=SC2086
        "$CC_PIE" $flags "$file" -o "$OUT/$name-pie"
    done
}
