"""One `elfin run`: started, watched, ended. What demo, test-vm, min-memory and the benchmarks share.

`Machine` is a context manager that leaves nothing running; `run` is the short form for a program that
ends by itself. `built` and `folder` give the programs of test-binaries/.
"""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
KERNEL = os.environ.get("ELFIN_KERNEL", str(TARGET / "x86_64-unknown-none/release/elfin-kernel"))
ELFIN = os.environ.get("ELFIN", str(TARGET / "host/elfin"))
# The Linux guest takes the same options: a test that fails on it is itself wrong.
LINUX = [str(ROOT / "scripts/linux-guest")]
# What starts a machine; `use_linux` changes it.
RUNNER = [ELFIN, "run"]
linux_memory = True
# Beyond --timeout, for a machine that does not even end when told to.
GRACE_SECONDS = 15
# How long a probe waits for its answer: at first, and at last.
FIRST_PATIENCE = 0.02
LAST_PATIENCE = 2.0


def fail(message):
    """Ends this script with a message."""
    sys.exit(f"{os.path.basename(sys.argv[0])}: {message}")


def need(linux=False):
    """Sees to it that the command and the kernel are there."""
    if not os.access(ELFIN, os.X_OK):
        fail(f"no elfin command at {ELFIN}: run 'make cli', or set ELFIN")
    if not linux and not os.path.exists(KERNEL):
        fail(f"no kernel at {KERNEL}: run 'make kernel', or set ELFIN_KERNEL")
    os.environ["ELFIN_KERNEL"] = KERNEL
    os.environ["ELFIN"] = ELFIN


def use_linux(keep_memory=False):
    """From here on machines run Debian's Linux; in the memory that it needs, unless `keep_memory`."""
    global linux_memory
    RUNNER[:] = LINUX
    linux_memory = not keep_memory
    if subprocess.run([*LINUX, "--prepare"], stdout=subprocess.DEVNULL).returncode:
        fail("cannot prepare the Linux guest (the lines above say why)")


def _without_memory(options):
    """Options less -m: Linux does not even start in what Elfin is given."""
    words = iter(options)
    for word in words:
        if word in ("-m", "--memory"):
            next(words, None)
        else:
            yield word


def _build(*words):
    result = subprocess.run([str(ROOT / "test-binaries/build"), *words], stdout=subprocess.PIPE, text=True)
    if result.returncode:
        fail(f"cannot build {words[-1]} (the lines above say why)")
    return pathlib.Path(result.stdout.strip())


def built(name):
    """The main file of a program, built where needed."""
    return _build(name)


def folder(name):
    """The folder with all files of a recipe."""
    return _build("--dir", name)


