# SPDX-License-Identifier: GPL-2.0-only
"""Sockets: true peers, links both ways, exact bytes, what waits to be accepted, selection by object."""
import pytest
import compare
import conftest


def _object(document, inode, fd, pid):
    """The object that this process has under that number, whatever it is called."""
    ends = [e for e in document["endpoints"] if compare.pid_of(e["process"]) == pid and fd in e["fds"]]
    assert len(ends) == 1, f"fd {fd} of {pid} ({inode}): {ends}"
    obj = next(o for o in document["objects"] if o["id"] == ends[0]["object"])
    if obj["kind"] == "unix":
        assert obj["id"] == f"unix:[{inode}]", obj
    return obj


def _check_talks(graph, done, exact=True):
    for talk in done["talks"]:
        client = _object(graph, talk["client"], talk["client_fd"], done["pid"])
        server = _object(graph, talk["server"], talk["server_fd"], done["server"])
        assert (client["kind"], server["kind"]) == (talk["kind"], talk["kind"]), talk
        assert (client["peer"], server["peer"]) == (server["id"], client["id"]), (talk, client, server)
        there = compare.links_on(graph, client["id"])
        back = compare.links_on(graph, server["id"])
        live = {pair for pair, link in there.items() if not link["closed"]}
        # Nothing can be sent any more where that direction was shut: there only what passed is told.
        shut = not exact and talk["client_fd"] == done["half"]
        assert live == (set() if shut else {(done["pid"], done["server"])}), (talk, there)
        live = {pair for pair, link in back.items() if not link["closed"]}
        assert live == {(done["server"], done["pid"])}, (talk, back)
        if not exact:
            continue
        link = there[done["pid"], done["server"]]
        assert (link["bytes"], link["state"], link["kind"]) == (
            talk["to_server"], "observed", talk["kind"]), (talk, link)
        link = back[done["server"], done["pid"]]
        assert (link["bytes"], link["state"]) == (talk["to_client"], "observed"), (talk, link)


def _check_waiting(graph, done):
    for waiting in done["waiting"]:
        obj = _object(graph, waiting["inode"], waiting["fd"], done["pid"])
        links = compare.links_on(graph, obj["id"])
        assert set(links) == {(done["pid"], done["server"])}, (waiting, links)
        assert links[done["pid"], done["server"]]["state"] == "open", links
        assert obj["pending"] is True, obj


def _check_listeners(graph, done):
    listeners = [e for e in graph["endpoints"]
                 if e["role"] == "listen" and compare.pid_of(e["process"]) == done["server"]]
    objects = {o["id"]: o for o in graph["objects"]}
    assert {objects[e["object"]]["kind"] for e in listeners} == {"tcp", "unix"}, listeners
    for end in listeners:
        obj = objects[end["object"]]
        assert (obj["backlog"], obj["backlog_max"], obj["state"]) == (1, 2, "listen"), obj
    assert f"tcp:127.0.0.1:{done['tcp_port']}" in objects


@pytest.mark.parametrize("select", [lambda it: ["-p", it.pid], lambda it: []], ids=["one", "all"])
def test_watched_conversations_are_exact(ipctrace, workload, tmp_path, select):
    it = workload("sockets", tmp_path)
    tracer = ipctrace.start("graph", "--json", "-d", 600, *select(it))
    it.say()
    done = it.hear("done")
    graph = tracer.stop().document
    compare.check_window(graph)
    _check_talks(graph, done)
    _check_waiting(graph, done)
    _check_listeners(graph, done)
    for sent in done["sent"]:
        obj = _object(graph, sent["inode"], sent["fd"], done["pid"])
        links = compare.links_on(graph, obj["id"])
        assert set(links) == {(done["pid"], done["server"])}, (sent, links)
        assert links[done["pid"], done["server"]]["bytes"] == sent["bytes"], links
    assert it.finish() == 0


@pytest.mark.parametrize("who", ["pid", "server"])
def test_what_was_there_before(ipctrace, workload, tmp_path, who):
    """One of the two is selected; the other is a peer though they share no object."""
    it = workload("sockets", tmp_path)
    it.say()
    done = it.hear("done")
    graph = ipctrace.document("graph", "-p", done[who])
    _check_talks(graph, done, exact=False)
    _check_waiting(graph, done)
    _check_listeners(graph, done) if who == "server" else None
    selected = {p["pid"]: p["selected"] for p in graph["processes"]}
    assert selected[done[who]] and (who == "pid" or not selected[done["pid"]]), selected
    assert it.finish() == 0


