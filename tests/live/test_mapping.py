# SPDX-License-Identifier: GPL-2.0-only
"""Shared memory: mapped files, memfds, anonymous memory and System V segments."""
import collections
import os
import subprocess
import sys

import pytest
import compare
import conftest

MEMORY = {"file", "memfd", "anon", "shm"}


def maps_of(pid):
    """{start: (end, offset, access, inode)} of the shared mappings that anybody may write."""
    found = {}
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            span, perms, offset, _, inode, *name = line.split(maxsplit=5)
            if perms[3] != "s" or (name and name[0].startswith(("/usr", "anon_inode"))):
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            access = perms[:2].replace("-", "") or "-"
            last = max(found, default=None)
            same = last is not None and found[last]
            if same and same[0] == start and same[3] == int(inode) and same[2] == access and \
                    same[1] + same[0] - last == int(offset, 16):
                found[last] = (end, *same[1:])
            else:
                found[start] = (end, int(offset, 16), access, int(inode))
    return found


def check_maps(document, pid):
    row = compare.by_pid(document, pid)
    have = {m["start"]: (m["start"] + m["length"], m["offset"], m["access"]) for m in row["maps"]}
    want = {start: facts[:3] for start, facts in maps_of(pid).items()}
    assert have == want
    return row["maps"]


def objects_of(document, pid):
    return {m["object"].partition(":")[0]: m["object"] for m in compare.by_pid(document, pid)["maps"]}


def begin(workload):
    it = workload("mapping")
    it.say()
    child = it.hear("child")["child"]
    told = it.hear("pid")
    return it, child, told


def finish(it):
    it.say()
    assert it.finish() == 0


@pytest.mark.kernel
def test_snapshot(ipctrace, workload):
    it, child, told = begin(workload)
    document = ipctrace.document("fds", "-p", it.pid)
    assert check_maps(document, it.pid) and check_maps(document, child)
    objects = {o["id"]: o for o in document["objects"]}
    segment = objects[f"shm:{told['shmid']}"]
    assert (segment["size"], segment["attached"], segment["removed"]) == (8192, 2, True), segment
    assert segment["creator_pid"] == it.pid
    file = objects[f"file:{told['path']}"]
    assert file["writable"] and not file["deleted"] and file["size"] == 65536
    graph = ipctrace.document("graph", "-p", it.pid)
    compare.check_graph(graph)
    kinds = {e["object"].partition(":")[0] for e in graph["endpoints"] if e["role"] == "map"}
    assert kinds == MEMORY
    links = compare.links_on(graph, f"file:{told['path']}")
    assert set(links) == {(it.pid, child), (child, it.pid)}
    assert links[child, it.pid]["common"] == 7 * 4096
    # The child has the segment and the memfd to read alone.
    for name in (f"shm:{told['shmid']}", objects_of(document, it.pid)["memfd"]):
        assert set(compare.links_on(graph, name)) == {(it.pid, child)}, name
    # The descriptors are closed; the mappings are there.
    assert compare.endpoint(graph, child, objects_of(document, it.pid)["memfd"])["fds"] == []
    it.say()
    it.hear("quiet")
    finish(it)


