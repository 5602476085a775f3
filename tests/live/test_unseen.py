# SPDX-License-Identifier: GPL-2.0-only
"""
Processes that a host keeps from BPF: /proc has them, and no iterator shows them. Whether there are any on this
machine is for /proc and the reports to say together; where there are none, nothing is said of them.
"""
import os
import sys

import pytest

PF_EXITING, PF_KTHREAD = 0x4, 0x200000


def stat_of(pid):
    """State, flags and start, in ticks; None = it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return None
    return fields[0], int(fields[6]), int(fields[19])


def processes():
    """Those in /proc, with their start: no threads of the kernel, none that has ended."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        stat = stat_of(pid)
        if stat and stat[0] not in "ZX" and not stat[1] & (PF_KTHREAD | PF_EXITING):
            found[int(pid)] = stat[2]
    return found


def pids_of(document):
    return {process["pid"] for process in document["processes"]}


def unseen_of(document):
    return {unseen["pid"] for unseen in document["window"]["unseen"]}


@pytest.mark.kernel
def test_whom_the_tables_leave_out(ipctrace):
    before = processes()
    document = ipctrace.document("fds")
    after = processes()
    there = {pid for pid, start in before.items() if after.get(pid) == start}
    assert unseen_of(document) == there - pids_of(document)
    for unseen in document["window"]["unseen"]:
        with open(f"/proc/{unseen['pid']}/comm", encoding="utf-8") as comm:
            assert unseen["comm"] == comm.read().rstrip("\n")
    text = ipctrace.run("fds").text
    assert ("can't be seen by BPF on this host" in text) == bool(unseen_of(document))


# Executes itself for ever by another thread than the first, which then takes that one's number.
THREAD_EXEC = """
import os, sys, threading
threading.Thread(target=os.execv, args=(sys.executable, [sys.executable, "-ISc", sys.argv[1], sys.argv[1]])).start()
threading.Event().wait()
"""


@pytest.mark.kernel
def test_none_of_those_that_come_and_go(ipctrace, background):
    """Forked, executed, ended, or another thread by its number, while the tables were read."""
    first = unseen_of(ipctrace.document("fds", "-p", os.getpid()))
    background("sh", "-c", "while :; do (:) & (exec true) & (:) & wait; done")
    background(sys.executable, "-ISc", THREAD_EXEC, THREAD_EXEC)
    for _ in range(20):
        assert unseen_of(ipctrace.document("fds", "-p", os.getpid())) == first


@pytest.mark.parametrize("command", ["fds", "graph", "why", "check", "trace"])
def test_every_report_tells(ipctrace, command):
    unseen = unseen_of(ipctrace.document("fds"))
    how = {"graph": ("-f", "text"), "trace": ("-d", "0.1")}.get(command, ())
    result = ipctrace.run(command, *how, "-p", os.getpid(), code=None)
    line = "".join(line for line in result.text.splitlines(True) if "can't be seen by BPF" in line)
    assert bool(line) == bool(unseen), result
    for pid in unseen:
        assert f" {pid} (" in line


def test_one_that_is_asked_for(ipctrace):
    """Its descendants are known, and that it isn't is said."""
    document = ipctrace.document("fds")
    for pid in unseen_of(document):
        result = ipctrace.run("fds", "--json", "-p", pid)
        assert f"-p {pid}: " in result.err.decode() and "can't be seen by BPF on this host" in result.err.decode()
        selected = {p["pid"] for p in result.document["processes"] if p["selected"]}
        children = {p["pid"] for p in document["processes"] if p["ppid"] == pid}
        assert children & processes().keys() <= selected
        result = ipctrace.run("fds", "--json", "--no-follow", "-p", pid)
        assert not result.document["processes"] and "nothing of it is shown" in result.err.decode()


def test_a_recording_keeps_them(ipctrace, tmp_path):
    recording = tmp_path / "r.ipc"
    ipctrace.run("record", "-d", "0.1", "-o", recording)
    live = ipctrace.document("fds")["window"]["unseen"]
    assert ipctrace.document("fds", "--input", recording)["window"]["unseen"] == live
