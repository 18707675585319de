"""The conformance programs (test-binaries/conformance), each as ET_EXEC on microvm and as static-PIE on q35."""

import re

from .harness import Failure, check, folder, lab, test

PROGRAMS = ("conformance",)
CONFORMANCE = ("files", "memory", "procmem", "threads", "signals", "events", "net", "time", "misc", "ipc", "notify", "creds", "core", "ptrace", "fuzz", "process", "process-exec",
               "process-wait", "process-clone", "process-share", "process-spawn", "procsig", "restarts", "tty", "jobs", "smp")


def conformance_test(name, machine, kind, cpus=1):
    several = f"-{cpus}cpus" if cpus > 1 else ""

    @test(f"conformance-{name}-{machine}{kind}{several}", on_linux=machine != "microvm")
    def _():
        result = lab.run(folder("conformance") / f"{name}{kind}", options=["--machine", machine, "-m", "128M", "--cpus", str(cpus)], timeout=240)
        failures = re.findall(r"^not ok .*", result.text, re.M)
        end = re.search(r"^(\d+) passed, (\d+) failed$", result.text, re.M)
        if not end:
            group = re.findall(r"^# (\w+)$", result.text, re.M)
            raise Failure(f"did not come to its end (status {result.status}); last group {group[-1] if group else 'none'}, after "
                          f"{result.text.count(chr(10) + 'ok ')} passed\n" + "\n".join(failures)
                          + f"\nconsole: …{result.text[-800:]}\nelfin: {result.errors[-800:]}")
        check(not failures and result.status == 0, f"{end[0]}, status {result.status}\n" + "\n".join(failures))


for each_name in CONFORMANCE:
    conformance_test(each_name, "microvm", "")
for each_name in CONFORMANCE:
    conformance_test(each_name, "q35", "-pie")
SEVERAL = ("smp", "threads", "signals", "memory", *(name for name in CONFORMANCE if name.startswith("process")))
for each_name in SEVERAL:
    conformance_test(each_name, "microvm", "", cpus=2)
conformance_test("smp", "microvm", "", cpus=4)
for each_machine in ("q35", "pc"):
    conformance_test("smp", each_machine, "-pie", cpus=2)
