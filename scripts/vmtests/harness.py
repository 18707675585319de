"""What every test of the machines is made of: the registry, the ways to fail and to judge, the programs.

A theme is a file of this folder. It names the recipes that it runs in `PROGRAMS` (built before the first
test, and only when one of its tests is chosen), and registers its functions with `@test(name)`. What a
machine is and how it runs is in scripts/machine.py, imported here as `lab`."""

import os
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import machine as lab

MACHINES = ("microvm", "q35", "pc")
READY_SECONDS = 90

tests = []
# Held by a test while its machine has the one tap interface that there is.
tap_lock = threading.Lock()
_folders = {}


class Failure(Exception):
    """A test failed; the text says what was seen."""


class Skip(Exception):
    """A test cannot run here; the text says why."""


class Test:
    """A registered test: its name, its function, whether Linux must pass it too, and the recipes it needs."""

    def __init__(self, name, function, on_linux):
        self.name = name
        self.function = function
        self.on_linux = on_linux
        self.programs = getattr(sys.modules[function.__module__], "PROGRAMS", ())


def test(name, on_linux=True):
    """Registers a function as a test. `on_linux` is false for what only Elfin promises."""

    def register(function):
        tests.append(Test(name, function, on_linux))
        return function

    return register


def build(chosen):
    """Builds what these tests run (where it is not there yet): later, inside, there is no network to fetch it."""
    for name in dict.fromkeys(name for each in chosen for name in each.programs):
        _folders[name] = lab.folder(name)


def folder(name):
    """The folder of a recipe's files."""
    return _folders[name]


def check(condition, what, result=None):
    """Fails with this text, and with the end of the console where there is a result, unless the condition holds."""
    if not condition:
        tail = f"\nconsole:\n{result.text[-1500:]}\nelfin: {result.errors[-1000:]}" if result is not None else ""
        raise Failure(what + tail)


def status_is(result, want):
    """The machine ended with this status."""
    check(result.status == want, f"ended with status {result.status}, not {want}", result)


def output_is(result, want):
    """The program printed these bytes and no others."""
    if result.out != want:
        at = next((i for i, (a, b) in enumerate(zip(result.out, want)) if a != b), min(len(result.out), len(want)))
        raise Failure(f"printed {len(result.out)} bytes, not {len(want)}; they part at {at}: {result.out[at:at + 80]!r} and not "
                      f"{want[at:at + 80]!r}\nelfin: {result.errors[-1000:]}")


def tap_options():
    """The options that put a machine on the tap; its address is ELFIN_GUEST. Hold `tap_lock` while it runs."""
    if "ELFIN_TAP" not in os.environ:
        raise Skip("needs a network namespace (root, or user namespaces and /dev/net/tun)")
    return ["--net", f"tap={os.environ['ELFIN_TAP']}", "--ip", os.environ["ELFIN_GUEST_CIDR"], "--gateway", os.environ["ELFIN_HOST"]]


def tool(words, seconds=120):
    """Runs a command of the host; its output, whatever its end."""
    try:
        result = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"'{' '.join(map(str, words))[:200]}' did not end in {seconds} s; so far:\n{(late.stdout or b'').decode(errors='replace')[-800:]}") from None
    return result.returncode, result.stdout.decode(errors="replace").replace("\r", "\n")
