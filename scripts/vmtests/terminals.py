"""Terminals: a shell talked with on a pseudoterminal says what it says on this host, and so does one on the console."""

import os
import subprocess

from .harness import check, folder, lab, output_is, status_is, test

PROGRAMS = ("rootfs",)
# What the dialogue's shell ends with.
STATUS = 7
ENVIRONMENT = {"HOME": "/root", "PS1": "$ "}


def root():
    return folder("rootfs") / "root"


def dialogue(script, command, environment):
    """What `dialogue` prints about a command on this host, and its status."""
    words = [root() / "bin/dialogue", root() / "scripts" / script, *command]
    result = subprocess.run([str(word) for word in words], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=150)
    return result.stdout, result.returncode


def machine_options():
    return ["-m", "128M", "--root", root(), "-e", "PATH=/bin", *(word for each in ENVIRONMENT.items() for word in ("-e", "=".join(each)))]


def session_test(cpus):
    @test(f"terminal-session-{cpus}")
    def _():
        host, status = dialogue("interactive.talk", [root() / "bin/sh", "-i"], {**ENVIRONMENT, "PATH": str(root() / "bin")})
        check(status == STATUS, f"the session fails on this host: …{host[-300:]!r}")
        options = [*machine_options(), "--cpus", cpus]
        result = lab.run("/bin/dialogue", "/scripts/interactive.talk", "/bin/sh", "-i", options=options, timeout=150)
        output_is(result, host)
        status_is(result, STATUS)


for each_cpus in (1, 2):
    session_test(each_cpus)


@test("terminal-console", on_linux=False)
def _():
    command = [*lab.RUNNER, "--timeout", "100", "--ctrl-c", "guest", *machine_options(), "/bin/sh", "-i"]
    text, status = dialogue("console.talk", command, dict(os.environ))
    check(status == STATUS, f"the session ended with status {status}:\n{text.decode(errors='replace')}")
