"""PostgreSQL from nothing (test-binaries/programs/postgres/run.sh): a database is made, filled, put under load, asked,
killed and recovered. The answers are those that the same programs give on this host."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from .harness import check, folder, lab, output_is, status_is, test

PROGRAMS = ("postgres",)
ON_MACHINE = "mkdir /tmp/work && exec /pg/run.sh / /tmp/work"


def on_host():
    """What the script prints here; it becomes nobody by itself, who cannot look into the cache of programs."""
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        root, work = pathlib.Path(place) / "root", pathlib.Path(place) / "work"
        shutil.copytree(folder("postgres") / "root", root, symlinks=True)
        work.mkdir()
        result = subprocess.run([root / "bin/sh", root / "pg/run.sh", root, work], env={"PATH": str(root / "bin"), "HOME": str(work)},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200)
        check(result.returncode == 0 and result.stdout.endswith(b"stopped\n"), f"it fails on this host: …{result.stdout[-1500:].decode(errors='replace')}")
        # Messages name the script by its path.
        return result.stdout.replace(str(root).encode(), b"")


def postgres_test(cpus):
    @test(f"postgres-{cpus}")
    def _():
        want = on_host()
        options = ["-m", "256M", "--cpus", cpus, "--root", folder("postgres") / "root", "-e", "PATH=/bin", "-e", "HOME=/tmp"]
        result = lab.run("/bin/sh", "-c", ON_MACHINE, options=options, timeout=280)
        output_is(result, want)
        status_is(result, 0)


for each_cpus in (1, 2):
    postgres_test(each_cpus)
