# shellcheck shell=bash disable=SC2034
# A whole root folder of busybox: /bin with a link for each of its programs and one that talks with others on
# terminals, /etc for its init, and our shell scripts in /scripts.
MAIN=root/bin/busybox
FILES="recipes/busybox.sh programs/shell/*.sh programs/shell/*.talk programs/shell/dialogue.c programs/shell/etc/inittab programs/shell/etc/passwd programs/shell/etc/group programs/shell/etc/init.d/rcS"

build() {
    local busybox root=$OUT/root applet
    busybox=$("$HERE/build" busybox)
    mkdir -p "$root"/{bin,sbin,dev,proc,sys,tmp,root,var/log} "$root/scripts"
    cp "$busybox" "$root/bin/busybox"
    for applet in $("$busybox" --list); do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
    ln -s ../bin/busybox "$root/sbin/init"
    cp -r "$HERE/programs/shell/etc" "$root/etc"
    cp "$HERE"/programs/shell/*.sh "$root/scripts/"
    cp "$HERE"/programs/shell/*.talk "$root/scripts/"
    "$CC" -O2 "$HERE/programs/shell/dialogue.c" -o "$root/bin/dialogue"
    chmod +x "$root"/scripts/*.sh "$root/etc/init.d/rcS"
}
