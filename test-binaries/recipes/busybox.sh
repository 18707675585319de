# shellcheck shell=bash disable=SC2034
SOURCE=busybox
MAIN=busybox

build() {
    local cross=
    [ "$ARCH" = x86_64 ] || cross=$TRIPLE-
    make HOSTCC="$HOSTCC" defconfig
    sed -i 's/^# CONFIG_STATIC is not set/CONFIG_STATIC=y/' .config
    make -j"$JOBS" HOSTCC="$HOSTCC" CROSS_COMPILE="$cross" CC="$CC" busybox
    cp busybox "$OUT/"
}
