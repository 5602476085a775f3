# SPDX-License-Identifier: GPL-2.0-only
"""Who talks to whom: exact links and bytes when watched, and the true peers when not."""
import re
import subprocess
import sys

import pytest
import compare
import conftest
import waiting


def _watched(ipctrace, workload, select, stages=4, size=256 * 1024):
    it = workload("pipeline", stages, size)
    tracer = ipctrace.start("graph", "--json", "-d", 600, *select(it))
    it.say()
    truth = it.hear("stages")
    result = tracer.stop()
    assert result.code == 0, result
    compare.check_graph(result.document)
    compare.check_window(result.document)
    return it, truth, result.document


def _check_links(graph, truth):
    for link in truth["links"]:
        name = f"pipe:[{link['inode']}]"
        have = compare.links_on(graph, name)
        # The parent made the pipe and held both ends for a moment: such links may be told, closed.
        rest = {pair: l for pair, l in have.items() if truth["parent"] not in pair}
        ends = (link["from"], link["to"])
        assert [pair for pair, l in rest.items() if not l["closed"]] == [ends], f"{link}: {have}"
        assert all(l["closed"] and l["state"] == "open" for pair, l in have.items()
                   if truth["parent"] in pair), f"{link}: {have}"
        told = have[ends]
        assert (told["bytes"], told["state"], told["kind"]) == (link["bytes"], "observed", "pipe"), told
        assert told["messages"] is None or told["messages"] == link["ops"], told
        writer = compare.endpoint(graph, link["from"], name)
        reader = compare.endpoint(graph, link["to"], name)
        assert (writer["role"], writer["fds"], writer["bytes_out"], writer["ops_out"]) == (
            "write", [1], link["bytes"], link["ops"]), writer
        assert (reader["role"], reader["fds"], reader["bytes_in"], reader["ops_in"]) == (
            "read", [0], link["bytes"], link["ops"]), reader


@pytest.mark.kernel
@pytest.mark.parametrize("stages,size", [(2, 1024), (4, 256 * 1024), (8, 16 << 20)])
def test_watched_pipeline_is_exact(ipctrace, workload, stages, size):
    it, truth, graph = _watched(ipctrace, workload, lambda it: ["-p", it.pid], stages, size)
    _check_links(graph, truth)
    assert all(p["selected"] for p in graph["processes"] if p["pid"] in truth["stages"])
    assert it.finish() == 0


def test_whole_machine_counts_the_same(ipctrace, workload):
    it, truth, graph = _watched(ipctrace, workload, lambda it: [])
    _check_links(graph, truth)
    assert it.finish() == 0


def test_more_pipes_than_tallies(ipctrace, workload):
    """Some are counted in the fast way, some by the table, some by both; the sums are the same."""
    it = workload("crowded", 5000)
    tracer = ipctrace.start("graph", "--json", "-d", 600, "-p", it.pid)
    it.say()
    it.hear("done")
    result = tracer.stop()
    assert result.code == 0, result
    compare.check_window(result.document)
    ends = {e["object"]: e for e in result.document["endpoints"] if compare.pid_of(e["process"]) == it.pid}
    pipes = [pipe for line in it.told for pipe in line.get("pipes", [])]
    assert len(pipes) == 10000
    for inode, size, ops in pipes:
        end = ends[f"pipe:[{inode}]"]
        assert (end["bytes_out"], end["ops_out"], end["bytes_in"], end["ops_in"]) == (size, ops, size, ops), end
    assert it.finish() == 0


# Makes pipes, and moves something through each at once and never again, while counts are looked at twice or more.
BRIEF = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
print("ready", flush=True)
sys.stdin.readline()
pipes = []
for _ in range(9000):
    ends = os.pipe()
    os.write(ends[1], b"x" * 7)
    os.read(ends[0], 7)
    pipes.append(os.fstat(ends[0]).st_ino)
print(*pipes, flush=True)
sys.stdin.readline()
"""


def test_what_is_counted_before_it_is_known_of(ipctrace, background):
    """Counts are read when records that tell of what they are about lie in the ring still."""
    it = background(sys.executable, "-c", BRIEF, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    lines = conftest.Lines(it.stdout.fileno(), "pipes")
    assert lines.next() == "ready"
    tracer = ipctrace.start("graph", "--json", "-d", 600, "-p", it.pid)
    it.stdin.write(b"\n")
    it.stdin.flush()
    pipes = {f"pipe:[{inode}]" for inode in lines.next().split()}
    graph = tracer.stop().document
    compare.check_window(graph)
    moved = {e["object"]: (e["bytes_in"], e["bytes_out"]) for e in graph["endpoints"] if e["object"] in pipes}
    assert set(moved) == pipes
    wrong = {name: bytes for name, bytes in moved.items() if bytes != (7, 7)}
    assert not wrong, f"{len(wrong)} of {len(pipes)}: {sorted(wrong.items())[:5]}"


# Makes processes that move something at once, and never again.
NEWCOMERS = """
import os, sys
print("ready", flush=True)
sys.stdin.readline()
ends, pids = os.pipe(), []
for _ in range(1500):
    pids.append(os.fork())
    if not pids[-1]:
        os.write(ends[1], b"x" * 7)
        os._exit(0)
    os.waitpid(pids[-1], 0)
    os.read(ends[0], 7)
