# shellcheck shell=bash disable=SC2034
# System-call micro-benchmarks: time per operation.
MAIN=ubench
FILES=ubench.c

build() { "$CC" -O2 "$HERE/ubench.c" -o "$OUT/ubench"; }
