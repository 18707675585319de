#!/bin/sh
# Job control, by a shell that has a controlling terminal. What the shell says of jobs by itself depends on
# the time, so its standard error is not shown.
exec 2>/dev/null
set -m
sleep 100 & stopped=$!
sleep 0.2; jobs | sed 's/  */ /g'
kill -STOP $stopped; sleep 0.3; jobs | sed 's/  */ /g'
kill -CONT $stopped; sleep 0.2; kill -TERM $stopped; sleep 0.2; wait; kill -0 $stopped || echo "the job is gone"
sh -c 'kill -STOP $$; echo continued; exit 6' &
sleep 0.4; jobs >/dev/null; fg >/dev/null; echo "foreground $?"
sh -c 'sleep 0.3; exit 4' & waited=$!
bg; wait $waited; echo "background $?"
sh -c 'read line </dev/tty; echo "read $?"' & sleep 0.3; awk '{ print $3 }' /proc/$!/stat; kill -KILL $!; sleep 0.2; wait
stty -F /dev/tty tostop
sh -c 'echo never seen >/dev/tty' & sleep 0.3; jobs | sed 's/  */ /g'; kill -KILL $!; sleep 0.2; wait
stty -F /dev/tty -tostop; sh -c 'echo seen >/dev/tty' & wait $!
[ "$(awk '{ print $8 }' /proc/$$/stat)" = $$ ] && echo "the terminal is the shell's"
echo done
