# SPDX-License-Identifier: GPL-2.0-only
"""
Addresses that a selected process had and let go of: who meets there later is none of its peers. The kernel's
side may take them for such until its table is renewed, and traces them in vain: no output shows them.
"""
import socket
import subprocess
import sys

import compare
import conftest

# Each line on standard input is a turn: to bind and listen at the three addresses, to close them, to
# connect to them and send a word.
PARTY = """
import os, socket, sys
port, path = int(sys.argv[1]), sys.argv[2]
WHERE = ((socket.AF_INET, ("127.0.0.1", port)), (socket.AF_UNIX, path), (socket.AF_UNIX, "\\0" + path))
def listen(family, address):
    it = socket.socket(family)
    it.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    it.bind(address)
    it.listen()
    return it
def connect(family, address):
    it = socket.socket(family)
    it.connect(address)
    it.sendall(b"word")
    return it
held = []
print("ready", flush=True)
for turn in sys.stdin:
    if turn == "listen\\n":
        held = [listen(*where) for where in WHERE]
    elif turn == "connect\\n":
        held = [connect(*where) for where in WHERE]
    elif turn == "accept\\n":
        held += [it.accept()[0] for it in held]
    else:
        for it in held:
            it.close()
        if turn == "unlink\\n":
            os.unlink(path)
        held = []
    print("done", flush=True)
"""


class Party:
    def __init__(self, background, port, path):
        self.it = background(sys.executable, "-c", PARTY, port, path, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid, self.lines = self.it.pid, conftest.Lines(self.it.stdout.fileno(), "party")
        assert self.lines.next() == "ready"

    def turn(self, what):
        self.it.stdin.write(what.encode() + b"\n")
        self.it.stdin.flush()
        assert self.lines.next() == "done"


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def test_who_meets_where_a_selected_one_was(ipctrace, background, tmp_path):
    port, path = free_port(), tmp_path / "socket"
    selected, server, client = (Party(background, port, path) for _ in range(3))
    trace = ipctrace.start("trace", "--json", "--audit", "-p", selected.pid)
    graph = ipctrace.start("graph", "--json", "-d", 600, "-p", selected.pid)
    # With a true peer first, so that the addresses are watched.
    selected.turn("listen")
    peer = Party(background, port, path)
    peer.turn("connect")
    selected.turn("accept")
    peer.turn("close")
    selected.turn("unlink")
    # Many times: the kernel gives an address in memory to whoever asks next.
    for _ in range(50):
        server.turn("listen")
        client.turn("connect")
        server.turn("accept")
        client.turn("close")
        server.turn("unlink")
    document = graph.stop().document
    events = trace.stop().events
    compare.check_audit(compare.check_trace(events))
    told = {compare.pid_of(e["process"]) for e in events if e.get("process")}
    assert told == {selected.pid}
    shown = {process["pid"] for process in document["processes"]}
    assert {selected.pid, peer.pid} <= shown
    assert not shown & {server.pid, client.pid}