print(os.fstat(ends[0]).st_ino, *pids, flush=True)
sys.stdin.readline()
"""


def test_who_is_counted_before_it_is_known_of(ipctrace, background, needs):
    """Counts are read a while after records are: of processes, too, that are made and at work in between."""
    needs("strace")
    it = background(sys.executable, "-c", NEWCOMERS, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    lines = conftest.Lines(it.stdout.fileno(), "newcomers")
    assert lines.next() == "ready"
    tracer = ipctrace.start("graph", "--json", "-d", 600, "-p", it.pid)
    slow = background("strace", "-qq", "-f", "-p", tracer.pid, "-o", "/dev/null", "-e", "inject=bpf:delay_enter=30ms")
    waiting.until(lambda: waiting.is_traced(tracer.pid), "strace has it", process=slow)
    it.stdin.write(b"\n")
    it.stdin.flush()
    inode, *pids = lines.next().split()
    slow.terminate()
    slow.wait()
    graph = tracer.stop().document
    compare.check_window(graph)
    wrote = {compare.pid_of(e["process"]): e["bytes_out"] for e in graph["endpoints"]
             if e["object"] == f"pipe:[{inode}]"}
    wrong = {pid: wrote.get(int(pid)) for pid in pids if wrote.get(int(pid)) != 7}
    assert not wrong, f"{len(wrong)} of {len(pids)}: {sorted(wrong.items())[:5]}"


@pytest.mark.kernel
def test_snapshot_of_a_running_pipeline(ipctrace, workload):
    """All of it was there before; nothing moves any more. What can flow is known, what did isn't."""
    it = workload("pipeline", 4)
    it.say()
    truth = it.hear("stages")
    graph = ipctrace.document("graph", "-p", truth["stages"][0])
    compare.check_graph(graph)
    first = truth["links"][0]
    have = compare.links_on(graph, f"pipe:[{first['inode']}]")
    assert set(have) == {(first["from"], first["to"])}
    link = have[first["from"], first["to"]]
    assert (link["state"], link["closed"], link["bytes"]) == ("open", False, None), link
    selected = {p["pid"]: p["selected"] for p in graph["processes"]}
    assert selected[first["from"]] is True and selected[first["to"]] is False
    # Two pipes away is no peer.
    assert truth["stages"][2] not in selected or not compare.links_on(
        graph, f"pipe:[{truth['links'][1]['inode']}]")
    assert it.finish() == 0


def test_all_stages_selected(ipctrace, workload):
    it = workload("pipeline", 5)
    it.say()
    truth = it.hear("stages")
    graph = ipctrace.document("graph", "-p", ",".join(map(str, truth["stages"])))
    for link in truth["links"]:
        assert set(compare.links_on(graph, f"pipe:[{link['inode']}]")) == {(link["from"], link["to"])}
    assert it.finish() == 0


def test_peers_traffic_is_counted(ipctrace, workload):
    """Only one process is selected; what its peer writes into their pipe counts all the same."""
    it = workload("spawn", 3)
    tracer = ipctrace.start("graph", "--json", "--no-follow", "-d", 600, "-p", it.pid)
    it.say()
    done = it.hear("done")
    graph = tracer.stop().document
    name = f"pipe:[{done['kept']['inode']}]"
    wrote = {compare.pid_of(e["process"]): e["bytes_out"] for e in graph["endpoints"] if e["object"] == name}
    for pid in done["pids"][1:]:
        assert wrote[pid] == 4, wrote
        assert compare.links_on(graph, name)[pid, it.pid]["state"] == "observed"
    assert compare.endpoint(graph, it.pid, name)["bytes_in"] == done["kept"]["bytes"]
    assert it.finish() == 0


