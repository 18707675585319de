# shellcheck shell=bash disable=SC2034
# The smallest programs: hello and ends (a chosen exit status or death), each in several ELF kinds.
MAIN=hello
FILES="programs/hello.c programs/ends.c programs/bare.S"

build() {
    local name
    for name in hello ends; do
        "$CC" -O2 "$HERE/programs/$name.c" -o "$OUT/$name"
        "$CC_PIE" -O2 "$HERE/programs/$name.c" -o "$OUT/$name-pie"
    done
    # Neither libc nor a data segment: two system calls.
    [ "$ARCH" != x86_64 ] || "$CC" -nostdlib -nostartfiles "$HERE/programs/bare.S" -o "$OUT/bare"
}
