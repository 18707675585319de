"""Debugging: core files, read by the host's gdb; strace and gdbserver inside a machine."""

import base64
import pathlib
import re
import shutil
import subprocess
import tempfile

from .harness import READY_SECONDS, Failure, Skip, check, folder, lab, status_is, test

PROGRAMS = ("conformance", "busybox", "lua", "strace", "gdbserver")


def core_of(text):
    """The core file that `core --give` printed."""
    core = bytearray()
    for line in re.findall(r"^core: (\S+)$", text, re.M):
        if line.startswith("*"):
            core.extend(bytes(int(line[1:])))
        else:
            core.extend(base64.b64decode(line))
    return bytes(core)


def gdb(program, core, *commands):
    """What gdb says of a core file."""
    if not shutil.which("gdb"):
        raise Skip("no gdb here")
    words = ["gdb", "-nx", "-batch", *(word for command in commands for word in ("-ex", command)), str(program)]
    if core is not None:
        words.append(str(core))
    result = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return result.stdout.decode(errors="replace")


def gdb_test(kind):
    @test(f"core-gdb{kind}", on_linux=False)
    def _():
        program = folder("conformance") / f"core{kind}"
        result = lab.run(program, "--give", options=["-m", "128M"], timeout=120)
        status_is(result, 0)
        with tempfile.TemporaryDirectory() as place:
            core = pathlib.Path(place) / "core"
            core.write_bytes(core_of(result.text))
            text = gdb(program, core, "bt", "info threads", "print secret", "print (char *)(plain + 4096)", "thread apply all bt",
                       "info registers rip", "p $_siginfo._sifields._sigfault.si_addr", "info auxv")
        wanted = (
            r"Program terminated with signal SIGSEGV",
            r"#0 .*crashes_here \(where=.*0x8\)",
            r"#1 .*leads_there \(depth=.*0\)",
            r"#4 .*leads_there \(depth=.*3\)",
            r"crash_with_threads \(\)",
            r"the memory of a program that is gone, changed",
            r"\"plain memory\"",
            r"waits_here \(number=2\)",
            r"rip .*<crashes_here",
            r"AT_ENTRY",
        )
        for pattern in wanted:
            if not re.search(pattern, text):
                raise Failure(f"gdb does not show {pattern}:\n{text[-3000:]}")
        threads = re.findall(r"^[* ] +\d+ +\S*(?:LWP|Thread)", text, re.M)
        check(len(threads) == 4, f"gdb shows {len(threads)} threads, not 4:\n{text[-2000:]}")


gdb_test("")
gdb_test("-pie")


# How a C library gets its memory depends on the addresses that it got before.
MEMORY = {"brk", "mmap", "munmap", "mremap", "madvise"}


def calls_of(text):
    """The names of the system calls in what strace printed, in order."""
    return [name for name in re.findall(r"^(\w+)\(", text, re.M) if name not in MEMORY]


def strace_test(name, program, *words):
    @test(f"strace-{name}")
    def _():
        recipe, file = program
        path = folder(recipe) / file
        strace = folder("strace") / "strace"
        host = subprocess.run([strace, path, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={})
        result = lab.run(strace, f"/bin/{file}", *words, options=["--file", f"{path}:/bin/{file}", "-m", "64M"], timeout=100)
        status_is(result, host.returncode)
        wanted, got = calls_of(host.stderr), calls_of(result.text)
        check(len(wanted) > 5 and got == wanted, f"strace shows {got}, on the host {wanted}", result)


strace_test("lua", ("lua", "lua"), "-e", "local f = io.open('/dev/null', 'w') f:write('x') f:close() local t = {} for i = 1, 20000 do t[i] = i end")
strace_test("busybox", ("busybox", "busybox"), "od", "-A", "d", "-t", "x1", "-N", "64", "/dev/zero")


@test("strace-processes")
def _():
    busybox = folder("busybox") / "busybox"
    script = "(exit 3); x=$(echo text); kill -TERM $$ & wait; echo not here"
    options = ["--file", f"{busybox}:/bin/busybox", "-m", "64M"]
    result = lab.run(folder("strace") / "strace", "-f", "/bin/busybox", "sh", "-c", script, options=options, timeout=100)
    check(len(re.findall(r"exited with 3 \+\+\+", result.text)) == 1, "no process exited with 3", result)
    check(len(re.findall(r"killed by SIGTERM \+\+\+", result.text)) == 1, "no process was killed by SIGTERM", result)
    check(len(re.findall(r"strace: Process \d+ attached", result.text)) == 3, "not three processes were attached", result)
    check(re.search(r"--- SIGTERM \{si_signo=SIGTERM, si_code=SI_USER", result.text), "no SIGTERM was shown", result)


@test("gdbserver", on_linux=False)
def _():
    if not shutil.which("gdb"):
        raise Skip("no gdb here")
    program = folder("conformance") / "core"
    port = lab.free_port()
    options = ["--root", folder("gdbserver") / "root", "--file", f"{program}:/bin/core", "-p", f"{port}:1234", "-m", "256M"]
    server = folder("gdbserver") / "root/bin/gdbserver"
    with lab.Machine(server, "--no-startup-with-shell", ":1234", "/bin/core", "contents", options=options, timeout=150) as machine:
        ready, _ = machine.until(lambda patience: "Listening on port" in machine.text() or None, READY_SECONDS)
        check(ready is not None, f"gdbserver does not listen:\n{machine.text()[-800:]}\n{machine.errors()[-800:]}")
        text = gdb(program, None, f"target remote 127.0.0.1:{port}", "set follow-fork-mode child", "break leads_there if depth == 1", "continue",
                   "bt", "info threads", "stepi", "x/s secret", "set variable secret[0] = 'T'", "delete", "continue", "p $_siginfo._sifields._sigfault.si_addr",
                   "x/s secret", "kill")
    for pattern in (r"hit Breakpoint 1, leads_there \(depth=.*1\)", r"#2 .*leads_there \(depth=.*3\)", r"waits_here \(number=2\)",
                    r"received signal SIGSEGV", r"crashes_here", r"\(void \*\) 0x8", r"\"The memory of a program"):
        check(re.search(pattern, text), f"gdb does not show {pattern}:\n{text[-2500:]}\n{machine.text()[-500:]}")
