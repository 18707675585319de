"""Core files, read by the host's gdb."""

import base64
import pathlib
import re
import shutil
import subprocess
import tempfile

from .harness import Failure, Skip, check, folder, lab, status_is, test

PROGRAMS = ("conformance",)


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
    words = ["gdb", "-nx", "-batch", *(word for command in commands for word in ("-ex", command)), str(program), str(core)]
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