def test_half_closed(ipctrace, workload, tmp_path):
    it = workload("sockets", tmp_path)
    it.say()
    done = it.hear("done")
    document = ipctrace.document("graph", "-p", done["pid"])
    talk = next(t for t in done["talks"] if t["client_fd"] == done["half"])
    client = _object(document, talk["client"], talk["client_fd"], done["pid"])
    server = _object(document, talk["server"], talk["server_fd"], done["server"])
    # The states tell who closed first.
    assert (client["state"], client["shutdown"]) == ("fin-wait-2", "send"), client
    assert (server["state"], server["shutdown"]) == ("close-wait", "receive"), server
    assert it.finish() == 0


def test_calls_are_events(ipctrace, workload, tmp_path):
    it = workload("sockets", tmp_path)
    tracer = ipctrace.start("trace", "--json", "--audit", "-p", it.pid)
    it.say()
    done = it.hear("done")
    events = tracer.stop().events
    compare.check_audit(compare.check_trace(events))
    mine = [e for e in events if e["event"].startswith("socket.")]
    count = {name: sum(e["event"] == f"socket.{name}" for e in mine)
             for name in ("pair", "bind", "listen", "accept", "connect", "shutdown")}
    assert count == {"pair": 3, "bind": 11, "listen": 7, "accept": 5, "connect": 9, "shutdown": 1}, count
    for event in mine:
        if event["event"] == "socket.accept":
            assert event["peer"] and compare.pid_of(event["peer_process"]) == done["pid"], event
    assert it.finish() == 0


def test_ids_are_told_once(ipctrace, workload, tmp_path):
    it = workload("sockets", tmp_path)
    it.say()
    done = it.hear("done")
    document = ipctrace.document("fds", "-p", done["pid"])
    compare.check_fds(document, [done["pid"], done["server"]])
    assert it.finish() == 0


def test_what_leaves_the_machine_has_no_process(ipctrace, background):
    """UDP connects without asking: an address of the documentation's net needs no machine behind it."""
    import subprocess
    import sys
    program = ("import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
               "s.connect(('192.0.2.7', 4711)); print('ready', flush=True); sys.stdin.read()")
    process = background(sys.executable, "-c", program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    line = process.stdout.readline()
    if line != b"ready\n":
        pytest.skip("no route to other machines here")
    graph = ipctrace.document("graph", "-p", process.pid)
    links = [l for l in graph["links"] if l.get("remote")]
    assert [l["remote"] for l in links] == ["192.0.2.7:4711"] * 2, links
    assert {(compare.pid_of(l["from"]), compare.pid_of(l["to"])) for l in links} == {
        (process.pid, None), (None, process.pid)}, links
    assert "192.0.2.7:4711" in ipctrace.run("graph", "-p", process.pid).text


def test_a_connection_that_came_and_went(ipctrace, background):
    """The peer is no selected process, closes first, and has ended when the graph is made."""
    import subprocess
    import sys
    server = ("import socket, sys; l = socket.socket(); l.bind(('127.0.0.1', 0)); l.listen(1)\n"
              "print(l.getsockname()[1], flush=True); s, a = l.accept(); s.recv(9); s.send(b'1234567')\n"
              "s.recv(9); s.shutdown(socket.SHUT_WR); s.close(); print('over', flush=True); sys.stdin.read()")
    client = ("import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
              "s.send(b'123'); s.recv(9); s.close()")
    process = background(sys.executable, "-c", server, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    port = int(process.stdout.readline())
    tracer = ipctrace.start("graph", "--json", "-d", 600, "-p", process.pid)
    peer = background(sys.executable, "-c", client, port)
    assert peer.wait(conftest.LIMIT) == 0 and process.stdout.readline() == b"over\n"
    links = {(compare.pid_of(l["from"]), compare.pid_of(l["to"])): l
             for l in tracer.stop().document["links"] if l["kind"] == "tcp"}
    assert {pair: (l["bytes"], l["state"], l["closed"]) for pair, l in links.items()} == {
        (peer.pid, process.pid): (3, "observed", True), (process.pid, peer.pid): (7, "observed", True)}