def test_in_flight_end_is_in_the_graph(ipctrace, workload):
    it = workload("passing")
    it.say()
    done = it.hear("done")
    graph = ipctrace.document("graph", "-p", it.pid)
    assert {f"pipe:[{lying['inode']}]" for lying in done["in_flight"]} <= {o["id"] for o in graph["objects"]}
    for lying in done["in_flight"]:
        obj = next(o for o in graph["objects"] if o["id"] == f"pipe:[{lying['inode']}]")
        assert (obj["readers"], obj["writers"]) == (1, 1), obj
    assert it.finish() == 0


def test_who_handed_what_to_whom_is_a_link(ipctrace, workload):
    it = workload("passing")
    tracer = ipctrace.start("graph", "--json", "-p", it.pid, "-d", "600")
    it.say()
    done = it.hear("done")
    graph = tracer.stop().document
    compare.check_graph(graph)
    links = [link for link in graph["links"] if link["kind"] == "passing"]
    sockets = done["sockets"]
    own = {(it.pid, sockets["stream"][0]), (it.pid, sockets["dgram"][0])}
    child = done["taken"]["owner"]
    assert {(compare.pid_of(link["from"]), link["object"]) for link in links} == {
        *((pid, f"unix:[{inode}]") for pid, inode in own), (child, f"unix:[{sockets['stream'][1]}]")}
    told = {(compare.pid_of(link["from"]), compare.pid_of(link["to"]), row["object"], row["from_fd"], row["fd"])
            for link in links for row in link["detail"]}
    want = {(p["sender"], p["receiver"], f"pipe:[{p['inode']}]", p["fd"], fd)
            for p in done["passes"] for fd in p["got"]}
    assert told == want
    for link in links:
        assert link["messages"] == len(link["detail"]) and link["bytes"] is None
        assert link["state"] == "observed" and not link["closed"]
        for row in link["detail"]:
            assert row["in_flight_ns"] is None or 0 <= row["in_flight_ns"] < 60_000_000_000
    taking = [link for link in graph["links"] if link["kind"] == "taking"]
    assert [(compare.pid_of(link["from"]), compare.pid_of(link["to"]), link["object"]) for link in taking] == [
        (child, it.pid, f"pipe:[{done['taken']['inode']}]")]
    assert taking[0]["detail"] == [{"object": f"pipe:[{done['taken']['inode']}]", "fd": done["taken"]["fd"],
                                    "from_fd": done["taken"]["from_fd"], "in_flight_ns": None}]
    assert it.finish() == 0