def free_port():
    """A TCP port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Machine:
    """A running machine. `options` are those of `elfin run`; `stdin` is bytes, a path, or None for nothing."""

    def __init__(self, program, *args, options=(), stdin=None, timeout=120):
        if RUNNER == LINUX and linux_memory:
            options = _without_memory(options)
        self.command = [*RUNNER, "--timeout", str(timeout), *map(str, options), str(program), *map(str, args)]
        self.timeout = timeout + GRACE_SECONDS
        self.stdin = stdin
        self.process = None

    def __enter__(self):
        self._out = tempfile.TemporaryFile()
        self._err = tempfile.TemporaryFile()
        pipe = isinstance(self.stdin, bytes)
        source = subprocess.PIPE if pipe else open(self.stdin or os.devnull, "rb")
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.command, stdin=source, stdout=self._out, stderr=self._err)
        if pipe:
            try:
                self.process.stdin.write(self.stdin)
                self.process.stdin.close()
            except BrokenPipeError:
                pass
        else:
            source.close()
        return self

    def __exit__(self, *_):
        self.stop()
        self.out_bytes = self.output()
        self._out.close()
        self._err.close()

    def running(self):
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def wait(self, seconds=None):
        """Its exit status; None where it has not ended in that time."""
        try:
            return self.process.wait(seconds if seconds is not None else self.timeout)
        except subprocess.TimeoutExpired:
            return None

    def stop(self):
        """Ends it, gently first, and gives its status."""
        if self.running():
            self.process.terminate()
            if self.wait(GRACE_SECONDS) is None:
                self.process.kill()
        return self.process.wait()

    def _text(self, file):
        position = file.tell()
        file.seek(0)
        text = file.read()
        file.seek(position)
        return text

    def output(self):
        """What the program printed so far, as bytes."""
        return self._text(self._out) if not self._out.closed else self.out_bytes

    def text(self):
        """What the program printed so far."""
        return self.output().decode(errors="replace")

    def errors(self):
        """What `elfin` said so far."""
        return self._text(self._err).decode(errors="replace")

    def until(self, probe, seconds=60):
        """Seconds from the start until `probe(patience)` gives something true, and that; (None, None) if it never does.

        Patience, in seconds, begins short and grows: user networking takes connections before the guest
        listens, and then says nothing."""
        end = time.monotonic() + seconds
        patience = FIRST_PATIENCE
        while time.monotonic() < end and self.running():
            try:
                answer = probe(patience)
            except TimeoutError:
                answer = None
                patience = min(patience * 1.3, LAST_PATIENCE)
            except OSError:
                answer = None
            if answer:
                return time.monotonic() - self.started, answer
            time.sleep(0.002)
        return None, None


class Result:
    """How a run ended: status (None: it did not), out (bytes), text, errors, seconds."""

    def __init__(self, status, machine, seconds):
        self.status = status
        self.out = machine.output()
        self.text = machine.text()
        self.errors = machine.errors()
        self.seconds = seconds


def run(program, *args, **keywords):
    """Runs a program that ends by itself."""
    with Machine(program, *args, **keywords) as machine:
        status = machine.wait()
        return Result(status, machine, time.monotonic() - machine.started)


def ask(address, request, enough=lambda reply: bool(reply), seconds=1.0):
    """Sends bytes over TCP and gives the reply, once it is enough; an OSError where that fails."""
    reply = b""
    with socket.create_connection(address, timeout=seconds) as s:
        s.sendall(request)
        while not enough(reply):
            part = s.recv(65536)
            if not part:
                break
            reply += part
    return reply


def redis_ready(address, patience):
    """Whether a redis answers there."""
    return ask(address, b"PING\r\n", seconds=patience).startswith(b"+PONG")


def http_page(address, path="/", seconds=5.0):
    """The body of a page, or None."""
    request = f"GET {path} HTTP/1.0\r\nHost: elfin\r\n\r\n".encode()
    reply = ask(address, request, enough=lambda _: False, seconds=seconds)
    head, _, body = reply.partition(b"\r\n\r\n")
    return body if b" 200 " in head.split(b"\r\n")[0] else None


def sql_script(rows):
    """An SQL script that makes, changes and asks a table of this many rows."""
    lines = [
        "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price INTEGER, kind INTEGER);",
        "CREATE TABLE kind (id INTEGER PRIMARY KEY, name TEXT);",
        "INSERT INTO kind VALUES (0,'zero'),(1,'one'),(2,'two'),(3,'three'),(4,'four'),(5,'five'),(6,'six');",
        "BEGIN;",
    ]
    state = 12345
    for row in range(rows):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        lines.append(f"INSERT INTO item VALUES ({row},'item {state:x}',{state % 100003},{state % 7});")
    lines += [
        "COMMIT;",
        "CREATE INDEX by_price ON item (price);",
        "SELECT count(*), sum(price), avg(price), min(name), max(name) FROM item;",
        "SELECT kind.name, count(*), sum(price) FROM item JOIN kind ON item.kind = kind.id GROUP BY kind.id;",
        "SELECT * FROM item WHERE price BETWEEN 5000 AND 5100 ORDER BY price, id;",
        "UPDATE item SET price = price * 2 WHERE id % 3 = 0;",
        "DELETE FROM item WHERE kind = 5;",
        "SELECT total(price), group_concat(DISTINCT kind) FROM item;",
        "WITH RECURSIVE f(n, a, b) AS (SELECT 1, 0, 1 UNION ALL SELECT n+1, b, a+b FROM f WHERE n < 60) SELECT max(a) FROM f;",
        "PRAGMA integrity_check;",
    ]
    return "\n".join(lines) + "\n"
