# shellcheck shell=bash disable=SC2034
# strace: tells of a program's system calls, through ptrace.
SOURCE=strace
MAIN=strace

build() {
    # The kernel's own headers that a C library does not bring.
    mkdir -p uapi
    ln -sfn /usr/include/rdma uapi/rdma
    ./configure --host="$TRIPLE" --prefix=/usr --enable-mpers=no --disable-gcc-Werror --without-libdw --without-libunwind --without-libselinux \
        CC="$CC" CPPFLAGS="-idirafter $PWD/uapi" LDFLAGS=
    make -j"$JOBS" -C src
    "$STRIP" -o "$OUT/strace" src/strace
}
