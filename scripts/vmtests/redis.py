"""redis: a dialogue over user networking, load over a tap."""

import os
import re
import time

from .harness import READY_SECONDS, Failure, check, folder, lab, tap_lock, tap_options, test, tool

PROGRAMS = ("redis",)


class Redis:
    """A redis in a machine, ready to be asked at `address`."""

    def __init__(self, options, address, program="redis-server", memory="64M", machine="microvm", seconds=280):
        self.address = address
        self.cli = [folder("redis") / "redis-cli", "-h", address[0], "-p", address[1]]
        arguments = ["--save", "", "--appendonly", "no", "--protected-mode", "no"]
        if lab.RUNNER == lab.LINUX:
            machine = "q35"
        self.vm = lab.Machine(folder("redis") / program, *arguments, options=["-m", memory, "--machine", machine, *options], timeout=seconds)

    def __enter__(self):
        self.vm.__enter__()
        ready, _ = self.vm.until(lambda patience: lab.redis_ready(self.address, patience), READY_SECONDS)
        if ready is None:
            text = f"redis never answered\n{self.vm.text()[-1500:]}\n{self.vm.errors()[-800:]}"
            self.vm.__exit__()
            raise Failure(text)
        return self

    def __exit__(self, *_):
        self.vm.__exit__()

    def ask(self, want, *words):
        try:
            status, got = tool([*self.cli, *words], 30)
        except Failure as failure:
            raise Failure(f"{failure}\n{self.vm.text()[-800:]}\n{self.vm.errors()[-800:]}") from None
        check(got.strip() == want, f"redis-cli {' '.join(map(str, words))[:100]}: '{got.strip()[:200]}' (status {status}), not '{want[:200]}'"
              f"\n{self.vm.text()[-800:]}\n{self.vm.errors()[-800:]}")

    def shutdown(self):
        tool([*self.cli, "shutdown", "nosave"], 60)
        status = self.vm.wait(60)
        check(status == 0, f"after SHUTDOWN the machine ended with status {status}\n{self.vm.text()[-800:]}\n{self.vm.errors()[-800:]}")


def redis_dialogue(redis, big_bytes=1 << 20):
    redis.ask("OK", "set", "k", "v" * 1000)
    redis.ask("v" * 1000, "get", "k")
    redis.ask("3", "rpush", "l", "a", "b", "c")
    redis.ask("c\nb\na", "eval", "local r = {} for _, v in ipairs(redis.call('lrange', 'l', 0, -1)) do table.insert(r, 1, v) end return r", "0")
    redis.ask("OK", "set", "gone", "x", "px", "20")
    time.sleep(0.1)
    redis.ask("", "get", "gone")
    # A value larger than any buffer on its way, there and back.
    big = os.urandom(big_bytes // 2).hex().encode()
    reply = lab.ask(redis.address, b"*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$%d\r\n%s\r\n" % (len(big), big), seconds=30)
    check(reply == b"+OK\r\n", f"SET of {len(big)} bytes gave {reply[:100]!r}")
    want = b"$%d\r\n" % len(big) + big + b"\r\n"
    reply = lab.ask(redis.address, b"GET big\r\n", enough=lambda r: len(r) >= len(want), seconds=30)
    check(reply == want, f"GET of {len(big)} bytes gave {len(reply)} bytes, not {len(want)}, or other ones")
    # A hundred commands in one piece.
    piece = b"".join(b"SET p%d %d\r\n" % (i, i) for i in range(100))
    reply = lab.ask(redis.address, piece, enough=lambda r: len(r) >= 500, seconds=30)
    check(reply == b"+OK\r\n" * 100, "100 commands in one piece were not answered by 100 times OK")


@test("redis-benchmark-50")
def _():
    with tap_lock, Redis(tap_options(), (os.environ.get("ELFIN_GUEST"), 6379)) as redis:
        redis_dialogue(redis)
        command = [folder("redis") / "redis-benchmark", "-h", redis.address[0], "-c", 50, "-n", 1000, "--csv"]
        status, text = tool(command, 200)
        lines = re.findall(r'^"([^"]+)","([\d.]+)"', text, re.M)
        check(status == 0 and "rror" not in text and len(lines) >= 18, f"redis-benchmark -c 50 (whole default list): status {status}, "
              f"{len(lines)} tests came to their end\n{text[-1200:]}\n{redis.vm.text()[-800:]}\n{redis.vm.errors()[-500:]}")
        status, text = tool([*command[:-3], "-n", 5000, "-P", 16, "-t", "set,get", "--csv"], 60)
        check(status == 0 and "rror" not in text, f"redis-benchmark -P 16: {text[-500:]}")
        redis.ask("PONG", "ping")
        redis.shutdown()


def redis_user_test(machine, program, memory):
    @test(f"redis-user-{machine}-{program}-{memory}", on_linux=machine != "microvm")
    def _():
        port = lab.free_port()
        with Redis(["-p", f"{port}:6379"], ("127.0.0.1", port), program, memory, machine) as redis:
            redis_dialogue(redis, big_bytes=1 << 20 if memory != "12M" else 100_000)
            redis.shutdown()


redis_user_test("microvm", "redis-server", "12M")
redis_user_test("q35", "redis-server-pie", "32M")
redis_user_test("pc", "redis-server", "32M")
