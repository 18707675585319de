"""sqlite: the same SQL gives the same bytes as on this host."""

import re
import subprocess
import tempfile

from .harness import check, folder, lab, output_is, status_is, test

PROGRAMS = ("sqlite",)
SQL_ROWS = 20_000


@test("sqlite-as-host")
def _():
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(lab.sql_script(SQL_ROWS))
        script.flush()
        program = folder("sqlite") / "sqlite3"
        host = subprocess.run([program, ":memory:"], stdin=open(script.name, "rb"), stdout=subprocess.PIPE).stdout
        result = lab.run(program, ":memory:", options=["-m", "64M"], stdin=script.name, timeout=240)
        output_is(result, host)
        status_is(result, 0)
        # In a file, with its journal and its locks.
        result = lab.run(program, "/tmp/test.db", options=["-m", "64M"], stdin=script.name, timeout=240)
        output_is(result, host)
        status_is(result, 0)


@test("sqlite-speedtest")
def _():
    program = folder("sqlite") / "speedtest1"
    words = ["--size", "3", "--verify", "/tmp/speed.db"]
    with tempfile.TemporaryDirectory() as place:
        host = subprocess.run([program, *words[:-1], f"{place}/speed.db"], stdout=subprocess.PIPE, text=True).stdout
    result = lab.run(program, *words, options=["-m", "128M"], timeout=240)
    sums = [re.findall(r"Verification Hash: .*", text) for text in (host, result.text)]
    check(sums[0] and sums[0] == sums[1], f"hash {sums[1]}, not the host's {sums[0]}", result)
    status_is(result, 0)
