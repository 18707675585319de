# shellcheck shell=bash disable=SC2034
# All that processes and threads do, at once and checked.
MAIN=stress
FILES="programs/stress/stress.c"

build() { "$CC" -O1 -g -Wall -Wextra -Werror "$HERE/programs/stress/stress.c" -o "$OUT/stress"; }
