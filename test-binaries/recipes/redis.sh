# shellcheck shell=bash disable=SC2034
# redis-server for the machine; redis-cli and redis-benchmark from the same source for the host.
SOURCE=redis
MAIN=redis-server

build() {
    local flags=(MALLOC=libc BUILD_TLS=no USE_SYSTEMD=no V=1)
    cp -a . ../host
    make -C ../host/src -j"$JOBS" CC="$HOSTCC" "${flags[@]}" redis-cli redis-benchmark
    make -C src -j"$JOBS" CC="$CC" "${flags[@]}" redis-server
    cp src/redis-server ../host/src/redis-cli ../host/src/redis-benchmark "$OUT/"
    # The same objects as a program that relocates itself (gcc compiles position-independent code here).
    rm -f src/redis-server
    make -C src -j"$JOBS" CC="$CC_PIE" "${flags[@]}" redis-server
    cp src/redis-server "$OUT/redis-server-pie"
    strip "$OUT/redis-cli" "$OUT/redis-benchmark"
    "$STRIP" "$OUT/redis-server" "$OUT/redis-server-pie"
}
