# SPDX-License-Identifier: GPL-2.0-only
"""
Memory over a time: what a window's report does not tell is not kept, what it does tell is kept as far as there
is room, and what is forgotten for want of it is told.
"""
import os
import signal
import sys

import pytest

import compare
from conftest import SANITIZED

TALKS_COUNT = 3000

# A parent that holds many sockets and pipes, and children that do nothing with them, one after the other; then
# what it says. Each child ends before the next is made, so what is alive is always the same.
HEIRS = """
import os, socket, sys
kept = [os.pipe() for _ in range({pairs})] + [socket.socketpair() for _ in range({pairs})]
print("ready", flush=True)
sys.stdin.readline()
for _ in range({children}):
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
print("done", flush=True)
sys.stdin.readline()
"""

# Conversations, one after the other, each over a pipe of its own.
TALKS = """
import os, sys
print("ready", flush=True)
sys.stdin.readline()
for i in range({children}):
    ends = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(ends[1], b"x" * 10)
        os._exit(0)
    os.close(ends[1])
    os.read(ends[0], 10)
    os.close(ends[0])
    os.waitpid(pid, 0)
print("done", flush=True)
sys.stdin.readline()
"""


def _stop(tracer):
    """Ends it; the result, and the most memory it had, in KiB, its report included."""
    tracer.process.send_signal(signal.SIGINT)
    _, status, usage = os.wait4(tracer.pid, 0)
    tracer.process.returncode = os.waitstatus_to_exitcode(status)
    return tracer.result(), usage.ru_maxrss


def _program(background, script, **numbers):
    it = background(sys.executable, "-c", script.format(**numbers), stdin=-1, stdout=-1)
    assert it.stdout.readline() == b"ready\n"
    return it


def _say(it):
    it.stdin.write(b"\n")
    it.stdin.flush()


def _watched(ipctrace, it, *args):
    tracer = ipctrace.start(*args)
    _say(it)
    assert it.stdout.readline() == b"done\n"
    return _stop(tracer)


@pytest.mark.parametrize("whole", [True, False], ids=["machine", "pid"])
def test_heirs_that_do_nothing_take_no_memory(ipctrace, background, whole):
    """Three hundred descriptors, given to a thousand children: nearly a hundred megabytes of nothing."""
    it = _program(background, HEIRS, pairs=75, children=1000)
    args = ["graph", "--json", "--audit", "-d", 600, *([] if whole else ["-p", it.pid])]
    _, idle = _stop(ipctrace.start(*args))
    result, peak = _watched(ipctrace, it, *args)
    assert result.code == 0, result
    graph = result.document
    compare.check_audit(graph)
    assert graph["window"]["lost"] == 0 and "forgotten" not in graph["window"] and not graph["incomplete"]
    assert graph["links_left_out"] > 1000
    assert peak < idle + (320 if SANITIZED else 32) * 1024      # KiB; a sanitizer keeps for a while what is freed
    _say(it)


def test_beyond_the_limit_the_oldest_is_forgotten_and_told(ipctrace, background):
    it = _program(background, TALKS, children=TALKS_COUNT)
    result, _ = _watched(ipctrace, it, "graph", "--json", "--audit", "-d", 600, "--history", "1M", "-p", it.pid)
    assert result.code == 0, result
    graph = result.document
    compare.check_audit(graph)
    window, parent = graph["window"], next(p["id"] for p in graph["processes"] if p["pid"] == it.pid)
    assert window["lost"] == 0
    assert graph["incomplete"]
    forgotten = window["forgotten"]
    assert window["start_ns"] < forgotten["before_ns"] < window["end_ns"]
    told = [link for link in graph["links"] if link["kind"] == "pipe" and link["to"] == parent and
            link["from"] != parent and link["state"] == "observed" and link["bytes"] == 10]
    # None is missing that was not counted, and none is counted that is there.
    assert 100 < len(told) < TALKS_COUNT
    assert len(told) + forgotten["objects"] == TALKS_COUNT
    children = [process for process in graph["processes"] if process["ppid"] == it.pid]
    # Some may be strangers that ended meanwhile.
    assert TALKS_COUNT <= len(children) + forgotten["processes"] < TALKS_COUNT + 50
    assert b"forgotten for want of room (--history)" in result.err
    _say(it)


@pytest.mark.parametrize("command", ["graph", "check"])
def test_a_recording_is_bounded_as_well(ipctrace, background, tmp_path, command):
    it = _program(background, TALKS, children=TALKS_COUNT)
    path = tmp_path / "recording"
    result, _ = _watched(ipctrace, it, "record", "-q", "-o", path, "-p", it.pid)
    assert result.code == 0, result
    whole = ipctrace.document(command, "-i", path, code=None)
    assert "forgotten" not in whole["window"] and not whole["incomplete"]
    part = ipctrace.document(command, "-i", path, "--history", "1M", code=None)
    assert part["window"]["forgotten"]["processes"] > TALKS_COUNT / 10 and part["incomplete"]
    text = ipctrace.run(command, "-q", "-i", path, "--history", "1M", "-f", "text", code=None).text
    assert "forgotten for want of room" in text
    _say(it)
