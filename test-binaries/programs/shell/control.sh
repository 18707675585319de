#!/bin/sh
# Job control, by a shell that has a controlling terminal.
set -m
sleep 100 & stopped=$!
kill -STOP $stopped; sleep 0.2; jobs | sed 's/  */ /g'
kill -CONT $stopped; sleep 0.2; jobs | sed 's/  */ /g'
kill %1; wait %1; echo "job $?"
sh -c 'kill -STOP $$; echo continued; exit 6' & sleep 0.3; fg %1 >/dev/null; echo "foreground $?"
(sleep 0.3; exit 4) & bg %1 2>/dev/null; wait $!; echo "background $?"
[ "$(awk '{ print $5 }' /proc/self/stat)" != "$(awk '{ print $5 }' /proc/$$/stat)" ] && echo "a job has a group of its own"
echo done
