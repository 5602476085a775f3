# SPDX-License-Identifier: GPL-2.0-only
"""ipctrace check: each rule finds its mistake, and nothing that only looks like it."""
import ctypes
import json
import mmap
import os
import re
import signal
import subprocess
import sys

import pytest

import compare
from conftest import LIMIT, strict_json

MISTAKES = [
    ("reader", "reader-holds-writer", "error"),
    ("parent", "unused-pipe-end", "warning"),
    ("writer", "unused-pipe-end", "warning"),
    ("leak", "leaked-by-exec", "warning"),
    ("sigpipe", "no-reader", "error"),
    ("epipe", "no-reader", "error"),
    ("epipe-stdout", "no-reader", "error"),
    ("readers", "two-readers", "warning"),
    ("nonblock", "shared-nonblock", "warning"),
    ("limit", "fd-limit", "warning"),
    ("in-flight", "in-flight-pile", "warning"),
    ("backlog", "backlog-full", "warning"),
    ("close-wait", "close-wait", "warning"),
]

# The same programs without the mistake, and others that only look like one.
NEAR_MISSES = [(name, "good") for name, _, _ in MISTAKES] + [
    ("self-pipe",), ("death-watch",), ("queue",), ("master",), ("leak-named",), ("leak-used",),
    ("leak-for-a-child",), ("readers-in-turn",)]


def check_document(document):
    """A document's own promises."""
    assert document["schema"] == "ipctrace.check/1"
    compare.check_window(document)
    processes = {p["id"] for p in document["processes"]}
    objects = {o["id"] for o in document["objects"]}
    for finding in document["findings"]:
        assert set(finding) >= {"rule", "severity", "process", "object", "message", "fix"}, finding
        assert finding["severity"] in {"error", "warning", "note"}, finding
        assert finding["process"] is None or finding["process"] in processes, finding
        assert finding["object"] is None or finding["object"] in objects, finding
        assert finding["message"] and finding["fix"], finding
    return document["findings"]


def watch(ipctrace, workload, *what, options=(), limit=LIMIT):
    """What check says of one workload; (findings, what it told, its exit code)."""
    it = workload("mistakes", *what)
    tracer = ipctrace.start("check", "--json", "-d", limit, *options, "-p", it.pid)
    it.say()
    told = it.hear("done", limit)
    result = tracer.stop()
    assert it.finish() == 0
    return check_document(result.document), told, result.code


@pytest.mark.parametrize("name,rule,severity", MISTAKES)
def test_finds(ipctrace, workload, name, rule, severity):
    findings, told, code = watch(ipctrace, workload, name)
    assert [f["rule"] for f in findings] == [rule], findings
    found = findings[0]
    assert found["severity"] == severity
    assert compare.pid_of(found["process"]) == told["pid"], (found, told)
    if told["inode"]:
        assert f"[{told['inode']}]" in found["object"], (found, told)
    if "gone" in told:
        assert f"[{told['gone']}]" in found["message"], (found, told)
    assert code == 1


@pytest.mark.parametrize("what", NEAR_MISSES, ids="-".join)
def test_leaves_in_peace(ipctrace, workload, what):
    findings, _, code = watch(ipctrace, workload, *what)
    assert findings == [] and code == 0


def test_a_pipe_that_none_can_write_to_any_more(ipctrace):
    """As multiprocessing's Manager has it: the child tells where it is, closes the write end, and keeps the other."""
    result = ipctrace.run("check", "--json", "--", sys.executable, "-c", """if True:
        import os, select
        r, w = os.pipe()
        r2, w2 = os.pipe()
        if not os.fork():
            os.close(r2)
            os.write(w, b"x"); os.close(w)
            os.write(w2, b"x")
            select.select([], [], [], 1.2)    # for longer than is taken for passing
            os._exit(0)
        os.close(w2); os.read(r2, 1)
        os.close(w); os.read(r, 1); select.select([], [], [], .4); os.close(r)
        os.wait()""")
    assert check_document(result.document) == []


@pytest.mark.parametrize("how,rule", [("merged", "signal-merged"), ("ignored", "signal-ignored"),
                                      ("blocked", "signal-blocked"), ("handled", None)])
