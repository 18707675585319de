# shellcheck shell=bash disable=SC2034
# The sqlite3 shell, and speedtest1, sqlite's own benchmark.
SOURCE=sqlite3
MAIN=sqlite3

build() {
    ./configure --disable-tcl --disable-readline CC="$HOSTCC"
    make -j"$JOBS" sqlite3.c shell.c
    "$CC" -O2 -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_DBSTAT_VTAB -DHAVE_USLEEP=1 -c sqlite3.c -o lib.o
    "$CC" -O2 -DSQLITE_ENABLE_DBSTAT_VTAB shell.c lib.o -o "$OUT/sqlite3" -lpthread -lm
    "$CC" -O2 test/speedtest1.c -I. lib.o -o "$OUT/speedtest1" -lpthread -lm
    "$STRIP" "$OUT/sqlite3" "$OUT/speedtest1"
}
