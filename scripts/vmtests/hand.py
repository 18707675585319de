"""A machine whose first process is `hand` (test-binaries/programs/hand.c): it starts a program, and signals,
lists and starts its processes as it is told over the tap."""

import os
import socket

from .harness import Failure, check, folder, lab, tap_options

PORT = 7777


class Hand:
    """A program under a hand, in a machine on the tap. `where` is the machine's address."""

    def __init__(self, *command, options=(), seconds=200):
        self.where = os.environ.get("ELFIN_GUEST")
        options = [*tap_options(), *options]
        if lab.RUNNER == lab.LINUX:
            options += ["--machine", "q35"]
        self.vm = lab.Machine(folder("processes") / "hand", PORT, *command, options=options, timeout=seconds)

    def __enter__(self):
        self.vm.__enter__()
        return self

    def __exit__(self, *_):
        self.vm.__exit__()

    def said(self):
        """The end of what the machine and `elfin` said, for messages."""
        return f"\nconsole:\n{self.vm.text()[-1500:]}\nelfin: {self.vm.errors()[-800:]}"

    def tell(self, line, seconds=60):
        """Does one thing; the answer."""
        try:
            with socket.create_connection((self.where, PORT), timeout=seconds) as s:
                s.sendall(line.encode() + b"\n")
                answer = b""
                while part := s.recv(65536):
                    answer += part
                return answer.decode()
        except OSError as error:
            raise Failure(f"hand, told '{line}': {error}{self.said()}") from None

    def signal(self, number):
        """Sends a signal to the program."""
        check(self.tell(f"signal {int(number)}") == "ok\n", f"the program is not there for signal {int(number)}{self.said()}")

    def processes(self):
        """All processes: (pid, parent, user, threads, state, name)."""
        lines = [line.split(" ", 5) for line in self.tell("processes").splitlines()]
        return [(*map(int, words[:4]), words[4], words[5]) for words in lines]

    def quit(self, want=0):
        """Ends the machine, whose status must be that of the program's last end."""
        self.tell("quit")
        status = self.vm.wait(60)
        check(status == want, f"the machine ended with status {status}, not {want}{self.said()}")
