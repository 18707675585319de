"""What busybox's tools say of the processes of a machine: /proc for all of them."""

import pathlib
import re
import tempfile

from .harness import check, folder, lab, status_is, test

PROGRAMS = ("busybox",)
TOOLS = ("sh", "ps", "top", "pidof", "pgrep", "kill", "free", "uptime", "sleep", "cat", "ls", "head", "wc", "grep", "su", "id", "test", "env", "pstree", "killall", "usleep")


def run(script):
    """Runs a script in a machine that has busybox's tools; what it printed, by section."""
    busybox = folder("busybox") / "busybox"
    with tempfile.TemporaryDirectory() as place:
        root = pathlib.Path(place)
        (root / "bin").mkdir()
        for name in TOOLS:
            (root / "bin" / name).symlink_to("busybox")
        options = ["--root", root, "--file", f"{busybox}:/bin/busybox", "-e", "PATH=/bin", "-m", "64M"]
        result = lab.run(busybox, "sh", "-c", script, options=options, timeout=100)
    parts = re.split(r"^== (\w+)$", result.text, flags=re.M)
    return result, dict(zip(parts[1::2], parts[2::2]))


@test("proc-tools")
def _():
    result, said = run("""
        sleep 1000 & sleep 1001 & (exit 3) &
        usleep 200000
        echo "== ps"; ps -o pid,ppid,pgid,stat,comm,args
        echo "== pidof"; pidof sleep
        echo "== pgrep"; pgrep -f 1001
        echo "== top"; top -b -n1
        echo "== free"; free
        echo "== uptime"; uptime
        echo "== tree"; pstree 1
        kill -STOP %1; usleep 100000
        echo "== stopped"; grep State /proc/$!/status /proc/2/status
        kill -CONT %1; kill %1; killall sleep; usleep 100000
        echo "== zombies"; cat /proc/2/stat /proc/2/cmdline | wc -l
        wait
        echo "== gone"; ls -d /proc/2 2>&1; pidof sleep
        exit 9
    """)
    status_is(result, 9)
    rows = re.findall(r"^ *(\d+) +(\d+) +(\d+) +(\S+) +(\S+) +(.*)$", said["ps"], re.M)
    by_pid = {int(row[0]): row for row in rows}
    check(by_pid[2][1] == "1" and by_pid[2][3].startswith("S") and by_pid[2][5].strip() == "sleep 1000", "ps shows no sleep", result)
    check(any(row[4] == "ps" and row[3].startswith("R") for row in rows), "ps does not show itself run", result)
    check(sorted(said["pidof"].split()) == ["2", "3"], "pidof does not find both", result)
    check("3" in said["pgrep"].split(), "pgrep does not find it", result)
    check(re.search(r"^ +2 +1 root +S .* sleep 1000$", said["top"], re.M) and "Load average" in said["top"], "top shows no sleep", result)
    check(re.search(r"^Mem: +6\d{4} +\d+ +\d+", said["free"], re.M), "free shows another size", result)
    check("load average" in said["uptime"], "uptime says nothing", result)
    check("sleep" in said["tree"], "pstree shows no child", result)
    check("/proc/2/status:State:\tT (stopped)" in said["stopped"], "it is not stopped", result)
    check("/proc/2" not in said["gone"].replace("/proc/2: No such file", ""), "what was waited for is still there", result)


@test("proc-crowd")
def _():
    result, said = run("""
        i=0; while [ $i -lt 300 ]; do sleep 1000 & i=$((i+1)); done
        echo "== count"; ps | grep -c 'sleep 1000'; ls -d /proc/[0-9]* | wc -l
        killall sleep; wait
        echo "== after"; ls -d /proc/[0-9]* | wc -l
    """)
    status_is(result, 0)
    counts = [int(word) for word in said["count"].split()]
    check(counts[0] in (300, 301, 302) and counts[1] >= 301, f"ps and ls count {counts}, not 300 sleeping processes", result)
    check(int(said["after"]) <= 3, "some are still there", result)
