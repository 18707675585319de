"""Standard input, and files given to a machine."""

import os
import pathlib
import subprocess
import tempfile

from .harness import folder, lab, output_is, status_is, test

PROGRAMS = ("busybox",)


@test("input-file")
def _():
    with tempfile.NamedTemporaryFile() as file:
        data = bytes(range(256)) * 400
        file.write(data)
        file.flush()
        result = lab.run(folder("busybox") / "busybox", "cat", stdin=file.name, timeout=60)
        output_is(result, data)
        status_is(result, 0)


@test("input-pipe", on_linux=False)
def _():
    data = bytes(range(256)) * 40
    result = lab.run(folder("busybox") / "busybox", "cat", stdin=data, timeout=60)
    output_is(result, data)
    status_is(result, 0)


@test("files-given")
def _():
    with tempfile.TemporaryDirectory() as place:
        root = pathlib.Path(place)
        (root / "sub").mkdir()
        (root / "sub/a").write_bytes(b"alpha\n")
        (root / "sub/big").write_bytes(os.urandom(300_000))
        (root / "sub/link").symlink_to("a")
        options = ["--file", f"{root / 'sub'}:/data", "--workdir", "/data"]
        result = lab.run(folder("busybox") / "busybox", "sha256sum", "a", "big", "link", options=options, timeout=60)
        host = subprocess.run(["sha256sum", "a", "big", "link"], cwd=root / "sub", stdout=subprocess.PIPE).stdout
        output_is(result, host)
        status_is(result, 0)