@pytest.mark.kernel
def test_events(ipctrace, workload):
    it = workload("mapping")
    tracer = ipctrace.start("trace", "--json", "--audit", "-p", it.pid)
    it.say()
    child = it.hear("child")["child"]
    told = it.hear("pid")
    result = tracer.stop()
    assert result.code == 0, result
    compare.check_audit(compare.check_trace(result.events))
    seen = {(e["event"], e["object"].partition(":")[0]) for e in result.events if e.get("object")}
    assert seen >= {("mmap.map", "anon"), ("mmap.map", "memfd"), ("mmap.map", "file"),
                    ("shm.get", "shm"), ("shm.attach", "shm"), ("shm.detach", "shm"),
                    ("shm.remove", "shm"), ("mmap.unmap", "file")}, seen
    attach = [e for e in result.events if e["event"] == "shm.attach"]
    assert [e["read_only"] for e in attach if compare.pid_of(e["process"]) == child] == [True]
    assert {e["object"] for e in attach} == {f"shm:{told['shmid']}"}
    # mprotect: the child may only read the memfd from then on.
    rights = [(compare.pid_of(e["process"]), e["access"], e["length"]) for e in result.events
              if e["event"] == "mmap.map" and e["object"].startswith("memfd:")]
    assert rights == [(it.pid, "rw", 16384), (child, "r", 16384)], rights
    files = {e["object"] for e in result.events if e["event"].startswith("mmap.") and e["object"].startswith("file:")}
    assert files == {f"file:{told['path']}"}, files
    it.say()
    it.hear("quiet")
    finish(it)


OFTEN = """
import mmap, os, sys, threading
memory = os.memfd_create("often")
os.truncate(memory, 4096)
if sys.argv[1] == "threaded":
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    kept = mmap.mmap(memory, 4096)
print("ready", flush=True)
for times in map(int, sys.stdin):
    for _ in range(times):
        mmap.mmap(memory, 4096).close()
    print("done", flush=True)
"""
OFTEN_TIMES = 20000
OFTEN_EVENTS = ("fd.dup", "mmap.map", "mmap.unmap", "fd.close")


