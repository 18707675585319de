# shellcheck shell=bash disable=SC2034
# gdbserver as Debian builds it, dynamically linked, with the libraries that it needs: `root` is a folder for --root.
MAIN=root/bin/gdbserver

build() {
    local package library
    for package in gdbserver libc6 libstdc++6 libgcc-s1; do
        "$HERE/../scripts/apt-root" deb "$package" "$PWD/$package"
    done
    mkdir -p "$OUT/root/bin" "$OUT/root/lib64" "$OUT/root/lib/$TRIPLE"
    cp gdbserver/usr/bin/gdbserver "$OUT/root/bin/"
    for library in libc.so.6 libm.so.6 libstdc++.so.6 libgcc_s.so.1; do
        cp -L "$(find . -name "$library" | head -n 1)" "$OUT/root/lib/$TRIPLE/"
    done
    cp -L "$(find . -name 'ld-linux-*.so.*' | head -n 1)" "$OUT/root/lib64/"
}
