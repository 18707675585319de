"""Files that are no programs: refused with a status and a message, never with a panic."""

import pathlib
import struct
import tempfile

from .harness import check, lab, status_is, test


def elf(kind=2, machine=62, phdrs=None, size=4096, phnum=None, klass=2, entry=0x401000):
    """A small ELF file; `phdrs` are (type, flags, offset, vaddr, filesz, memsz, align)."""
    phdrs = [(1, 5, 0, 0x400000, size, size, 0x1000)] if phdrs is None else phdrs
    head = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", klass, 1, 1, 0, kind, machine, 1, entry, 64, 0, 0, 64, 56,
                       len(phdrs) if phnum is None else phnum, 0, 0, 0)
    table = b"".join(struct.pack("<IIQQQQQQ", t, f, o, v, v, fs, ms, a) for t, f, o, v, fs, ms, a in phdrs)
    return (head + table).ljust(size, b"\0")


BAD = {
    "empty": b"",
    "text": b"Hello, this is not a program.\n" * 20,
    "cut-in-head": elf()[:40],
    "cut-in-table": elf(size=80, phdrs=[(1, 5, 0, 0x400000, 80, 80, 0x1000)])[:80],
    "cut-in-segment": elf(phdrs=[(1, 5, 0, 0x400000, 100000, 100000, 0x1000)]),
    "arm64": elf(machine=183),
    "32-bit": elf(klass=1),
    "object": elf(kind=1),
    "no-load": elf(phdrs=[(4, 4, 0, 0, 0, 0, 4)]),
    "overlapping": elf(phdrs=[(1, 5, 0, 0x400000, 4096, 8192, 0x1000), (1, 6, 0, 0x401000, 4096, 4096, 0x1000)]),
    "wraps": elf(phdrs=[(1, 5, 0, 0xFFFFFFFFFFFFF000, 4096, 1 << 20, 0x1000)]),
    "too-high": elf(phdrs=[(1, 5, 0, 0x7FFFFFFFF000, 4096, 1 << 30, 0x1000)]),
    "file-larger-than-memory": elf(phdrs=[(1, 5, 0, 0x400000, 4096, 100, 0x1000)]),
    "misaligned": elf(phdrs=[(1, 5, 8, 0x400000, 1000, 1000, 0x1000)]),
    "many-headers": elf(phnum=60000),
    "no-interpreter": elf(phdrs=[(3, 4, 200, 0x4000C8, 20, 20, 1), (1, 5, 0, 0x400000, 4096, 4096, 0x1000)])[:200]
    + b"/lib/is-not-there.so\0".ljust(4096 - 200, b"\0"),
}


def bad_test(name, content):
    @test(f"bad-{name}", on_linux=False)
    def _():
        with tempfile.TemporaryDirectory() as place:
            path = pathlib.Path(place) / f"bad-{name}"
            path.write_bytes(content)
            path.chmod(0o755)
            result = lab.run(path, timeout=30)
            check(result.status in (126, 127), f"ended with status {result.status}, not 126 or 127", result)
            check(f"bad-{name}" in result.errors + result.text, "the message does not name the file", result)


for each_name, each_content in BAD.items():
    bad_test(each_name, each_content)


@test("bad-missing", on_linux=False)
def _():
    result = lab.run("/nonexistent/program", timeout=30)
    status_is(result, 127)
    check("/nonexistent/program" in result.errors, "the message does not name the file", result)
