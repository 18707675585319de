#!/bin/sh
# What the shell itself does: words, arithmetic, functions, here-documents, redirections, subshells, traps.
# Prints nothing that depends on the time, on process numbers or on the machine.
work=$(mktemp -d) && cd "$work" || exit 1

section() { printf '== %s\n' "$*"; }

section expansion
name=elfin; empty=''; unset nothing
echo "${name}${empty:-default}${nothing-unset}${name:+set}" "${#name}"
path=/usr/local/lib/file.tar.gz
echo "${path##*/}" "${path%/*}" "${path%%.*}" "${path#*.}"
echo "${name:1:3}" "${path//l/L}"
set -- one "two words" three
echo "$#:$1:$2:$*"
for word in "$@"; do printf '<%s>' "$word"; done; echo
shift; echo "$1 $#"
echo {a,b} ~root $((1)) "$(printf 'a\nb\n\n')" '$quoted' "\$escaped"
IFS=:; list=a:b:c; set -- $list; echo "$3 $2 $1"; unset IFS

section arithmetic
i=7
echo $((i * 6)) $((i % 4)) $((i / 2)) $((i ** 2)) $(((i << 4) | 1)) $((~i)) $((i > 3 && i < 9)) $((i == 7 ? 100 : 200))
echo $((0x1f + 010)) $((i++)) $i $((--i)) $((i += 5)) $((-7 / 2)) $((-7 % 3))
n=1; total=0
while [ $n -le 100 ]; do total=$((total + n)); n=$((n + 1)); done
echo "sum $total"

section functions
factorial() {
    if [ "$1" -le 1 ]; then echo 1; else echo $(($1 * $(factorial $(($1 - 1))))); fi
}
factorial 12
scope() { local inner=changed; outer=changed; return 3; }
inner=kept outer=kept
scope; echo "$? $inner $outer"
recurse() { [ "$1" = 0 ] || { printf '%s ' "$1"; recurse $(($1 - 1)); }; }
recurse 10; echo

section control
for i in 1 2 3 4 5 6; do
    case $i in
        2) continue ;;
        5) break ;;
        [13]) kind=odd ;;
        *) kind=even ;;
    esac
    echo "$i $kind"
done
until [ "$i" -eq 0 ]; do i=$((i - 1)); done; echo "until $i"
case $path in *.zip) echo zip ;; *.tar.gz | *.tgz) echo tarball ;; esac
if false; then echo no; elif true && ! false; then echo yes; fi
false || echo or; true && echo and
{ echo grouped; echo too; } | cat
while read -r a b; do echo "$b-$a"; done <<END
1 one
2 two
END

section here-documents
cat <<END
value $name, sum $((1 + 2)), command $(echo inside), \$kept
END
cat <<'END'
raw $name $(nothing)
END
cat <<-END
	tabs are taken away
	END
cat <<A; cat <<B
first
A
second
B
big=$(i=0; while [ $i -lt 3000 ]; do echo "line $i of a here-document that is larger than any pipe"; i=$((i + 1)); done)
cat <<END | md5sum
$big
END

section redirections
echo out >f; echo more >>f; cat <f
{ echo standard; echo error >&2; } 2>errors >output; cat output errors
ls missing 2>/dev/null || echo "no file"
{ echo swapped >&2; } 3>&1 1>&2 2>&3 3>&- | sed 's/^/through a pipe: /'
exec 5>five; echo five >&5; exec 5>&-; cat five
exec 6<f; read -r line <&6; echo "$line"; read -r line <&6; echo "$line"; exec 6<&-
: >empty; [ -s empty ] || echo "empty is empty"
set -C; (echo x >f) 2>/dev/null || echo "not overwritten"; set +C
echo both >both 2>&1; cat both

section subshells
outer=1; (outer=2; echo "inside $outer"; exit 4); echo "status $? outside $outer"
echo "$(echo "$(echo "$(echo deep)")")"
result=$(exit 9); echo "substitution $?"
(cd / && pwd); [ "$PWD" = "$work" ] && echo "still there"
(trap 'echo trap of the subshell' EXIT; echo before)
echo a | (read -r x; echo "read $x")
yes | head -n 2
seq 1 5 | while read -r x; do echo $((x * x)); done | tr '\n' ' '; echo
false | true; echo "pipe $?"
set -o pipefail; false | true; echo "pipefail $?"; set +o pipefail

section traps
trap 'echo caught TERM' TERM
kill -TERM $$; echo "lived on"
trap '' TERM; kill -TERM $$; echo ignored
trap - TERM
sh -c 'trap "echo USR1 in a child; exit 12" USR1; kill -USR1 $$; sleep 5'; echo "status $?"
sh -c 'kill -KILL $$'; echo "killed $?"
sh -c 'kill -SEGV $$' 2>/dev/null; echo "fault $?"
(sh -c 'exit 42'); echo "exit $?"
nothing-like-that 2>/dev/null; echo "not found $?"
./f 2>/dev/null; echo "not executable $?"

section evaluation
command='echo "evaluated $name"'; eval "$command"
echo 'sourced=yes; echo "sourced with $#"' >sourced; . ./sourced; echo "$sourced"
alias greet='echo hello'; unalias greet; type type | head -n 1
test -f f -a ! -d f && echo "a file"; [ 3 -lt 10 ] && [ abc != abd ] && echo compared
printf '%05d|%-5s|%x|%c|%s\n' 42 ab 255 char "$(printf 'tab\there')"
getopts_test() { while getopts ab:c option "$@"; do echo "option $option $OPTARG"; done; }
getopts_test -a -b value -c
cd / && rm -r "$work" && echo cleaned
