"""Every way in which a program can end, and what the machine's status then is."""

from .harness import READY_SECONDS, check, folder, lab, status_is, test

PROGRAMS = ("hello",)
ENDS = [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("exit 256", 0), ("thread 5", 5), ("main-exits 6", 6), ("raise 15", 143), ("raise 9", 137),
        ("raise 6", 134), ("segv 0", 139), ("segv 4096", 139), ("fpe 0", 136), ("ill 0", 132), ("trap 0", 133), ("abort 0", 134), ("hlt 0", 139)]


def end_test(how, want):
    @test(f"ends-{how.replace(' ', '-')}")
    def _():
        result = lab.run(folder("hello") / "ends", *how.split(), timeout=60)
        check(result.text.startswith(f"ending by {how}\n"), "did not say how it ends", result)
        check("still here" not in result.text, "lived on", result)
        status_is(result, want)
        check(result.errors.count("panic") == 0, "the kernel panicked", result)


for each_how, each_want in ENDS:
    end_test(each_how, each_want)


@test("death-is-told", on_linux=False)
def _():
    result = lab.run(folder("hello") / "ends", "segv", "0", timeout=60)
    told = result.text + result.errors
    check("SIGSEGV" in told and "ends" in told and "0x8" in told, "no report with program, signal and address", result)
    status_is(result, 139)


@test("timeout")
def _():
    result = lab.run(folder("hello") / "ends", "forever", options=["--timeout", "12"], timeout=60)
    status_is(result, 124)


@test("ended-from-outside")
def _():
    with lab.Machine(folder("hello") / "ends", "forever", timeout=60) as vm:
        vm.until(lambda _: "ending by" in vm.text(), READY_SECONDS)
        vm.process.terminate()
        check(vm.wait(20) == 143, f"SIGTERM gave status {vm.process.poll()}")


@test("out-of-memory")
def _():
    result = lab.run(folder("hello") / "ends", "eat", "4096", options=["-m", "32M"], timeout=100)
    check("still here" not in result.text, "32 MB held 4,096", result)
    status_is(result, 137)
