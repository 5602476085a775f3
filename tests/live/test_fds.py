# SPDX-License-Identifier: GPL-2.0-only
"""Tables against /proc, kcmp and lsfd: as the kernel's tables give them, and as kept from events."""
import subprocess
import sys

import pytest
import compare
import truth


def _done(workload, name, *args):
    it = workload(name, *args)
    it.say()
    return it, it.hear("done")


@pytest.mark.parametrize("name", ["descriptors", "passing", "spawn"])
def test_snapshot_is_the_kernels(ipctrace, workload, name):
    """ipctrace comes last: all it knows is what the tables say."""
    it, done = _done(workload, name)
    document = ipctrace.document("fds", *_pids(done["pids"]))
    assert compare.check_fds(document, done["pids"]) > 10
    compare.check_window(document)
    assert it.finish() == 0


def test_whole_machine_snapshot(ipctrace, workload):
    it, done = _done(workload, "descriptors")
    document = ipctrace.document("fds")
    compare.check_fds(document, done["pids"])
    assert all(p["selected"] for p in document["processes"])
    assert it.finish() == 0


@pytest.mark.parametrize("name", ["descriptors", "passing", "spawn"])
def test_kept_from_events_is_the_kernels(ipctrace, workload, tmp_path, name):
    """ipctrace comes first and records; the tables it kept are those of the kernel at the end."""
    it = workload(name)
    recording = tmp_path / "recording"
    tracer = ipctrace.start("record", "-o", recording, "-p", it.pid, "--audit", "-q")
    it.say()
    done = it.hear("done")
    result = tracer.stop()
    assert result.code == 0, result
    document = ipctrace.document("fds", "--input", recording)
    compare.check_fds(document, done["pids"])
    compare.check_window(document)
    assert it.finish() == 0


@pytest.mark.parametrize("name", ["descriptors", "passing", "spawn", "pipe_basic"])
def test_audit(ipctrace, workload, name):
    it = workload(name)
    tracer = ipctrace.start("trace", "--json", "--audit", "-p", it.pid)
    it.say()
    it.hear("done")
    result = tracer.stop()
    assert result.code == 0, result
    end = compare.check_trace(result.events)
    compare.check_audit(end)
    assert end["lost"] == 0
    assert it.finish() == 0


def test_steps_are_in_the_trace(ipctrace, workload):
    it = workload("descriptors")
    tracer = ipctrace.start("trace", "--json", "-e", "process,fd,pipe,unix,tcp,udp,file", "-p", it.pid)
    it.say()
    it.hear("done")
    result = tracer.stop()
    compare.check_trace(result.events)
    rest = iter([e for e in result.events[:-1] if compare.pid_of(e["process"]) == it.pid])
    for step in (told for told in it.told if told.get("step", "").startswith(("fd.", "pipe."))):
        assert any(e["event"] == step["step"] and e["result"] == step["result"] and step["fd"] in e["fds"]
                   for e in rest), f"{step} is missing, or not in its place"
    assert it.finish() == 0


def _pids(pids):
    return ["-p", ",".join(map(str, pids))]


def test_in_flight_is_found_afterwards(ipctrace, workload):
    """A write end that lies in a socket's queue and nowhere else: no table shows it."""
    it, done = _done(workload, "passing")
    document = ipctrace.document("fds", *_pids(done["pids"]))
    for lying in done["in_flight"]:
        found = [d for d in document["descriptions"]
                 if d["object"] == f"pipe:[{lying['inode']}]" and d["access"] == "w"]
        assert len(found) == 1, lying
        assert found[0]["in_flight"] == 1 and found[0]["holders"] == [], found
    assert it.finish() == 0


# What PID, who sends it to itself, has nowhere else.
LYING = {
    "memfd": "fds = [os.memfd_create('x')]",
    "eventfd": "fds = [os.eventfd(0)]",
    "file": "fds = [os.open('/etc/passwd', os.O_RDONLY)]",
    "pipe": "fds = os.pipe()",
    "unix": "pair = socket.socketpair(); fds = [end.detach() for end in pair]",
    "nested": "a, b = socket.socketpair(); m = os.memfd_create('x'); socket.send_fds(a, [b'x'], [m]); os.close(m); fds = [b.detach()]",
}


