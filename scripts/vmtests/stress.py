"""A short run of the mix that `make stress` runs for an hour, on one, two and four processors."""

import re

from .harness import check, folder, lab, status_is, test

PROGRAMS = ("stress",)
SECONDS, PHASES = 9, 3
# What a phase may leave behind: caches fill up in the first ones.
MOST_LOST_KIB = 512


def free_memory(text):
    """KiB free at the end of each phase, as the program told."""
    return [int(n) for n in re.findall(r"^stress: phase .* operations, (\d+) KiB free", text, re.M)]


def mix_test(cpus):
    @test(f"stress-{cpus}-cpus", on_linux=False)
    def _():
        words = [str(SECONDS), str(PHASES), str(cpus)]
        result = lab.run(folder("stress") / "stress", *words, options=["--cpus", str(cpus), "-m", "128M"], timeout=240)
        status_is(result, 0)
        check("every check held" in result.text, "not every check held", result)
        free = free_memory(result.text)
        check(len(free) == PHASES and free[1] - free[-1] <= MOST_LOST_KIB, f"memory was lost: {free} KiB free", result)


for each_count in (1, 2, 4):
    mix_test(each_count)
