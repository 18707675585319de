# shellcheck shell=bash disable=SC2034
# PostgreSQL, its tools and pgbench as a whole root with busybox. The server loads its procedural language, its
# dictionaries and its conversions with dlopen(3), already in initdb, which a static program of musl cannot:
# these are dynamic programs, with musl's own loader and C library beside them.
SOURCE=postgresql-15
MAIN=root/pg/bin/postgres
FILES="recipes/busybox.sh programs/postgres/*"

build() {
    local busybox applet root=$OUT/root
    busybox=$("$HERE/build" busybox)
    CC=musl-gcc ./configure --without-readline --without-zlib --prefix=/pg
    # The headers of the kernel are not among musl's. Modules go outside of the prefix if their folder is not named so.
    local words=(-s COPT="-idirafter $(dirname "$CC")/include" pkglibdir=/pg/lib/pgsql) part
    make "${words[@]}" -j"$JOBS" -C src/backend generated-headers
    for part in src/common src/port src/timezone src/backend src/backend/snowball src/backend/utils/mb/conversion_procs src/pl/plpgsql \
        src/interfaces/libpq src/fe_utils src/bin/initdb src/bin/pg_ctl src/bin/psql src/bin/pgbench; do
        make "${words[@]}" -j"$JOBS" -C "$part" all
        make "${words[@]}" -C "$part" install DESTDIR="$root"
    done
    rm -rf "$root/pg/include" "$root"/pg/lib/*.a "$root"/pg/lib/pkgconfig "$root"/pg/lib/pgsql/pgxs
    "$STRIP" "$root"/pg/bin/* "$root"/pg/lib/*.so* "$root"/pg/lib/pgsql/*.so
    mkdir -p "$root"/{bin,lib,dev,proc,tmp,etc}
    cp -L /lib/ld-musl-x86_64.so.1 "$root/lib/"
    cp "$busybox" "$root/bin/busybox"
    for applet in $("$busybox" --list); do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
    echo 'root:x:0:0:root:/:/bin/sh
nobody:x:65534:65534:nobody:/tmp:/bin/sh' >"$root/etc/passwd"
    echo 'root:x:0:
nobody:x:65534:' >"$root/etc/group"
    cp "$HERE"/programs/postgres/* "$root/pg/"
}