@pytest.mark.kernel
@pytest.mark.parametrize("what", LYING)
def test_in_flight_in_its_own_queue(ipctrace, background, what):
    it = background(sys.executable, "-c", f"""if True:
        import os, socket, sys
        near, far = socket.socketpair()
        {LYING[what]}
        socket.send_fds(near, [b"x"], fds)
        for fd in fds: os.close(fd)
        print(os.fstat(far.fileno()).st_ino, len(fds), flush=True)
        sys.stdin.read()""", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    inode, count = map(int, it.stdout.readline().split())
    document = ipctrace.document("fds", "-p", it.pid)
    lying = [d for d in document["descriptions"] if d["in_flight"] and not d["holders"]]
    assert [p["socket_inode"] for d in lying for p in d["passing"]].count(inode) == count, lying
    assert {d["object"] for d in lying} <= {o["id"] for o in document["objects"]}, lying
    if what == "nested":
        assert [d["object"].split(":")[0] for d in lying].count("memfd") == 1, lying
    told = ipctrace.run("fds", "-p", it.pid).text
    assert told.count(f" in flight in unix:[{inode}]") == count, told
    it.stdin.close()
    assert it.wait(60) == 0


def test_in_flight_is_kept_from_events(ipctrace, workload, tmp_path):
    it = workload("passing")
    recording = tmp_path / "recording"
    tracer = ipctrace.start("record", "-o", recording, "-p", it.pid, "-q")
    it.say()
    done = it.hear("done")
    assert tracer.stop().code == 0
    document = ipctrace.document("fds", "--input", recording)
    for lying in done["in_flight"]:
        found = [d for d in document["descriptions"]
                 if d["object"] == f"pipe:[{lying['inode']}]" and d["access"] == "w"]
        assert len(found) == 1 and found[0]["in_flight"] == 1, f"{lying}: {found}"
    assert it.finish() == 0


def test_passing_is_told(ipctrace, workload):
    it = workload("passing")
    tracer = ipctrace.start("trace", "--json", "-p", it.pid)
    it.say()
    done = it.hear("done")
    events = tracer.stop().events
    for passed in done["passes"] + done["in_flight"]:
        sent = [e for e in events if e["event"] == "fd.pass" and passed["fd"] in e["fds"]
                and compare.pid_of(e["process"]) == passed["sender"]]
        assert sent, passed
    for passed in done["passes"]:
        for number in passed["got"]:
            got = [e for e in events if e["event"] == "fd.receive" and number in e["fds"]
                   and compare.pid_of(e["process"]) == passed["receiver"]
                   and e["object"] == f"pipe:[{passed['inode']}]"]
            assert len(got) == 1, f"{passed} {number}: {got}"
            assert compare.pid_of(got[0]["from"]) in (passed["sender"], None), got
            assert got[0]["in_flight_ns"] is None or got[0]["in_flight_ns"] >= 0, got
            sockets = [f"unix:[{inode}]" for pair in done["sockets"].values() for inode in pair]
            assert got[0]["socket"] in sockets, got
    passes = [e for e in events if e["event"] == "fd.pass"]
    assert len(passes) == len(done["passes"]) + len(done["in_flight"])
    assert it.finish() == 0


def test_peers_are_shown_and_marked(ipctrace, workload):
    it = workload("pipeline", 4)
    it.say()
    stages = it.hear("stages")
    second = stages["stages"][1]
    document = ipctrace.document("fds", "-p", second)
    assert compare.by_pid(document, second)["selected"]
    for peer in (stages["stages"][0], stages["stages"][2]):
        assert not compare.by_pid(document, peer)["selected"]
    compare.check_fds(document, [second])
    holders = {(compare.pid_of(h["process"]), h["fd"]) for d in document["descriptions"]
               if d["object"] == f"pipe:[{stages['links'][0]['inode']}]" for h in d["holders"]}
    assert holders == {(stages["stages"][0], 1), (second, 0)}
    assert it.finish() == 0


@pytest.mark.kernel
def test_who_shares_an_open_file(ipctrace, background, tmp_path):
    """A log that two write to with one offset, which no other thing ties together; whoever opened it by itself is
    none of them."""
    log = tmp_path / "log"
    with open(log, "wb") as file:
        own, other = (background("sleep", "1000", stdin=subprocess.DEVNULL, stdout=file, stderr=file)
                      for _ in range(2))
    with open(log, "ab") as file:
        stranger = background("sleep", "1000", stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    document = ipctrace.document("fds", "-p", own.pid)
    compare.check_fds(document, [own.pid])
    assert not compare.by_pid(document, other.pid)["selected"]
    [held] = [d for d in document["descriptions"] if d["object"] == f"file:{log}"]
    holders = {(compare.pid_of(h["process"]), h["fd"]) for h in held["holders"]}
    assert holders in truth.descriptions([(it.pid, fd) for it in (own, other, stranger) for fd in (1, 2)])
    assert holders == {(it.pid, fd) for it in (own, other) for fd in (1, 2)}
    text = ipctrace.run("fds", "-p", own.pid).text
    assert text.count(f"sleep[{other.pid}]:1w sleep[{other.pid}]:2w\n") == 2, text
    assert f"\nsleep[{other.pid}]  sleep 1000  (peer, 2 shared of " in text, text
    assert str(stranger.pid) not in text, text
    # Nobody talks to anybody over it.
    assert not ipctrace.document("graph", "-p", own.pid)["links"]


@pytest.mark.kernel
@pytest.mark.parametrize("opener", ("owner", "sharer"))
def test_who_shares_a_table_changes_it(ipctrace, workload, opener):
    """Whoever has the same table is a peer, though it holds nothing that a link could go through."""
    it = workload("table", opener)
    asked = it.told[0]["sharer" if opener == "owner" else "owner"]
    follow = opener == "owner"      # the sharer is the owner's child
    tracer = ipctrace.start("trace", "--json", "--audit", "-e", "fd,file", "-p", asked, *([] if follow else ["--no-follow"]))
    it.say()
    fd = it.hear("opened")["opened"]
    result = tracer.stop()
    end = compare.check_trace(result.events)
    compare.check_audit(end)
    assert result.code == 0 and end["lost"] == 0, end
    told = [(compare.pid_of(e["process"]), e["fds"]) for e in result.events if e["event"] == "fd.open"]
    assert told == ([(it.told[0][opener], [fd])] if follow else []), told
    assert it.finish() == 0


def test_descendants_unless_not_followed(ipctrace, workload):
    it, done = _done(workload, "spawn", 4)
    document = ipctrace.document("fds", "-p", it.pid)
    for pid in done["pids"]:
        assert compare.by_pid(document, pid)["selected"]
    compare.check_fds(document, done["pids"])
    document = ipctrace.document("fds", "--no-follow", "-p", it.pid)
    assert [p["pid"] for p in document["processes"] if p["selected"]] == [it.pid]
    assert it.finish() == 0


def test_text(ipctrace, workload):
    it, done = _done(workload, "descriptors")
    text = ipctrace.run("fds", "-p", it.pid).text
    assert "\x1b" not in text
    # The memfd's name has a newline in it: no line of ours may begin with what it hides.
    assert 'ipctrace-test "quoted"\n' not in text
    for pid in done["pids"]:
        assert str(pid) in text
    assert it.finish() == 0


# Of one thing more than the kernel takes from an iterator at once, and what comes after it.
MANY = {
    "in-flight": ("""
near, far = socket.socketpair()
fds = [os.dup(0) for _ in range(250)]
for _ in range(3):
    socket.send_fds(near, [b"x"], fds)
""", "fds", " in flight in unix:[", 750),
    "segments": ("""
assert libc.unshare(0x08000000) == 0    # CLONE_NEWIPC: they end with it
ids = [libc.shmget(0, 4096, 0o1600) for _ in range(600)]
""", "fds", "shm:", 600),
}


@pytest.mark.kernel
@pytest.mark.parametrize("what", MANY)
def test_very_many(ipctrace, background, what):
    make, command, line, count = MANY[what]
    it = background(sys.executable, "-c", "import ctypes, os, socket, sys\nlibc = ctypes.CDLL(None)\n" + make +
                    "print('ready', flush=True)\nsys.stdin.read()", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert it.stdout.readline() == b"ready\n"
    told = [row for row in ipctrace.run(command).text.splitlines() if line in row]
    assert len(told) >= count, told[:3]
    it.stdin.close()
    assert it.wait(60) == 0


@pytest.mark.kernel
def test_very_many_signals(ipctrace, background):
    it = background(sys.executable, "-c", """if True:
        import ctypes, os, signal, sys
        signal.pthread_sigmask(signal.SIG_BLOCK, [40])
        for i in range(1000):
            assert ctypes.CDLL(None).sigqueue(os.getpid(), 40, ctypes.c_void_p(i)) == 0
        print("ready", flush=True)
        sys.stdin.read()""", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert it.stdout.readline() == b"ready\n"
    detail, = [link["detail"][0] for link in ipctrace.document("graph", "-p", it.pid)["links"] if link["kind"] == "signal"]
    assert detail["pending"] == 1000, detail