class Often:
    """A traced process that maps and unmaps a memfd as often as it is told; Python maps a copy of the descriptor."""

    def __init__(self, ipctrace, background, how):
        self.process = background(sys.executable, "-c", OFTEN, how, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n"
        # There is room for all, however seldom the reader gets to read: 1 KiB for each time.
        self.tracer = ipctrace.start("trace", "--json", "--audit", "-e", "mmap", "--ring-size", "32M",
                                     "-p", self.process.pid)

    def map(self, times):
        self.process.stdin.write(b"%d\n" % times)
        self.process.stdin.flush()
        assert self.process.stdout.readline() == b"done\n"

    def told(self):
        """Ends both. How many of each event on the memfd were told."""
        result = self.tracer.stop()
        assert result.code == 0, result
        end = compare.check_trace(result.events)
        compare.check_audit(end)
        assert (end["lost"], end["resyncs"]) == (0, 0), end
        self.process.stdin.close()
        self.process.wait()
        return collections.Counter(e["event"] for e in result.events if (e.get("object") or "").startswith("memfd:"))


def test_none_is_missed_while_peers_are_looked_for(ipctrace, background):
    """Where nobody maps it yet, all tables are read for whoever does."""
    it = Often(ipctrace, background, "alone")
    it.map(OFTEN_TIMES)
    told = it.told()
    assert {told[event] for event in OFTEN_EVENTS} == {OFTEN_TIMES}, told


def test_none_is_missed_while_a_space_is_read_anew(ipctrace, background):
    """Where there is another thread, what is mapped is read anew again and again, by itself."""
    it = Often(ipctrace, background, "threaded")
    it.map(OFTEN_TIMES)
    told = it.told()
    assert {told[event] for event in OFTEN_EVENTS} == {OFTEN_TIMES}, told


def test_a_program_that_was_only_started_shares_nothing(ipctrace, tmp_path):
    """Between fork and exec, or vfork and exec, a child has its parent's mappings: that is no conversation."""
    out = tmp_path / "graph"
    code = ("import mmap, os, subprocess\n"
            "it = mmap.mmap(-1, 4096)\n"
            "pid = os.fork()\n"
            "if not pid: os.execvp('true', ['true'])\n"
            "os.waitpid(pid, 0); subprocess.run(['true']); os.system('true')\n"
            "pid = os.fork()\n"
            "if not pid: os._exit(0)\n"
            "os.waitpid(pid, 0); print(pid, flush=True)\n")
    tracer = ipctrace.launch("graph", "--json", "--audit", "-o", out, "--", sys.executable, "-c", code)
    result = tracer.wait()
    assert result.code == 0, result
    graph = conftest.strict_json(out.read_bytes())
    compare.check_graph(graph)
    ended = int(result.text)
    sharers = {compare.pid_of(l[side]) for l in graph["links"] if l["kind"] == "anon" for side in ("from", "to")}
    assert sharers == {tracer.pid, ended} or len(sharers) == 2 and ended in sharers, (sharers, graph["links"])


def test_storm(ipctrace, workload, tmp_path):
    for seed in range(1, int(os.environ.get("STORM_RUNS", "3")) + 1):
        it = workload("mapping", seed)
        it.say()
        it.hear("pid")
        recording = tmp_path / f"recording-{seed}"
        recorder = ipctrace.start("record", "-q", "-o", recording, "-p", it.pid)
        tracer = ipctrace.start("trace", "--json", "--audit", "-p", it.pid)
        it.say()
        it.hear("quiet")
        result = tracer.stop()
        assert result.code == 0, result
        end = compare.check_trace(result.events)
        compare.check_audit(end)
        assert end["lost"] == 0 and end["resyncs"] == 0, end
        assert recorder.stop().code == 0
        check_maps(ipctrace.document("fds", "-p", it.pid), it.pid)
        check_maps(ipctrace.document("fds", "--input", recording), it.pid)
        finish(it)


def test_unattached_segment(ipctrace):
    made = subprocess.run(["ipcmk", "-M", "12288"], capture_output=True, text=True, check=True)
    shmid = int(made.stdout.split()[-1])
    try:
        objects = {o["id"]: o for o in ipctrace.document("fds")["objects"]}
        segment = objects[f"shm:{shmid}"]
        assert (segment["size"], segment["attached"], segment["removed"]) == (12288, 0, False)
    finally:
        subprocess.run(["ipcrm", "-m", str(shmid)], check=True)


def test_other_namespace(ipctrace, background, needs):
    needs("unshare")
    code = ("import ctypes,sys; c=ctypes.CDLL(None); i=c.shmget(0,4096,0o1600); print(i,flush=True);"
            "sys.stdin.read()")
    process = background("unshare", "--ipc", sys.executable, "-c", code, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
    shmid = int(process.stdout.readline())
    ns = os.readlink(f"/proc/{process.pid}/ns/ipc")
    ids = {o["id"] for o in ipctrace.document("fds")["objects"]}
    assert f"shm:{shmid}@{ns}" in ids
    process.stdin.close()
    process.wait()


PEER = """
import sys
from multiprocessing import shared_memory, resource_tracker
s = shared_memory.SharedMemory(sys.argv[1], create=len(sys.argv) > 2, size=8192)
print("ready", flush=True); sys.stdin.readline()
s.close()
if len(sys.argv) > 2: s.unlink()
else: resource_tracker.unregister(s._name, "shared_memory")
"""


def test_strangers_find_each_other(ipctrace, background):
    """The one that is traced maps what a stranger had mapped before."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    name = f"ipctrace-test-{os.getpid()}"
    owner = background(sys.executable, "-c", PEER, name, "create", **pipes)
    owner.stdout.readline()
    shell = background("sh", "-c", f'read x; exec {sys.executable} -c "$1" "$2"', "sh", PEER, name, **pipes)
    tracer = ipctrace.start("graph", "--json", "-d", "60", "-p", shell.pid)
    shell.stdin.write(b"\n")
    shell.stdin.flush()
    shell.stdout.readline()
    result = tracer.stop()
    assert result.code == 0, result
    links = compare.links_on(result.document, f"file:/dev/shm/{name}")
    # Each has a resource tracker, which was forked and has had the mapping for a moment.
    assert {pair for pair, link in links.items() if not link["closed"]} == {
        (shell.pid, owner.pid), (owner.pid, shell.pid)}, links
    for process in (shell, owner):
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.wait()


MAPPER = """
import mmap, os, sys
def map():
    file = os.open(sys.argv[1], os.O_RDWR)
    memory = mmap.mmap(file, 8192)
    os.close(file)
    return memory
def say(word):
    print(word, flush=True)
    sys.stdin.readline()
if sys.argv[3] == "writes":
    memory = map()
    say("ready")
fifo = os.open(sys.argv[2], os.O_WRONLY if sys.argv[3] == "writes" else os.O_RDONLY)
say("opened")
if sys.argv[3] == "reads":
    memory = map()
    say("mapped")
"""


def test_peer_brings_its_mappings(ipctrace, background, tmp_path):
    """Who becomes a peer by a FIFO has mapped something before, which the selected one maps later."""
    memory, fifo = tmp_path / "memory", tmp_path / "fifo"
    memory.write_bytes(bytes(8192))
    os.mkfifo(fifo)

    def begin(what):
        return background(sys.executable, "-c", MAPPER, memory, fifo, what, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def go_on(process):
        print(file=process.stdin, flush=True)
        return process.stdout.readline().strip()

    peer = begin("writes")
    assert peer.stdout.readline().strip() == "ready"
    reader = begin("reads")
    early = ipctrace.start("trace", "--json", "--audit", "-p", reader.pid)
    tracer = ipctrace.start("graph", "--json", "--audit", "-d", "60", "-p", reader.pid)
    assert go_on(peer) == "opened" and reader.stdout.readline().strip() == "opened"
    compare.check_audit(compare.check_trace(early.stop().events))
    assert go_on(reader) == "mapped"
    result = tracer.stop()
    assert result.code == 0, result
    compare.check_audit(result.document)
    links = compare.links_on(result.document, f"file:{memory}")
    assert set(links) == {(peer.pid, reader.pid), (reader.pid, peer.pid)}, links
    for process in (peer, reader):
        process.stdin.close()
        process.wait()
    fifo.unlink()


# Memfds: one open, one mapped, one both, and one whose own name ends like that of a deleted file's; such a file, too.
MEMFDS = """
import ctypes, mmap, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
for name, is_mapped, is_open in (("open", 0, 1), ("mapped", 1, 0), ("both", 1, 1), ("its (deleted)", 1, 0), ("", 0, 1)):
    fd = os.memfd_create(name)
    os.ftruncate(fd, 4096)
    if is_mapped and libc.mmap(None, 4096, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, fd, 0) == 2 ** 64 - 1:
        sys.exit(1)
    if not is_open:
        os.close(fd)
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.unlink(sys.argv[1])
print("made", flush=True)
sys.stdin.read()
"""


def test_names_of_memfds(ipctrace, background, tmp_path):
    """However they were met."""
    it = background(sys.executable, "-c", MEMFDS, tmp_path / "file", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert it.stdout.readline() == b"made\n"
    names = {f"/memfd:{name}" for name in ("open", "mapped", "both", "its (deleted)", "")}
    path = tmp_path / "recording"
    ipctrace.start("record", "-q", "-o", path, "-p", it.pid).stop()
    for args in (["-p", it.pid], ["--input", path]):
        document = ipctrace.document("fds", *args)
        assert {o["name"] for o in document["objects"] if o["kind"] == "memfd"} == names, args
        assert f"{tmp_path}/file (deleted)" in {o["name"] for o in document["objects"] if o["kind"] == "file"}
    it.stdin.close()
    assert it.wait(conftest.LIMIT) == 0


def test_a_space_at_an_address_whose_last_user_has_not_told(ipctrace, workload):
    """Exec lets go of the old space before it tells: who gets its address has nothing of what was mapped there."""
    it = workload("spaces", 150)
    tracer = ipctrace.start("trace", "--json", "--audit")
    it.say()
    done = it.hear("done")
    end = compare.check_trace(tracer.stop().events)
    compare.check_audit(end)
    assert end["audit"]["checked"] >= 2 * len(done["pids"])     # each, and its page
    assert it.finish() == 0
