"""nginx with a master and workers: they give up root, share the load, are changed under it and end in order."""

import re
import signal
import subprocess
import time

from .hand import Hand
from .harness import READY_SECONDS, check, folder, lab, tap_lock, test

PROGRAMS = ("nginx", "processes")
NOBODY = 65534


def workers_of(hand):
    """The ids of the workers that there are and have given up root."""
    found = hand.processes()
    master = [p for p in found if p[1] == 1 and p[5] == "nginx"]
    check(len(master) == 1 and master[0][2] == 0, f"there is not one master of root: {found}{hand.said()}")
    return {p[0] for p in found if p[1] == master[0][0] and p[2] == NOBODY}


def until_workers(hand, good, what):
    """Waits until the set of workers is as it should be."""
    end = time.monotonic() + 30
    while not good(workers := workers_of(hand)):
        check(time.monotonic() < end, f"{what}: workers are {workers}, processes {hand.processes()}{hand.said()}")
        time.sleep(0.1)
    return workers


def load(hand, count):
    """Starts ab, a connection a request."""
    return subprocess.Popen(["ab", "-q", "-r", "-c", "20", "-n", str(count), f"http://{hand.where}/"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def loaded(hand, ab, count):
    """Waits for ab, which must not have lost a request."""
    text, _ = ab.communicate(timeout=150)
    done, failed = (re.search(rf"{word} requests:\s+(\d+)", text) for word in ("Complete", "Failed"))
    check(ab.returncode == 0 and done and int(done[1]) == count and failed and failed[1] == "0" and "Non-2xx" not in text,
          f"ab: status {ab.returncode}\n{text[-1200:]}{hand.said()}")


def nginx_workers_test(cpus):
    @test(f"nginx-workers-{cpus}")
    def _():
        root = folder("nginx") / "root"
        options = ["-m", "64M", "--cpus", cpus, "--root", root, "--file", f"{folder('nginx') / 'nginx'}:/bin/nginx"]
        with tap_lock, Hand("/bin/nginx", "-c", "/etc/workers.conf", options=options) as hand:
            page = (root / "www/index.html").read_bytes()
            ready, _ = hand.vm.until(lambda patience: lab.http_page((hand.where, 80), seconds=patience) == page, READY_SECONDS)
            check(ready is not None, f"nginx served no page{hand.said()}")
            first = until_workers(hand, lambda found: len(found) == 2, "two at the start")
            ab = load(hand, 4000)
            time.sleep(0.3)
            hand.signal(signal.SIGHUP)
            second = until_workers(hand, lambda found: len(found) == 2 and not found & first, "two new ones after SIGHUP")
            loaded(hand, ab, 4000)
            ab = load(hand, 2000)
            hand.signal(signal.SIGHUP)
            hand.signal(signal.SIGUSR1)
            loaded(hand, ab, 2000)
            until_workers(hand, lambda found: len(found) == 2 and not found & second, "two new ones after another SIGHUP")
            check(lab.http_page((hand.where, 80)) == page, "the page is another one after the load")
            hand.signal(signal.SIGQUIT)
            check(hand.tell("wait") == "status 0\n", f"nginx did not end by SIGQUIT with status 0{hand.said()}")
            left = [p for p in hand.processes() if p[0] != 1]
            check(not left, f"processes are left: {left}")
            hand.quit()


for each_cpus in (1, 2):
    nginx_workers_test(each_cpus)
