"""Programs start on every machine, and say so."""

import re
import tempfile

from .harness import MACHINES, check, folder, lab, output_is, status_is, test

PROGRAMS = ("hello",)
# CPU models that lack one thing or another that Elfin can use.
CPU_MODELS = ("qemu64", "Nehalem", "EPYC", "Skylake-Server")


def hello_test(machine, kind):
    @test(f"hello-{kind}-{machine}", on_linux=machine != "microvm")
    def _():
        name = "hello" if kind == "exec" else "hello-pie"
        words = ["plain", "two words", "", "quote\"'$\\", "ümläut", "line\nbreak"]
        result = lab.run(folder("hello") / name, *words, options=["--machine", machine, "-e", "HELLO=a b=c"], timeout=60)
        want = f"Hello from /bin/{name}\n" + "".join(f"argument {i}: {w}\n" for i, w in enumerate(words, 1)) + "HELLO=a b=c\n"
        output_is(result, want.encode())
        status_is(result, 0)


for each_machine in MACHINES:
    for each_kind in ("exec", "pie"):
        hello_test(each_machine, each_kind)


@test("hello-seabios", on_linux=False)
def _():
    result = lab.run(folder("hello") / "hello", options=["--machine", "q35", "--firmware", "seabios"], timeout=60)
    output_is(result, b"Hello from /bin/hello\n")
    status_is(result, 0)


def cpu_test(model):
    @test(f"hello-cpu-{model}", on_linux=False)
    def _():
        result = lab.run(folder("hello") / "hello-pie", options=["--cpu", model, "--accel", "tcg"], timeout=60)
        output_is(result, b"Hello from /bin/hello-pie\n")
        status_is(result, 0)


for each_model in CPU_MODELS:
    cpu_test(each_model)


@test("hello-two-cpus")
def _():
    status_is(lab.run(folder("hello") / "hello", options=["--cpus", "2"], timeout=60), 0)


@test("hello-4M", on_linux=False)
def _():
    result = lab.run(folder("hello") / "hello", options=["-m", "4M"], timeout=60)
    output_is(result, b"Hello from /bin/hello\n")
    status_is(result, 0)


@test("no-libc")
def _():
    result = lab.run(folder("hello") / "bare", timeout=60)
    output_is(result, b"bare\n")
    status_is(result, 7)


@test("strace", on_linux=False)
def _():
    result = lab.run(folder("hello") / "hello", options=["--strace"], timeout=60)
    output_is(result, b"Hello from /bin/hello\n")
    check(re.search(r"writev?\(1, ", result.errors) and "exit_group(0)" in result.errors, "no trace of write and exit_group", result)
    status_is(result, 0)


@test("quiet")
def _():
    result = lab.run(folder("hello") / "hello", timeout=60)
    output_is(result, b"Hello from /bin/hello\n")
    check(result.errors == "", "elfin said something unasked", result)


@test("device-discipline", on_linux=False)
def _():
    with tempfile.NamedTemporaryFile("r") as log:
        options = ["--machine", "q35", "--net", "user"]
        for word in ("-d", "guest_errors,unimp", "-D", log.name):
            options += ["--qemu-arg", word]
        status_is(lab.run(folder("hello") / "hello", options=options, timeout=60), 0)
        complaints = log.read()
        check(not complaints, "QEMU complains of how its devices are used:\n" + complaints[:1000])