def _render(source, needs):
    needs("dot")
    done = subprocess.run(["dot", "-Tsvg"], input=source, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.decode()


def test_dot_is_the_default_and_renders(ipctrace, workload, needs):
    it = workload("pipeline", 4)
    it.say()
    truth = it.hear("stages")
    dot = ipctrace.run("graph", "-p", truth["stages"][1]).out
    assert dot.lstrip().startswith((b"digraph", b"strict digraph", b"/*", b"#", b"//"))
    svg = _render(dot, needs)
    for pid in truth["stages"][:3]:
        assert re.search(rf"pipeline.*\b{pid}\b|\b{pid}\b", svg)
    assert "pipe" in svg
    assert it.finish() == 0


def test_dot_of_hostile_names_renders(ipctrace, workload, needs, background, tmp_path):
    """Quotes, angle brackets, newlines and bytes that are no UTF-8, in what programs name things."""
    hostile = tmp_path / 'a"b<c>\\n&\n\x1b[31m'
    hostile.write_text("#!/bin/sh\nwhile read x; do :; done\n")
    hostile.chmod(0o755)
    process = background(hostile, b"arg\xff\"}\x07", stdin=subprocess.PIPE)
    graph = ipctrace.run("graph", "-p", process.pid).out
    assert b"\x1b" not in graph and b"\x07" not in graph
    _render(graph, needs)
    document = ipctrace.document("graph", "-p", process.pid)
    compare.check_graph(document)
    text = ipctrace.run("fds", "-p", process.pid).out
    assert b"\x1b" not in text and b"\x07" not in text


def test_whole_machine_dot_renders(ipctrace, workload, needs):
    it = workload("descriptors")
    it.say()
    it.hear("done")
    _render(ipctrace.run("graph").out, needs)
    assert it.finish() == 0


def test_dot_beside_a_trace(ipctrace, workload, needs, tmp_path):
    it = workload("pipeline", 3)
    path = tmp_path / "graph.dot"
    tracer = ipctrace.start("trace", "--json", "--dot", path, "-p", it.pid)
    it.say()
    truth = it.hear("stages")
    result = tracer.stop()
    assert result.code == 0, result
    compare.check_trace(result.events)
    svg = _render(path.read_bytes(), needs)
    for pid in truth["stages"]:
        assert str(pid) in svg
    assert it.finish() == 0


def test_a_pipe_for_many_is_a_node(ipctrace, workload):
    it = workload("spawn", 4)
    it.say()
    done = it.hear("done")
    dot = ipctrace.run("graph", "-p", it.pid).text
    assert f"pipe:[{done['kept']['inode']}]" in dot
    assert it.finish() == 0


def _titled(workload):
    return workload("titled", "an argument that is long enough for any title")


def _check_titles(document, truth, pid):
    rows = [compare.by_pid(document, who) for who in (pid, truth["child"])]
    assert [row["argv"][0] for row in rows] == truth["titles"]
    for row in rows:
        compare.check_process(row)


@pytest.mark.kernel
def test_titles_written_in_the_window(ipctrace, workload):
    """Of a process that was there before, and of one that was forked in it."""
    it = _titled(workload)
    graph = ipctrace.start("graph", "--json", "-d", 600, "-p", it.pid)
    fds = ipctrace.start("fds", "--json", "-d", 600, "-p", it.pid)
    whole = ipctrace.start("graph", "--json", "-d", 600)
    it.say()
    truth = it.hear("titles")
    for tracer in (graph, fds, whole):
        result = tracer.stop()
        assert result.code == 0, result
        _check_titles(result.document, truth, it.pid)
    assert it.finish() == 0


def test_titles_in_a_recording_and_a_drawing(ipctrace, workload, tmp_path):
    it = _titled(workload)
    path, dot = tmp_path / "recording", tmp_path / "dot"
    recorder = ipctrace.start("record", "-q", "-o", path, "-p", it.pid)
    tracer = ipctrace.start("trace", "--dot", dot, "-p", it.pid)
    it.say()
    truth = it.hear("titles")
    assert tracer.stop().code == 0
    assert recorder.stop().code == 0
    _check_titles(ipctrace.document("graph", "--input", path), truth, it.pid)
    for title in truth["titles"]:
        assert f"\\n{title}" in dot.read_text(), dot.read_text()
    assert it.finish() == 0


# What a child sent, and its parent let go of unread: nobody used the end that it was for, and none is left.
UNREAD = {
    "pipe": "r, w = os.pipe()\nif not os.fork():\n    os.close(r); os.write(w, DATA); os._exit(0)\n"
            "os.close(w); os.wait(); os.close(r)",
    "unix": "a, b = socket.socketpair()\nif not os.fork():\n    b.close(); a.send(DATA); os._exit(0)\n"
            "a.close(); os.wait(); b.close()",
    "udp": "u = socket.socket(type=socket.SOCK_DGRAM); u.bind(('127.0.0.1', 0))\nif not os.fork():\n"
           "    to = u.getsockname(); u.close(); socket.socket(type=socket.SOCK_DGRAM).sendto(DATA, to); os._exit(0)\n"
           "os.wait(); u.close()",
    "tcp": "s = socket.create_server(('127.0.0.1', 0))\nif not os.fork():\n"
           "    to = s.getsockname(); s.close(); socket.create_connection(to).send(DATA); os._exit(0)\n"
           "c = s.accept()[0]; os.wait(); c.close()",
}


@pytest.mark.parametrize("kind", UNREAD)
def test_what_nobody_read_was_for_the_last_who_could(ipctrace, kind):
    code = "import os, socket\nDATA = b'unread'\n" + UNREAD[kind]
    graph = ipctrace.run("graph", "--json", "--", sys.executable, "-c", code).document
    links = [link for link in graph["links"] if link["kind"] == kind and link["bytes"] == 6]
    parents = {row["pid"]: row["ppid"] for row in graph["processes"]}
    assert len(links) == 1 and (links[0]["state"], links[0]["messages"]) == ("open", 1), links
    assert parents[compare.pid_of(links[0]["from"])] == compare.pid_of(links[0]["to"]), links


def test_a_socket_that_sends_to_itself(ipctrace):
    """Its holders are two processes: what one sends, the other reads."""
    code = ("import os, socket\nu = socket.socket(type=socket.SOCK_DGRAM); u.bind(('127.0.0.1', 0))\n"
            "if not os.fork():\n    u.sendto(b'itself', u.getsockname()); os._exit(0)\nos.wait(); u.recv(9)")
    graph = ipctrace.run("graph", "--json", "--", sys.executable, "-c", code).document
    links = [link for link in graph["links"] if link["kind"] == "udp"]
    parents = {row["pid"]: row["ppid"] for row in graph["processes"]}
    assert [(link["state"], link["bytes"], link["messages"]) for link in links] == [("observed", 6, 1)], links
    assert parents[compare.pid_of(links[0]["from"])] == compare.pid_of(links[0]["to"]), links
