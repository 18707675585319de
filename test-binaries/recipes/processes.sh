# shellcheck shell=bash disable=SC2034
# Programs of ours with many processes and threads, and `hand`, which starts and signals others.
MAIN=.
FILES="programs/hand.c programs/threads.c programs/forks.c"

build() {
    local name
    for name in hand threads forks; do
        "$CC" -O2 -Wall -Wextra -Werror -Wno-unused-result "$HERE/programs/$name.c" -o "$OUT/$name"
    done
}