def test_signals(ipctrace, workload, how, rule):
    it = workload("mistakes", "signal", how)
    tracer = ipctrace.start("check", "--json", "-d", LIMIT, "-p", it.pid)
    it.say()
    it.hear("signal")
    for _ in range(3 if how == "merged" else 1):
        os.kill(it.pid, signal.SIGUSR1)
    it.say()
    it.hear("done")
    result = tracer.stop()
    assert it.finish() == 0
    findings = check_document(result.document)
    assert [f["rule"] for f in findings] == ([rule] if rule else []), findings
    assert all(compare.pid_of(f["process"]) == it.pid for f in findings)


def test_now(ipctrace, workload):
    """The state alone tells of limits, of what lies in queues, and of who sleeps on its own pipe."""
    it = workload("mistakes", "limit")
    it.say()
    told = it.hear("done")
    result = ipctrace.run("check", "--json", "-p", it.pid, code=1)
    findings = check_document(result.document)
    assert [f["rule"] for f in findings] == ["fd-limit"]
    assert compare.pid_of(findings[0]["process"]) == told["pid"]
    it.finish()
    it = workload("mistakes", "in-flight")
    it.say()
    it.hear("done")
    result = ipctrace.run("check", "--json", "-p", it.pid, code=1)
    assert [f["rule"] for f in check_document(result.document)] == ["in-flight-pile"]
    it.finish()


def test_ignore(ipctrace, workload):
    findings, _, code = watch(ipctrace, workload, "epipe", options=["--ignore", "no-reader,two-readers"])
    assert findings == [] and code == 0


def test_recording(ipctrace, workload, tmp_path):
    """A recording gives the same findings."""
    it = workload("mistakes", "epipe")
    tracer = ipctrace.start("record", "-o", tmp_path / "r", "-p", it.pid)
    it.say()
    it.hear("done")
    assert tracer.stop().code == 0
    it.finish()
    result = ipctrace.run("check", "--json", "-i", tmp_path / "r", code=1)
    assert [f["rule"] for f in check_document(result.document)] == ["no-reader"]


def test_stale_fifo(ipctrace, needs, tmp_path):
    needs("mkfifo")
    fifo, out = tmp_path / "fifo", tmp_path / "out"
    script = f"mkfifo {fifo}; (seq 3 > {fifo} &); cat {fifo}"
    try:
        ipctrace.run("check", "--json", "-o", out, "--", "bash", "-c", script, code=1)
        found, = check_document(json.loads(out.read_text()))
        assert found["rule"] == "stale-fifo" and found["object"] == f"fifo:{fifo}", found
    finally:
        fifo.unlink()
    ipctrace.run("check", "--", "bash", "-c", f"{script}; rm {fifo}")
    # Under another name it is the same; in use it is none.
    ipctrace.run("check", "--", "bash", "-c", f"mkfifo {fifo}; mv {fifo} {fifo}2; rm {fifo}2")


@pytest.mark.parametrize("how", ["full", "emptied"])
def test_backlog_names_the_model(ipctrace, workload, how):
    """Full now, or was so meanwhile; and how the listener's connections were served, with the evidence."""
    findings, told, code = watch(ipctrace, workload, "backlog-served", *["good"] * (how == "emptied"))
    found, = findings
    assert (found["rule"], found["object"]) == ("backlog-full", f"tcp:127.0.0.1:{told['port']}"), found
    assert ("2 connections wait to be accepted, with a backlog of 1" in found["message"]) == (how == "full"), found
    assert "found the queue full" in found["message"], found
    model, accepted = ("iterative", 2) if how == "full" else ("event loop", 4)
    assert f"the server's model is {model}: " in found["message"], found
    assert f"{accepted} connections accepted by 1 process" in found["message"], found
    assert code == 1


@pytest.mark.kernel
def test_half_closed(ipctrace, workload):
    """Two that nobody closes are told of, with how long that is known; one that is answered, and one meant so, not."""
    findings, told, code = watch(ipctrace, workload, "half-closed", limit=LIMIT + 15)
    assert [f["rule"] for f in findings] == ["half-closed"] * 2, findings
    assert sorted(f["object"] for f in findings) == sorted(told["objects"]), (findings, told)
    for found in findings:
        assert found["severity"] == "note" and compare.pid_of(found["process"]) == told["pid"]
        seconds = int(re.search(r" (\d+) s\b", found["message"]).group(1))
        assert 10 <= seconds < 30, found
    assert code == 1


@pytest.mark.parametrize("how", ["nothing", "mutex", "semaphore", "contended", "semop", "pipe", "signal", "flock",
                                 "parent", "reader", "in-turn"])
