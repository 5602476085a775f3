# SPDX-License-Identifier: GPL-2.0-only
"""
What long lives bring about: numbers and addresses that are used again, lives that end or change in odd
ways, other roots, pids and clocks. A step of the wall clock is not among them: times of events and of
starts are since boot, which nobody can set.
"""
import os
import subprocess

import pytest
import compare
import truth
from conftest import IPCTRACE, LIMIT
from waiting import is_traced, until

ALL = ["reused-pid", "reused-objects", "thread-exec", "zombie-leader", "stopped", "other-root",
       "other-mounts", "other-pids", "other-clock"]


def _fds_of_thread(pid, tid):
    return {int(name) for name in os.listdir(f"/proc/{pid}/task/{tid}/fd")}


@pytest.mark.parametrize("whole", [False, True], ids=["pid", "machine"])
@pytest.mark.parametrize("case", ALL)
def test_tables_stay_exact(ipctrace, workload, tmp_path, case, whole):
    """Kept from events, and read from the kernel: both are what the kernel says itself."""
    it = workload("longlife", case, tmp_path)
    recording = tmp_path / "recording"
    select = [] if whole else ["-p", it.pid]
    tracer = ipctrace.start("trace", "--json", "--audit", *select)
    recorder = ipctrace.start("record", "-q", "-o", recording, *select)
    it.say()
    done = it.hear("done")
    result = tracer.stop()
    assert recorder.stop().code == 0
    end = compare.check_trace(result.events)
    compare.check_audit(end)
    assert result.code == 0 and end["lost"] == 0, end
    kept, now = ipctrace.document("fds", "--input", recording), ipctrace.document("fds", *select)
    for document in (kept, now):
        compare.check_references(document)
        if case == "zombie-leader":
            have = {fd["fd"] for fd in compare.by_pid(document, it.pid)["fds"]}
            assert have == _fds_of_thread(it.pid, done["tid"])
        else:
            compare.check_fds(document, done["quiet"])
    assert it.finish() == 0


def test_a_reused_pid_is_another_process(ipctrace, workload, tmp_path):
    it = workload("longlife", "reused-pid")
    tracer = ipctrace.start("graph", "--json", "-d", 600, "-p", it.pid)
    it.say()
    done = it.hear("done")
    document = tracer.stop().document
    ids = [end["process"] for end in document["endpoints"] if compare.pid_of(end["process"]) == done["reused"]]
    own = {end["object"] for end in document["endpoints"] if compare.pid_of(end["process"]) == done["reused"]}
    assert len(set(ids)) == done["lives"], ids
    rows = [p for p in document["processes"] if p["pid"] == done["reused"]]
    assert sorted(p["exited"] for p in rows) == [False] + [True] * (done["lives"] - 1), rows
    # A pipe of its own for each, besides what all have.
    each = [{e["object"] for e in document["endpoints"] if e["process"] == one} for one in set(ids)]
    assert len(own) == len(set.intersection(*each)) + done["lives"]
    assert it.finish() == 0


def test_a_reused_inode_is_another_fifo(ipctrace, workload, tmp_path):
    it = workload("longlife", "reused-objects", tmp_path)
    tracer = ipctrace.start("trace", "--json", "-p", it.pid)
    it.say()
    done = it.hear("done")
    events = tracer.stop().events
    opened = [e["object"] for e in events if e["event"] == "fifo.open"]
    assert len(opened) == 2, opened
    # Where the file system gives the number again at once, as ext4 does, this is what is tested.
    assert opened == [f"fifo:{tmp_path}/one", f"fifo:{tmp_path}/other"], (opened, done)
    assert it.finish() == 0


@pytest.mark.kernel
def test_exec_by_a_thread_keeps_the_process(ipctrace, workload):
    it = workload("longlife", "thread-exec")
    tracer = ipctrace.start("trace", "--json", "-p", it.pid)
    it.say()
    it.hear("done")
    events = tracer.stop().events
    execs = [e for e in events if e["event"] == "process.exec"]
    assert len(execs) == 1 and compare.pid_of(execs[0]["process"]) == it.pid, execs
    assert len({e["process"] for e in events[:-1] if compare.pid_of(e["process"]) == it.pid}) == 1
    assert not [e for e in events if e["event"] == "process.exit" and compare.pid_of(e["process"]) == it.pid]
    assert it.finish() == 0


def test_zombie_leader_goes_on_in_its_threads(ipctrace, workload):
    it = workload("longlife", "zombie-leader")
    it.say()
    done = it.hear("done")
    assert truth.stat(it.pid)[0] == "Z"
    tracer = ipctrace.start("trace", "--json", "--audit", "-p", it.pid)
    it.say()
    result = tracer.wait()      # ends with its process
    events = result.events
    compare.check_audit(compare.check_trace(events))
    assert [e["tid"] for e in events if e["event"] == "fd.close"] == [done["tid"]]
    assert [compare.pid_of(e["process"]) for e in events if e["event"] == "process.exit"] == [it.pid]
    assert it.finish() == 0


