# SPDX-License-Identifier: GPL-2.0-only
"""A 32-bit program: other numbers for the same calls, and socketcall."""
import os
import platform

import pytest
import compare
from conftest import workload_path


@pytest.fixture
def compat(workload):
    if platform.machine() != "x86_64":
        pytest.skip("32-bit programs are tested on x86-64 only")
    if os.path.getsize(workload_path("compat32")) == 0:
        pytest.skip("the compiler can't build 32-bit programs (gcc-multilib)")
    try:
        it = workload("compat32")
    except OSError:
        pytest.skip("this kernel doesn't run 32-bit programs")
    assert it.told[0]["bits"] == 32
    return it


def test_tables_and_audit(ipctrace, compat):
    tracer = ipctrace.start("trace", "--json", "--audit", "-p", compat.pid)
    compat.say()
    done = compat.hear("done")
    end = compare.check_trace((result := tracer.stop()).events)
    assert result.code == 0, result
    compare.check_audit(end)
    assert end["lost"] == 0
    compare.check_fds(ipctrace.document("fds", "-p", compat.pid), done["pids"])
    assert compat.finish() == 0


def test_kept_from_events(ipctrace, compat, tmp_path):
    path = tmp_path / "recording"
    recorder = ipctrace.start("record", "-q", "-o", path, "-p", compat.pid)
    compat.say()
    done = compat.hear("done")
    assert recorder.stop().code == 0
    compare.check_fds(ipctrace.document("fds", "--input", path), done["pids"])
    events = ipctrace.run("replay", "--json", "--input", path).events
    assert any(e["event"] == "fd.receive" and done["passed"]["fd"] in e["fds"] for e in events[:-1])
    assert compat.finish() == 0


def test_bytes(ipctrace, compat):
    tracer = ipctrace.start("graph", "--json", "-d", 600, "-p", compat.pid)
    compat.say()
    done = compat.hear("done")
    graph = tracer.stop().document
    pipe = done["pipes"][0]
    name = f"pipe:[{pipe['inode']}]"
    end = compare.endpoint(graph, compat.pid, name)
    assert (end["bytes_out"], end["bytes_in"]) == (pipe["written"], pipe["read"])
    assert compare.endpoint(graph, done["pids"][1], name)["bytes_out"] == pipe["child_written"]
    assert compat.finish() == 0
