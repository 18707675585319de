#!/bin/sh
# The end of a system that init runs: the service that is started again and again has been so, an orphan
# belongs to init, then the machine ends.
sleep 3
[ "$(wc -l </tmp/respawned)" -ge 2 ] && echo "power-off: the service was started again"
parent=$(sh -c 'sleep 100 >/dev/null 2>&1 & echo $!')
sleep 1
echo "power-off: the orphan's parent is $(awk '/^PPid/ { print $2 }' "/proc/$parent/status")"
kill "$parent"
poweroff
sleep 1000
