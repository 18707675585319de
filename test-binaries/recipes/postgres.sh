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
    # The headers of the kernel are not among musl's.
    make -s -j"$JOBS" COPT="-idirafter $(dirname "$CC")/include" -C src
    make -s -C src install DESTDIR="$root"
    rm -rf "$root/pg/include" "$root"/pg/lib/*.a "$root/pg/lib/pkgconfig" "$root/pg/lib/pgxs"
    "$STRIP" "$root"/pg/bin/* "$root"/pg/lib/*.so 2>/dev/null || true
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
