# SPDX-License-Identifier: GPL-2.0-only
"""
Addresses that a selected process had and let go of: who meets there later is none of its peers. The kernel's
side may take them for such until its table is renewed, and traces them in vain: no output shows them.
"""
import os
import socket
import subprocess
import sys

import compare
import conftest
import waiting

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
    def __init__(self, background, port, path, program=PARTY):
        self.it = background(sys.executable, "-c", program, port, path, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
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


LOOK_BYTES = 1 << 16    # more than is read for anything else
LOOK_OPENS = 40         # turns to open 20 files (of the 1,024 that one may have): with them a look at all tables reads
                        # more, on any machine
BESIDE = """
import mmap, os, socket, sys, threading
port, path = int(sys.argv[1]), sys.argv[2]
held = []
def listen(*port):
    it = socket.socket()
    it.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    it.bind(("127.0.0.1", *port))
    it.listen()
    return it
print("ready", flush=True)
for turn in sys.stdin:
    what, *number = turn.split()
    if what == "listen":
        held.append(listen(*map(int, number)))
    elif what == "close":
        held.pop().close()
    elif what == "connect":
        held.append(socket.create_connection(("127.0.0.1", int(number[0]))))
    elif what == "accept":
        held.append(held[-1].accept()[0])
    elif what == "open":
        held += [open(os.devnull) for _ in range(20)]
    elif what == "map":
        held.append(mmap.mmap(-1, 4096))
    elif what == "thread":
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    print("done", flush=True)
"""


def test_a_stranger_that_becomes_a_peer(ipctrace, background, tmp_path):
    """Traced in vain, forgotten by the next look at all tables, and then a peer after all: it is known whole."""
    one, other = free_port(), free_port()
    selected, server, client, late, bystander = (Party(background, one, tmp_path, BESIDE) for _ in range(5))
    for _ in range(LOOK_OPENS):
        bystander.turn("open")
    late.turn("thread")
    client.turn("open")
    trace = ipctrace.start("trace", "--json", "--audit", "-p", selected.pid)
    selected.turn(f"listen {one}")
    selected.turn("close")
    server.turn(f"listen {one}")
    client.turn(f"connect {one}")   # to whoever is where a selected one was
    server.turn("accept")
    selected.turn(f"listen {other}")
    before = waiting.bytes_read(trace.pid)
    late.turn(f"connect {other}")   # not alone: all tables are looked at
    waiting.until(lambda: waiting.bytes_read(trace.pid) > before + LOOK_BYTES, "no look", process=trace.process)
    waiting.until(lambda: waiting.is_asleep(trace.pid), "it goes on", process=trace.process)
    client.turn("open")
    client.turn(f"connect {other}")
    known = sum(len(os.listdir(f"/proc/{party.pid}/fd")) for party in (selected, client, late))
    end = compare.check_trace(trace.stop().events)
    compare.check_audit(end)
    assert end["audit"]["checked"] >= known, (end, known)


def test_memory_that_one_just_made_is_nobody_elses(ipctrace, background, tmp_path):
    """Others may have had a file mapped for long; not anonymous memory: no look at all tables for that."""
    selected, bystander = (Party(background, free_port(), tmp_path, BESIDE) for _ in range(2))
    for _ in range(LOOK_OPENS):
        bystander.turn("open")
    trace = ipctrace.start("trace", "--json", "--audit", "-p", selected.pid)
    before = waiting.bytes_read(trace.pid)
    for _ in range(3):
        size = os.path.getsize(trace.out_path)
        selected.turn("map")
        waiting.grown(trace.out_path, size, "the mapping isn't told")
        waiting.until(lambda: waiting.is_asleep(trace.pid), "it goes on", process=trace.process)
    assert waiting.bytes_read(trace.pid) < before + LOOK_BYTES
    end = compare.check_trace(trace.stop().events)
    compare.check_audit(end)
