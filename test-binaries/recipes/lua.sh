# shellcheck shell=bash disable=SC2034
SOURCE=lua5.4
MAIN=lua

build() {
    cd src
    # Debian's tree expects the header that its own build writes.
    printf '#define DEB_HOST_MULTIARCH "%s"\n' "$TRIPLE" >lua5.4-deb-multiarch.h
    local file files=()
    for file in l*.c; do [ "$file" = luac.c ] || files+=("$file"); done
    "$CC" -O2 -DLUA_USE_POSIX "${files[@]}" -o "$OUT/lua" -lm
    "$STRIP" "$OUT/lua"
}
