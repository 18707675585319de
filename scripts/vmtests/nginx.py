"""nginx as one process: its page, its errors, load over a tap."""

import os
import re

from .harness import MACHINES, READY_SECONDS, Failure, check, folder, lab, tap_lock, tap_options, test, tool

PROGRAMS = ("nginx",)


class Nginx:
    """An nginx in a machine that serves its page at `address`."""

    def __init__(self, options, address, machine="microvm"):
        self.address = address
        if lab.RUNNER == lab.LINUX:
            machine = "q35"
        options = ["-m", "32M", "--machine", machine, "--root", folder("nginx") / "root", *options]
        self.page = (folder("nginx") / "root/www/index.html").read_bytes()
        self.vm = lab.Machine(folder("nginx") / "nginx", "-c", "/etc/nginx.conf", options=options, timeout=280)

    def __enter__(self):
        self.vm.__enter__()
        ready, page = self.vm.until(lambda patience: lab.http_page(self.address, seconds=patience), READY_SECONDS)
        if ready is None or page != self.page:
            text = f"nginx served no page, or not the right one\n{self.vm.text()[-1500:]}\n{self.vm.errors()[-800:]}"
            self.vm.__exit__()
            raise Failure(text)
        return self

    def __exit__(self, *_):
        self.vm.__exit__()


def nginx_test(machine):
    @test(f"nginx-{machine}", on_linux=machine != "microvm")
    def _():
        port = lab.free_port()
        with Nginx(["-p", f"{port}:80"], ("127.0.0.1", port), machine) as nginx:
            status, text = tool(["curl", "-sS", "--fail", f"http://127.0.0.1:{port}/"], 60)
            check(status == 0 and text.encode() == nginx.page, f"curl: status {status}, {text[:300]}")
            status, text = tool(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1:{port}/missing"], 60)
            check(text == "404", f"a page that is not there gave {text}")


for each_machine in MACHINES:
    nginx_test(each_machine)


@test("nginx-ab-30")
def _():
    with tap_lock, Nginx(tap_options(), (os.environ.get("ELFIN_GUEST"), 80)) as nginx:
        url = f"http://{nginx.address[0]}/"
        for count, option in ((10000, ["-k"]), (3000, [])):
            status, text = tool(["ab", "-q", "-c", 30, "-n", count, *option, url], 120)
            done = re.search(r"Complete requests:\s+(\d+)", text)
            failed = re.search(r"Failed requests:\s+(\d+)", text)
            check(status == 0 and done and int(done[1]) == count and failed and failed[1] == "0" and "Non-2xx" not in text,
                  f"ab -c 30 -n {count} {' '.join(option)}: status {status}\n{text[-1200:]}\n{nginx.vm.text()[-500:]}\n{nginx.vm.errors()[-500:]}")
        check(lab.http_page(nginx.address) == nginx.page, "the page is another one after the load")
