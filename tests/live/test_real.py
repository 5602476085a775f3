# SPDX-License-Identifier: GPL-2.0-only
"""Programs of every day: a shell pipeline, a daemon, make -j, Python's multiprocessing."""
import os
import subprocess
import sys

import compare
import truth
from conftest import Lines, strict_json


def _graph(ipctrace, out, *program, code=0):
    ipctrace.run("graph", "--json", "-o", out, "--", *program, code=code, limit=180)
    graph = strict_json(out.read_bytes())
    compare.check_graph(graph)
    compare.check_window(graph)
    return graph


def _comms(graph):
    return {p["id"]: p["comm"] for p in graph["processes"]}


def test_shell_pipeline_of_four(ipctrace, tmp_path):
    graph = _graph(ipctrace, tmp_path / "g", "sh", "-c",
                   "seq 1 20000 | grep 7 | sed s/7/seven/ | wc -l >/dev/null")
    comms = _comms(graph)
    seen = {(comms[link["from"]], comms[link["to"]]): link["bytes"]
            for link in graph["links"] if link["state"] == "observed" and link["kind"] == "pipe"}
    lines = [str(i) for i in range(1, 20001)]
    grepped = [line for line in lines if "7" in line]
    sedded = [line.replace("7", "seven", 1) for line in grepped]
    def size(text):
        return sum(len(line) + 1 for line in text)
    assert seen == {("seq", "grep"): size(lines), ("grep", "sed"): size(grepped),
                    ("sed", "wc"): size(sedded)}


def test_python_multiprocessing(ipctrace, tmp_path):
    script = tmp_path / "pool.py"
    script.write_text(
        "import multiprocessing as m\n"
        "def f(x): return x * x\n"
        "if __name__ == '__main__':\n"
        "    with m.get_context('fork').Pool(3) as pool:\n"
        "        assert sum(pool.map(f, range(1000), 1)) == 332833500\n"
        "        pool.close(); pool.join()\n")
    graph = _graph(ipctrace, tmp_path / "g", sys.executable, script)
    observed = [link for link in graph["links"] if link["state"] == "observed" and link["kind"] == "pipe"]
    pairs = {(compare.pid_of(link["from"]), compare.pid_of(link["to"])) for link in observed}
    parents = {pid for pid in {a for a, _ in pairs} if sum(1 for a, _ in pairs if a == pid) >= 2}
    parent = next(p["pid"] for p in graph["processes"] if p["pid"] in parents)
    # Tasks go out through one pipe, results come back through another.
    to_workers = {b for a, b in pairs if a == parent}
    from_workers = {a for a, b in pairs if b == parent}
    assert from_workers and from_workers & to_workers
    assert sum(link["bytes"] for link in observed) > 0


def test_parallel_make(ipctrace, needs, tmp_path):
    needs("make", "gcc")
    project = tmp_path / "project"
    project.mkdir()
    for i in range(12):
        (project / f"f{i}.c").write_text(f"int f{i}(void) {{ return {i}; }}\n")
    (project / "Makefile").write_text(
        "all: prog\n"
        "prog: $(patsubst %.c,%.o,$(wildcard f*.c)); @cat $^ | wc -c > $@\n"
        "%.o: %.c; @gcc -pipe -c $< -o $@\n")
    out = tmp_path / "trace"
    # No MAKEFLAGS of an outer make: its job server isn't ours.
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    result = subprocess.run([ipctrace_path(), "trace", "--json", "--audit", "-o", out, "--", "make", "-s", "-j4",
                             "-C", project], capture_output=True, timeout=180, env=env, check=False)
    assert result.returncode == 0, result
    events = [strict_json(line) for line in out.read_bytes().splitlines()]
    end = compare.check_trace(events)
    compare.check_audit(end)
    assert end["lost"] == 0
    execs = [e["comm"] for e in events if e["event"] == "process.exec"]
    assert execs.count("cc1") == 12 and execs.count("as") == 12, execs
    forked = [e for e in events if e["event"] == "process.fork"]
    ended = {e["process"] for e in events if e["event"] == "process.exit"}
    assert len(ended) == len(forked) + 1
    # -pipe: each compiler speaks to its assembler through a pipe of its own.
    assert len({e["object"] for e in events if e["event"] == "pipe.create" and e["comm"].startswith("gcc")}) >= 12


def ipctrace_path():
    from conftest import IPCTRACE
    return IPCTRACE


DAEMON = """
import os, socket, sys
path = sys.argv[1]
if os.fork(): os._exit(0)
os.setsid()
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(path); listener.listen(4)
inner_read, inner_write = os.pipe()
worker = os.fork()
if worker == 0:
    while os.read(inner_read, 100): pass
    os._exit(0)
os.close(inner_read)
print(os.getpid(), worker, flush=True)
client, _ = listener.accept()
while True:
    word = client.recv(100)
    if not word: break
    os.write(inner_write, word * 10)
    client.send(b'done')
os.close(inner_write)
os.wait()
os.unlink(path)
"""


def test_daemon_found_by_pid(ipctrace, tmp_path):
    """A daemon that ran before, and its worker behind a pipe; then it gets work."""
    import socket
    path = tmp_path / "socket"
    starter = subprocess.Popen([sys.executable, "-c", DAEMON, path], stdout=subprocess.PIPE)
    daemon, worker = map(int, Lines(starter.stdout.fileno(), "daemon").next().split())
    assert starter.wait() == 0
    starter.stdout.close()
    tables = ipctrace.document("fds", "-p", daemon)
    compare.check_fds(tables, [daemon, worker])
    before = ipctrace.document("graph", "-p", daemon)
    pipe = next(row.target for row in truth.fds(worker).values()
                if row.target.startswith("pipe:") and row.access == "r" and row.target in
                {other.target for other in truth.fds(daemon).values() if other.access == "w"})
    # The worker never closed its own copy of the write end: it is a writer, too.
    links = compare.links_on(before, pipe)
    assert links[daemon, worker]["state"] == "open"

    tracer = ipctrace.start("graph", "--json", "-d", 600, "-p", daemon)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(str(path))
        for _ in range(5):
            client.sendall(b"work")
            assert client.recv(10) == b"done"
        # The daemon answers after it wrote; the worker reads when it likes: its end is what we wait for.
        graph = tracer.stop().document
    link = compare.links_on(graph, pipe)[daemon, worker]
    assert link["bytes"] == 200, link
    assert compare.endpoint(graph, daemon, pipe)["ops_out"] == 5
    os.kill(worker, 9)
    os.kill(daemon, 9)
