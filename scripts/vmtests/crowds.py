"""Programs of ours with many threads and with many processes, on one, two and four processors."""

from .harness import check, folder, lab, status_is, test

PROGRAMS = ("processes",)


def crowd_test(name, arguments, cpus):
    @test(f"crowd-{name}-{cpus}")
    def _():
        options = ["-m", "128M", "--cpus", cpus]
        result = lab.run(folder("processes") / name, *arguments, options=options, timeout=150)
        check(result.text.endswith(": right\n"), "something was not right", result)
        status_is(result, 0)


for each_cpus in (1, 2, 4):
    crowd_test("threads", (64, 200), each_cpus)
    crowd_test("forks", (5,), each_cpus)
