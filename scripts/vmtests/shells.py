"""A whole root of busybox (test-binaries/programs/shell): scripts print what they print on this host, init runs a system."""

import os
import pty
import re
import signal
import subprocess
import tty

from .harness import check, folder, lab, output_is, status_is, test

PROGRAMS = ("rootfs",)
# The environment of every script, here and in the machine; PATH is the root's own /bin.
HOME = "/root"
# Scripts make files; here on a file system in memory, as in the machine.
WORK = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"


def root():
    return folder("rootfs") / "root"


def machine_options(memory="128M"):
    return ["-m", memory, "--root", root(), "-e", "PATH=/bin", "-e", f"HOME={HOME}"]


def host_command(script):
    return [str(root() / "bin/sh"), str(root() / "scripts" / script)]


def host_environment():
    return {"PATH": str(root() / "bin"), "HOME": HOME}


def usual_signals():
    """What a shell started by hand has: a signal that is ignored at its start it can never trap."""
    for each in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(each, signal.SIG_DFL)


def script_test(name, cpus):
    @test(f"shell-{name}-{cpus}")
    def _():
        script = f"{name}.sh"
        host = subprocess.run(host_command(script), cwd=WORK, env=host_environment(), stdin=subprocess.DEVNULL, preexec_fn=usual_signals,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60).stdout
        check(host.endswith(b"cleaned\n"), f"the script fails on this host: …{host[-300:]!r}")
        options = [*machine_options(), "--cpus", cpus, "-w", "/tmp"]
        result = lab.run("/bin/sh", f"/scripts/{script}", options=options, timeout=150)
        output_is(result, host)
        status_is(result, 0)


for each_name in ("language", "tools", "jobs"):
    for each_cpus in (1, 2):
        script_test(each_name, each_cpus)


def on_terminal(command, environment, seconds):
    """Runs a command whose controlling terminal is a new raw one, its input empty; its output and status."""
    pid, master = pty.fork()
    if pid == 0:
        tty.setraw(1)
        usual_signals()
        signal.alarm(seconds)
        os.execve(command[0], [str(word) for word in command], environment)
    text = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        text += part
    os.close(master)
    return text, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@test("shell-job-control", on_linux=False)
def _():
    host, status = on_terminal(host_command("control.sh"), host_environment(), 60)
    check(status == 0 and host.endswith(b"done\n"), f"the script fails on this host: status {status}, {host[-500:]!r}")
    command = [*lab.RUNNER, "--timeout", "60", *map(str, machine_options()), "/bin/sh", "/scripts/control.sh"]
    text, status = on_terminal(command, dict(os.environ), 90)
    check(text.replace(b"\r\n", b"\n") == host, f"printed\n{text.decode(errors='replace')}and not\n{host.decode(errors='replace')}")
    check(status == 0, f"ended with status {status}")


@test("init-runs-a-system")
def _():
    result = lab.run("/sbin/init", options=machine_options(), timeout=100)
    if lab.RUNNER != lab.LINUX:  # there it is not the first process
        check("rcS: the first process is init" in result.text, "rcS did not find init as the first process", result)
    check("rcS: " in result.text and "host from-rcS" in result.text, "rcS did not run", result)
    check(re.search(r"== evaluation\n(.*\n)*cleaned\n", result.text), "the script of the inittab did not come to its end", result)
    check("power-off: the service was started again" in result.text, "init did not start the service again", result)
    check("power-off: the orphan's parent is 1\n" in result.text, "the orphan did not come to init", result)
    check("init: shutdown" in result.text, "the action for the shutdown did not run", result)
    status_is(result, 0)
