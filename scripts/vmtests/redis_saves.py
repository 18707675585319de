"""redis saves its data by forking under load (BGSAVE, the append-only file and its rewrite), and loads them again
when it is started a second time in the same machine."""

import re
import subprocess
import tempfile
import time

from .hand import Hand
from .harness import READY_SECONDS, check, folder, lab, tap_lock, test, tool

PROGRAMS = ("redis", "processes")
CONFIGURATION = """save ""
appendonly no
protected-mode no
dir /tmp
enable-debug-command yes
"""
KEYS = 20_000


class Client:
    """redis-cli for the redis in the machine."""

    def __init__(self, hand):
        self.hand = hand
        self.cli = [folder("redis") / "redis-cli", "-h", hand.where]

    def ready(self):
        """Waits until redis answers, after a start."""
        ready, _ = self.hand.vm.until(lambda patience: lab.redis_ready((self.hand.where, 6379), patience), READY_SECONDS)
        check(ready is not None, f"redis never answered{self.hand.said()}")
        end = time.monotonic() + READY_SECONDS
        while "loading:0" not in self.ask("info", "persistence"):
            check(time.monotonic() < end, "redis did not load its data")
            time.sleep(0.1)

    def ask(self, *words):
        status, text = tool([*self.cli, *words], 60)
        check(status == 0, f"redis-cli {' '.join(words)}: status {status}, {text[:300]}{self.hand.said()}")
        return text.strip()

    def saved(self, what, started):
        """Starts something in the background and waits for its good end."""
        self.ask(*started)
        end = time.monotonic() + 90
        while True:
            told = self.ask("info", "persistence")
            if re.search(rf"^{what}_in_progress:0", told, re.M) and "aof_rewrite_scheduled:0" in told:
                break
            check(time.monotonic() < end, f"{' '.join(started)} did not end\n{told}{self.hand.said()}")
            time.sleep(0.1)
        check("bgsave_status:err" not in told and "bgrewrite_status:err" not in told, f"{' '.join(started)} failed\n{told}{self.hand.said()}")

    def benchmark(self):
        words = [folder("redis") / "redis-benchmark", "-h", self.hand.where, "-c", "20", "-n", "6000", "-r", "5000", 
                 "-t", "set,incr,lpush,sadd,hset", "-q"]
        return subprocess.Popen([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def end(self, benchmark):
        text, _ = benchmark.communicate(timeout=150)
        check(benchmark.returncode == 0 and "rror" not in text, f"redis-benchmark: status {benchmark.returncode}, {text[-500:]}{self.hand.said()}")

    def again(self, what):
        """Stops redis without saving, starts it again, and compares all values."""
        before = self.ask("debug", "digest")
        size = self.ask("dbsize")
        tool([*self.cli, "shutdown", "nosave"], 60)
        check(self.hand.tell("wait") == "status 0\n", f"redis did not end well{self.hand.said()}")
        self.hand.tell("start")
        self.ready()
        after = self.ask("debug", "digest")
        check(after == before and self.ask("dbsize") == size, f"{what} gives other values: {after} and not {before}{self.hand.said()}")


def redis_saves_test(cpus):
    @test(f"redis-saves-{cpus}")
    def _():
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(CONFIGURATION)
            file.flush()
            redis = folder("redis") / "redis-server"
            options = ["-m", "160M", "--cpus", cpus, "--file", f"{redis}:/bin/redis-server", "--file", f"{file.name}:/etc/redis.conf"]
            with tap_lock, Hand("/bin/redis-server", "/etc/redis.conf", options=options) as hand:
                client = Client(hand)
                client.ready()
                client.ask("debug", "populate", str(KEYS), "key", "100")
                load = client.benchmark()
                for _ in range(3):
                    client.saved("rdb_bgsave", ["bgsave"])
                client.end(load)
                client.saved("rdb_bgsave", ["bgsave"])
                client.again("the dump")
                # The append-only file, made while the values change, and made anew.
                load = client.benchmark()
                client.saved("aof_rewrite", ["config", "set", "appendonly", "yes"])
                client.saved("aof_rewrite", ["bgrewriteaof"])
                client.end(load)
                client.ask("config", "rewrite")
                client.again("the append-only file")
                children = [p for p in hand.processes() if p[5].startswith("redis")]
                check(len(children) == 1, f"there are other processes of redis: {children}")
                tool([*client.cli, "shutdown", "nosave"], 60)
                check(hand.tell("wait") == "status 0\n", f"redis did not end well{hand.said()}")
                hand.quit()


for each_cpus in (1, 2):
    redis_saves_test(each_cpus)
