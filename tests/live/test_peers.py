# SPDX-License-Identifier: GPL-2.0-only
"""
Who becomes a peer amid a trace, and is not alone: what it was doing at that moment in other threads, in
children and in whoever shares its table is known from then on as if it had been traced from the start.
"""
import json
import os
import subprocess
import sys

import pytest
import compare
import waiting


@pytest.mark.kernel
@pytest.mark.parametrize("run", range(5))
def test_a_peer_that_is_not_alone(ipctrace, workload, run):
    it = workload("peers")
    server = it.told[0]["server"]
    tracer = ipctrace.start("trace", "--json", "--audit", "-p", server)
    it.say()
    quiet = it.hear("quiet")["quiet"]
    result = tracer.stop()
    end = compare.check_trace(result.events)
    compare.check_audit(end)
    assert result.code == 0 and end["lost"] == 0 and end["resyncs"] == 0, end
    # All of them were compared: each has hundreds, and the two that share have them once.
    assert len(quiet) > 2 and end["audit"]["checked"] > 600 * (len(quiet) - 1), (end, quiet)
    assert it.finish() == 0


def test_all_who_hold_it_are_found(ipctrace, workload):
    """A document of a window has whoever had the table of the one that connected."""
    it = workload("peers")
    server = it.told[0]["server"]
    tracer = ipctrace.start("graph", "--json", "-d", 600, "-p", server)
    it.say()
    quiet = it.hear("quiet")["quiet"]
    document = tracer.stop().document
    compare.check_graph(document)
    mine = it.pid, quiet[1]
    held = {e["object"] for e in document["endpoints"] if compare.pid_of(e["process"]) == server}
    for pid in mine:
        ends = {e["object"] for e in document["endpoints"] if compare.pid_of(e["process"]) == pid}
        others = {o["peer"] for o in document["objects"] if o["id"] in ends and o.get("peer")}
        assert others & held, (pid, ends, held)
    assert it.finish() == 0


COMPANY = 60
ROW = 200           # a row about a descriptor has more bytes than that


def test_accepted_while_the_tables_are_read(ipctrace, workload, background, needs):
    """The rows of the server come first and those of whoever connected to it last: these tell of a socket at the
    other end which those do not, and only the record of its accept says that it is the server's."""
    needs("strace")
    it = workload("accepting", COMPANY)
    told = it.told[0]
    # (Of leaks nothing can be told of whoever is traced.)
    tracer = ipctrace.start("trace", "--json", "--audit", "-p", told["server"],
                            env={"ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"})
    # A look takes a second or so then, and the test need not be quick.
    slow = background("strace", "-qq", "-f", "-p", tracer.pid, "-o", "/dev/null", "-e", "inject=read:delay_enter=3ms")
    waiting.until(lambda: waiting.is_traced(tracer.pid), "strace has it", process=slow)
    third = waiting.bytes_read(tracer.pid) + COMPANY * told["many"] * ROW // 3
    it.say()
    waiting.until(lambda: waiting.bytes_read(tracer.pid) > third, "tables are read", process=tracer.process, pause=0)
    it.say()
    it.hear("accepted")
    it.say()
    it.hear("quiet")
    result = tracer.stop()
    end = compare.check_trace(result.events)
    compare.check_audit(end)
    assert result.code == 0 and end["lost"] == 0 and end["resyncs"] == 0, end
    assert end["audit"]["checked"] > COMPANY * told["many"], end
    assert it.finish() == 0


HANDED = r"""
import os, signal, socket, sys
read, write = os.pipe()
other = os.fork()
if other == 0:
    os.close(read)
    for fd in 0, 1, 2:
        os.close(fd)
    while True:
        signal.pause()
os.close(write)
print(other, flush=True)
sys.stdin.readline()
with socket.socket(socket.AF_UNIX) as it:
    it.connect(sys.argv[1])
    socket.send_fds(it, [b"!"], [read])
os.close(read)
print("done", flush=True)
sys.stdin.readline()
os.kill(other, signal.SIGKILL)
os.waitpid(other, 0)
"""

TAKES = r"""
import socket, sys
with socket.socket(socket.AF_UNIX) as it:
    it.bind(sys.argv[1])
    it.listen()
    print("ready", flush=True)
    its, _ = it.accept()
    _, (fd,), _, _ = socket.recv_fds(its, 1, 1)
    print("done", flush=True)
    sys.stdin.readline()
"""


def test_who_has_the_other_end_of_what_was_handed_over(ipctrace, background, tmp_path):
    """It does nothing with it meanwhile, and never had to do with whoever got this end, nor with who passed it on
    once it was traced."""
    def program(code):
        return background(sys.executable, "-c", code, tmp_path / "socket", stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True)

    taker = program(TAKES)
    assert taker.stdout.readline() == "ready\n"
    giver = program(HANDED)
    other = int(giver.stdout.readline())
    trace = ipctrace.start("trace", "--json", "--audit", "-p", taker.pid)
    graph = ipctrace.start("graph", "--json", "-d", 600, "-p", taker.pid)
    giver.stdin.write("\n")
    giver.stdin.flush()
    assert giver.stdout.readline() == "done\n" and taker.stdout.readline() == "done\n"
    document = graph.stop().document
    compare.check_graph(document)
    compare.check_audit(compare.check_trace(trace.stop().events))
    links = {(compare.pid_of(link["from"]), compare.pid_of(link["to"])) for link in document["links"]
             if link["kind"] == "pipe"}
    assert (other, taker.pid) in links, links
    for it in giver, taker:
        it.communicate("\n", timeout=60)
        assert it.returncode == 0


BECOMES_SHARED = r"""
import json, os, socket, sys
ours, theirs = socket.socketpair()
read, write = os.pipe()
child = os.fork()
if child == 0:
    os.dup2(theirs.fileno(), 3)
    os.closerange(4, 64)
    for fd in 0, 1, 2:
        os.close(fd)
    theirs = socket.socket(fileno=3)
    _, (got,), _, _ = socket.recv_fds(theirs, 1, 1)
    theirs.send(b"!")
    for _ in range(100):
        os.read(got, 7)
    theirs.send(b"!")
    theirs.recv(1)
    os._exit(0)
print(json.dumps({"child": child, "inode": os.fstat(read).st_ino}), flush=True)
sys.stdin.readline()
for _ in range(1000):
    os.write(write, b"not yet")
    os.read(read, 7)
socket.send_fds(ours, [b"!"], [read])
ours.recv(1)
for _ in range(100):
    os.write(write, b"counted")
ours.recv(1)
print("done", flush=True)
sys.stdin.readline()
ours.send(b"!")
os.waitpid(child, 0)
"""


def test_a_peers_object_is_counted_once_it_is_shared(ipctrace, background):
    """What a peer moves through what is its own alone is not counted, and costs little; from the moment on
    that a selected process gets hold of it, all of it is."""
    it = background(sys.executable, "-c", BECOMES_SHARED, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    told = json.loads(it.stdout.readline())
    tracer = ipctrace.start("graph", "--json", "-d", 600, "-p", told["child"])
    it.stdin.write("\n")
    it.stdin.flush()
    assert it.stdout.readline() == "done\n"
    document = tracer.stop().document
    compare.check_window(document)
    name = f"pipe:[{told['inode']}]"
    assert compare.endpoint(document, it.pid, name)["bytes_out"] == 700
    assert compare.endpoint(document, told["child"], name)["bytes_in"] == 700
    it.communicate("\n", timeout=60)
    assert it.returncode == 0