def test_unsynchronised_memory(ipctrace, workload, how):
    """Two children count in the same memory. Whatever they may agree by, they are left in peace."""
    findings, told, code = watch(ipctrace, workload, "memory", how)
    if how != "nothing":
        assert findings == [] and code == 0, ([f["message"] for f in findings], told)
        return
    found, = findings
    assert (found["rule"], found["severity"]) == ("unsynchronised-memory", "note"), found
    assert found["object"] == f"memfd:[{told['inode']}]" and compare.pid_of(found["process"]) == told["pid"]
    assert code == 1


LEFT = [("segment", "stale-shm"), ("memory-object", "stale-posix-shm"), ("semaphore", "stale-posix-shm")]


def remove_left(left):
    """What a workload left on purpose: "shm:5", "file:/dev/shm/x"."""
    kind, _, name = left.partition(":")
    if kind == "shm":
        subprocess.run(["ipcrm", "-m", name], check=True)
    else:
        os.unlink(name)


def attach(left):
    """Holds it; returns what lets go of it."""
    kind, _, name = left.partition(":")
    if kind == "file":
        fd = os.open(name, os.O_RDONLY)
        memory = mmap.mmap(fd, 32, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
        os.close(fd)
        return memory.close
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    address = libc.shmat(int(name), None, 0)
    assert address not in (None, 2 ** 64 - 1)
    return lambda: libc.shmdt(ctypes.c_void_p(address))


@pytest.mark.parametrize("name,rule", LEFT)
@pytest.mark.parametrize("how", ["left", "removed", "in-use"])
def test_stale_memory(ipctrace, needs, name, rule, how, tmp_path):
    """What a program made and left is told of, unless somebody else holds it by then."""
    needs("ipcrm")
    out = tmp_path / "out"
    tracer, it = ipctrace.program(["check", "--json"], ["mistakes", name] + ["good"] * (how == "removed"), out)
    it.hear("ready")
    it.say()
    told = it.hear("done")
    let_go = attach(told["left"]) if how == "in-use" else None
    try:
        it.process.stdin.close()
        result = tracer.wait()
    finally:
        if let_go:
            let_go()
        if how != "removed":
            remove_left(told["left"])
    findings = check_document(strict_json(out.read_bytes()))
    if how != "left":
        assert findings == [] and result.code == 0, (findings, result)
        return
    found, = findings
    assert (found["rule"], found["object"]) == (rule, told["left"]), (found, told)
    assert compare.pid_of(found["process"]) == told["pid"]
    assert result.code == 1


def test_old_fifo(ipctrace, background, tmp_path):
    """The whole machine, now: below /tmp, and nobody has it open."""
    def found():
        document = ipctrace.run("check", "--json", code=None).document
        return [f["rule"] for f in check_document(document) if f["object"] == f"fifo:{fifo}"]

    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    try:
        assert found() == []    # too young
        with open(fifo, "r+b", buffering=0):
            assert found() == []
    finally:
        fifo.unlink()


def test_baseline(ipctrace, tmp_path):
    """What is known from an earlier run is accepted, whatever its pids; what is new is not."""
    known = tmp_path / "known.json"
    program = ["bash", "-c", "trap '' PIPE; exec 3> >(exit 0); wait $!; "
               "for i in 1 2 3 4 5; do echo x >&3; done 2>/dev/null; true"]
    ipctrace.run("check", "--json", "-o", known, "--", *program, code=1)
    assert [f["rule"] for f in json.loads(known.read_text())["findings"]] == ["no-reader"]
    result = ipctrace.run("check", "--json", "--baseline", known, "--", *program)
    assert check_document(result.document) == []
    assert b"1 known" in result.err
    ipctrace.run("check", "--baseline", known, "--ignore", "no-reader", "--", *program)
    empty = tmp_path / "empty.json"
    empty.write_text(json.dumps({"schema": "ipctrace.check/1", "findings": []}))
    ipctrace.run("check", "--baseline", empty, "--", *program, code=1)
    (tmp_path / "broken.json").write_text("{")
    result = ipctrace.run("check", "--baseline", tmp_path / "broken.json", "--", "true", code=6)
    assert b"--baseline" in result.err and result.err.count(b"\n") == 1
    result = ipctrace.run("check", "--baseline", tmp_path / "missing", "--", "true", code=6)
    assert result.err.endswith(b"missing: No such file or directory\n"), result.err
    for text in ('{"schema": "ipctrace.check/1", "findings": [5]}', '{"schema": "other", "findings": []}',
                 '{"schema": "ipctrace.check/1"}', "[]", '{"schema"'):
        empty.write_text(text)
        result = ipctrace.run("check", "--baseline", empty, "--", "true", code=6)
        assert result.err.startswith(b"ipctrace: --baseline ") and result.err.count(b"\n") == 1, result.err


def test_text(ipctrace, workload):
    it = workload("mistakes", "sigpipe")
    tracer = ipctrace.start("check", "-d", LIMIT, "-p", it.pid)
    it.say()
    told = it.hear("done")
    result = tracer.stop()
    it.finish()
    lines = result.text.splitlines()
    assert lines[0] == f"error: no-reader: mistakes[{told['pid']}] pipe:[{told['inode']}]", lines
    assert lines[2].startswith("    fix: ")
    assert lines[-1] == "-- 1 finding (1 error, 0 warnings, 0 notes), 0 events lost, 0 resyncs"


def test_program_status(ipctrace):
    """Without findings the program's own status is ours."""
    assert ipctrace.run("check", "--", "sh", "-c", "exit 7", code=7)
    assert ipctrace.run("check", "--", "/nonexistent", code=127)


# Where one sleeps, an end of a pipe stays open for longer than the rules take for passing (src/check/rule.h).
CLEAN = [
    "seq 100000 | sort -rn | head -3",
    "yes | head -5 | tail -1",
    "(read a; cat) < <(seq 1000) | wc -l",
    "for i in 1 2 3; do echo $i | cat | tr 1 2; done; x=$(seq 10 | tac); echo $x",
    "mkfifo f; (seq 100 > f &); cat f | wc -l; rm f",
    "printf 'all: a b c d\\n%%: ; @sleep 0.3; echo $@ | cat\\n' > Makefile; make -s -j4",
    "git init -q r; cd r; echo a > a; git add a; git -c user.name=x -c user.email=x@y commit -qm m; git log | cat",
    "echo 'int main(void){return 0;}' | gcc -pipe -x c - -o a.out && ./a.out",
    "seq 40 | xargs -P 4 -n 5 echo | wc -l",
    "exec 3< <(yes); read -u3 a; read -u3 b; sleep 1.2; read -u3 c; echo $c",
    "for i in 1 2 3; do seq 1000000 | cmp -s - /nonexistent; done; true",
    "tar cf - /etc/hostname 2>/dev/null | gzip | gzip -d | tar tf -",
]

PYTHON = """
import multiprocessing as mp, subprocess, sys
def square(x): return x * x
def produce(q):
    for i in range(50): q.put(i)
def answer(c): c.send(c.recv() + 1)
if __name__ == "__main__":
    mp.set_start_method(sys.argv[1])
    with mp.Pool(2) as pool: assert sum(pool.map(square, range(100))) == 328350
    q = mp.Queue(); ps = [mp.Process(target=produce, args=(q,)) for _ in range(2)]
    for p in ps: p.start()
    assert sum(q.get() for _ in range(100)) == 2450
    for p in ps: p.join()
    a, b = mp.Pipe(); p = mp.Process(target=answer, args=(b,)); p.start(); a.send(1)
    assert a.recv() == 2
    p.join()
    subprocess.run(["true"], input=b"x" * 1000000)
    out = subprocess.run(["cat"], input=b"x" * 300000, capture_output=True).stdout
    assert len(out) == 300000
"""


@pytest.mark.parametrize("script", CLEAN)
def test_clean_shell(ipctrace, needs, script, tmp_path, monkeypatch):
    needs("bash", *{"make", "git", "gcc", "tar"} & set(script.replace(";", " ").split()))
    monkeypatch.chdir(tmp_path)
    result = ipctrace.run("check", "-o", "findings", "--", "bash", "-c", script)
    assert (tmp_path / "findings").read_text().startswith("-- 0 findings"), result


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_clean_python(ipctrace, method, tmp_path):
    program, out = tmp_path / "program.py", tmp_path / "findings"
    program.write_text(PYTHON)
    result = ipctrace.run("check", "-o", out, "--", "/usr/bin/python3", program, method)
    assert out.read_text().startswith("-- 0 findings"), (out.read_text(), result)
