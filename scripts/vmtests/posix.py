"""The Open POSIX Test Suite's quick cases, against what Linux answered (scripts/posix-suite; all of it: `make posix`)."""

import sys

from .harness import check, lab, test, tool

PROGRAMS = ("posixtestsuite", "busybox")


@test("posix-suite-quick", on_linux=False)
def _():
    status, text = tool([sys.executable, lab.ROOT / "scripts/posix-suite", "--quick", "--jobs", "2"], seconds=500)
    check(status == 0, "\n".join(line for line in text.split("\n") if not line.startswith("known")))


@test("posix-suite-smp", on_linux=False)
def _():
    # What several CPUs change: signals, threads and what they wait for.
    words = ["kill_", "raise_", "sigqueue_", "sigwait", "pthread_kill_", "pthread_cond_", "pthread_mutex_lock_", "fork_", "sem_"]
    status, text = tool([sys.executable, lab.ROOT / "scripts/posix-suite", "--quick", "--cpus", "2", "--jobs", "1", *words], seconds=300)
    check(status == 0, text)
