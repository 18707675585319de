#!/bin/sh
# Background jobs, waiting, signals between processes. Prints nothing that depends on time or numbers: what the
# shell itself says of jobs that are killed does, and goes to standard error.
work=$(mktemp -d) && cd "$work" || exit 1

exec 2>/dev/null
section() { printf '== %s\n' "$*"; }

section background
(sleep 0.2; echo second) & echo first; wait
for n in 1 2 3 4 5 6 7 8; do (exit $n) & eval "job$n=\$!"; done
for n in 8 7 6 5 4 3 2 1; do eval "wait \$job$n"; printf '%s ' $?; done; echo
sleep 100 & killed=$!; kill $killed; wait $killed; echo "TERM $?"
sleep 100 & killed=$!; kill -9 $killed; wait $killed; echo "KILL $?"
kill -0 $killed 2>/dev/null || echo "it is gone"
wait 1 2>/dev/null; echo "not a child $?"
sh -c 'trap "echo asked; exit 5" TERM; while :; do sleep 0.1; done' & asked=$!
sleep 0.5; kill $asked; wait $asked; echo "status $?"
n=0; while [ $n -lt 60 ]; do : & n=$((n + 1)); done; wait; echo "sixty more"

section pipes
mkfifo fifo; (echo through the fifo >fifo) & cat fifo; wait
{ seq 1000; sleep 0.1; seq 1000; } | { while read -r x; do total=$((total + x)); done; echo $total; }
yes | head -n 1000 | tail -n 1; (trap '' PIPE; yes 2>/dev/null; echo "yes: $?" >status) | head -n 1; sleep 0.1; cat status
mkfifo there back; (while read -r x; do echo $((x * 2)); done <there >back) &
exec 3>there 4<back; for n in 1 2 3; do echo $n >&3; read -r y <&4; echo $y; done; exec 3>&- 4<&-; wait

section traps
trap 'echo "USR1 $((count += 1))"' USR1
count=0; kill -USR1 $$; kill -USR1 $$
me=$$; (sleep 0.2; kill -USR1 $me) & wait $!; status=$?; wait; [ $status -gt 128 ] && echo "the wait was interrupted" || echo "the wait was not interrupted"
(trap 'echo cleaning up' EXIT; exit 3); echo $?
sh -c 'trap "exit 7" INT; kill -INT $$; sleep 0.1; exit 8'; echo $?
timeout 0.3 sleep 10; echo "timeout $?"
timeout -s KILL 0.3 sh -c 'trap "" TERM; sleep 10'; echo "timeout $?"
nohup sh -c 'kill -HUP $$; echo deaf to HUP' | cat

section groups
setsid sh -c 'sleep 100 & sleep 100 & echo $$ >group; wait' & leader=$!
while ! [ -s group ]; do sleep 0.1; done
kill -TERM -"$(cat group)"; wait $leader; echo "group $?"
nice -n 5 nice; (ulimit -n 50; ulimit -n)
pids=''; for n in 1 2 3; do sleep 100 & pids="$pids $!"; done; kill $pids; for p in $pids; do wait $p; printf '%s ' $?; done; echo

cd / && rm -r "$work" && echo cleaned