def test_paths_are_those_of_the_host(ipctrace, workload, tmp_path):
    """What a process behind chroot has open is told by the path that everybody else sees."""
    it = workload("longlife", "other-root", tmp_path)
    it.say()
    done = it.hear("done")
    document = ipctrace.document("fds", "-p", it.pid)
    names = {o["id"] for o in document["objects"] if o["kind"] == "fifo"}
    assert names == {f"fifo:{done['path']}"}, names
    assert it.finish() == 0


def test_paths_of_another_mount_namespace_say_so(ipctrace, workload, tmp_path):
    it = workload("longlife", "other-mounts", tmp_path)
    it.say()
    done = it.hear("done")
    document = ipctrace.document("fds", "-p", it.pid)
    inode = os.stat(f"/proc/{done['holder']}/ns/mnt").st_ino
    names = {o["id"] for o in document["objects"] if o["kind"] == "fifo"}
    assert len(names) == 1 and names.pop().endswith(f"hidden@mnt:[{inode}]"), document["objects"]
    assert it.finish() == 0


@pytest.mark.kernel
@pytest.mark.parametrize("before", [False, True])
def test_inner_pids_are_shown(ipctrace, workload, before):
    """The host's pid is the process's; the one it has for itself is told beside it."""
    it = workload("longlife", "other-pids")
    tracer = None if before else ipctrace.start("graph", "--json", "-d", 600, "-p", it.pid)
    it.say()
    done = it.hear("done")
    document = ipctrace.document("fds", "-p", it.pid) if before else tracer.stop().document
    first = compare.by_pid(document, done["first"])
    child, = [p for p in document["processes"] if p["ppid"] == done["first"]]
    assert first["ns_pid"] == done["first_inner"] == 1
    assert child["ns_pid"] == done["child_inner"]
    assert compare.by_pid(document, it.pid)["ns_pid"] == it.pid
    if tracer:
        signals = [link for link in document["links"] if link["kind"] == "signal"
                   and compare.pid_of(link["from"]) == child["pid"]]
        assert [compare.pid_of(link["to"]) for link in signals] == [done["first"]], signals
    assert it.finish() == 0


def test_inner_pid_in_text(ipctrace, workload):
    it = workload("longlife", "other-pids")
    it.say()
    done = it.hear("done")
    text = ipctrace.run("fds", "-p", it.pid).text
    line, = [line for line in text.splitlines() if line.startswith(f"longlife[{done['first']}]")]
    assert "pid 1 in its own namespace" in line
    assert it.finish() == 0


def test_clock_of_its_own_is_refused(ipctrace, needs):
    """Times of the kernel would pass for past: nothing would be right, so nothing is printed."""
    needs("unshare")
    done = subprocess.run(["unshare", "--time", "--boottime", "2600000", "--monotonic", "2600000", IPCTRACE,
                           "fds", "-p", str(os.getpid())], capture_output=True, timeout=LIMIT, check=False)
    assert done.returncode == 6 and not done.stdout and b"time namespace" in done.stderr, done
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ("fds", "why", "trace", "graph", "check", "record"))
def test_numbers_of_its_own_are_refused(needs, tmp_path, command):
    """-p would name another process, or none."""
    needs("unshare")
    out = tmp_path / "out"
    done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", IPCTRACE, command, "-p", "1", "-o", out],
                          capture_output=True, timeout=LIMIT, check=False)
    assert done.returncode == 6 and not done.stdout and b"pid namespace" in done.stderr, done
    assert len(done.stderr.splitlines()) == 1
    # A trace is a stream, begun before; a report is written whole or not at all.
    assert not out.read_bytes() if command == "trace" else not out.exists()


def test_process_that_ends_amid_a_snapshot(ipctrace, workload):
    """Thousands come and go while the tables are read; every document is whole in itself."""
    it = workload("mixed")
    it.say()
    it.hear("storming")
    for _ in range(10):
        document = ipctrace.document("fds")
        compare.check_references(document)
        compare.check_fds(document, [it.pid])
        compare.check_graph(ipctrace.document("graph"))
    for _ in range(3):
        tracer = ipctrace.start("trace", "--json", "--audit", "-p", it.pid)
        result = tracer.stop()
        compare.check_audit(compare.check_trace(result.events))
    it.say()
    it.hear("quiet")
    assert it.finish() == 0


def test_a_pid_that_is_used_again_at_once(ipctrace, workload, background, needs):
    needs("strace")
    it = workload("reborn", 2000)
    tracer = ipctrace.start("trace", "--json", "--audit", "-e", "process,pipe", "-p", it.pid)
    # Whatever it asks of the kernel takes so long that the number is another's meanwhile.
    slow = background("strace", "-qq", "-f", "-p", tracer.pid, "-o", "/dev/null", "-e", "inject=bpf:delay_enter=2ms")
    until(lambda: is_traced(tracer.pid), "strace has it", process=slow)
    it.say()
    lives = it.hear("lives")["lives"]
    slow.terminate()
    slow.wait()
    events = tracer.stop().events
    end = compare.check_trace(events)
    told = [e["event"] for e in events if compare.pid_of(e.get("process", "0@0")) != it.pid]
    assert told.count("process.exit") == lives and end["lost"] == 0, (lives, end)
    compare.check_audit(end)
    assert it.finish() == 0
