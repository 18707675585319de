# shellcheck shell=bash disable=SC2034
# The first program of the Linux guest (scripts/linux-guest).
MAIN=init
FILES=guest/init.c

build() { "$CC" -O2 -Wall -Wextra "$HERE/guest/init.c" -o "$OUT/init"; "$STRIP" "$OUT/init"; }
