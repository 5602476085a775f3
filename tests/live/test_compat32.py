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


@pytest.mark.kernel
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


@pytest.fixture
def ipc(workload, compat):
    compat.finish()
    it = workload("ipc32")
    assert it.told[0]["bits"] == 32
    return it


def test_shared_memory_through_ipc(ipctrace, ipc):
    """shmget, shmat, shmdt, shmctl in one call that wraps them, and by numbers of their own."""
    tracer = ipctrace.start("trace", "--json", "--audit", "-p", ipc.pid)
    ipc.say()
    done = ipc.hear("done")
    ipc.say()
    ipc.hear("quiet")
    result = tracer.stop()
    assert result.code == 0, result
    compare.check_audit(compare.check_trace(result.events))
    mine = [e for e in result.events if e["event"].startswith("shm.")]
    of = {name: [e for e in mine if e["object"] == f"shm:{done[name]}"] for name in ("shmid", "direct")}
    told = [(e["event"], compare.pid_of(e["process"]), e.get("start"), e.get("length"), e.get("read_only"))
            for e in of["shmid"]]
    one, child, size = ipc.pid, done["child"], done["size"]
    first, second, third = done["first"], done["second"], done["detached"]
    made = [("shm.attach", one, first, size, False), ("shm.attach", one, second, size, True),
            ("shm.attach", one, third, size, False)]
    assert [row[0] for row in told[:1]] == ["shm.get"] and told[1:4] == made, told
    gone = [("shm.detach", pid, at, size, None) for pid, at in (
        (child, third), (child, first), (one, third), (one, first), (one, second))]
    assert told[4:9] == gone, told
    assert [row[0] for row in told[9:]] == ["shm.remove"] and of["shmid"][-1]["attached"] == 1, of["shmid"][9:]
    assert [e["event"] for e in of["direct"]] == ["shm.get", "shm.attach", "shm.detach", "shm.remove"], of["direct"]
    assert ipc.finish() == 0


def test_links_through_a_32_bit_segment(ipctrace, ipc):
    """The child may only read what it still has; what was there before is seen as well."""
    tracer = ipctrace.start("graph", "--json", "-d", 600, "-p", ipc.pid)
    ipc.say()
    done = ipc.hear("done")
    for document in (tracer.stop().document, ipctrace.document("graph", "-p", done["child"])):
        links = compare.links_on(document, f"shm:{done['shmid']}")
        live = {pair: link["common"] for pair, link in links.items() if not link["closed"]}
        # The parent's one writable mapping and its read-only one both overlap the child's.
        assert set(live) == {(ipc.pid, done["child"])} and live[ipc.pid, done["child"]] >= done["size"], links
        segment = next(o for o in document["objects"] if o["id"] == f"shm:{done['shmid']}")
        assert (segment["size"], segment["attached"]) == (done["size"], 3), segment
    ipc.say()
    ipc.hear("quiet")
    assert ipc.finish() == 0
