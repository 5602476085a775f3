# SPDX-License-Identifier: GPL-2.0-only
"""Which end of a connection closed first: by TCP's states and their changes, by what each end of a Unix socket noticed."""
import subprocess
import sys

import compare
import pytest

# Serves one connection; closes it, or half of it, when told how.
SERVER = r"""
import socket, struct, sys
kind, path = sys.argv[1:3]
if kind == "tcp":
    l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(1); print(l.getsockname()[1], flush=True)
else:
    l = socket.socket(socket.AF_UNIX); l.bind(path); l.listen(1); print(path, flush=True)
s, a = l.accept()
s.recv(1)
print("ready", flush=True)
"""
CLIENT = r"""
import socket, struct, sys
kind, where = sys.argv[1:3]
if kind == "tcp":
    s = socket.create_connection(("127.0.0.1", int(where)))
else:
    s = socket.socket(socket.AF_UNIX); s.connect(where)
s.send(b"x")
print("ready", flush=True)
"""
STEPS = r"""
for line in sys.stdin:
    word = line.strip()
    if word == "close": s.close()
    elif word == "send": s.send(b"x")
    elif word == "take": assert s.recv(1) == b"x"
    elif word == "half": s.shutdown(socket.SHUT_WR)
    elif word == "acknowledged":
        while s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 4: pass    # FIN-WAIT-1, and no call waits for more
    elif word == "eof": assert s.recv(1) == b""
    elif word == "reset": s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); s.close()
    print(word, flush=True)
"""


class End:
    def __init__(self, background, code, *args):
        self.process = background(sys.executable, "-c", code + STEPS, *args, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        self.pid = self.process.pid

    def hear(self):
        return self.process.stdout.readline().decode().strip()

    def do(self, word):
        self.process.stdin.write(word.encode() + b"\n")
        self.process.stdin.flush()
        assert self.hear() == word


@pytest.fixture
def pair(background, tmp_path):
    def start(kind):
        server = End(background, SERVER, kind, tmp_path / "socket")
        client = End(background, CLIENT, kind, server.hear())
        assert client.hear() == "ready" and server.hear() == "ready"
        return server, client
    return start


def _firsts(document, kind, server, client):
    """Who closed first, as each of the two links has it."""
    links = {(compare.pid_of(l["from"]), compare.pid_of(l["to"])): l["closed_first"]
             for l in document["links"] if l["kind"] == kind}
    assert set(links) == {(server.pid, client.pid), (client.pid, server.pid)}, links
    return links[server.pid, client.pid], links[client.pid, server.pid]


WAYS = {"tcp": ["close", "half", "reset"], "unix": ["close", "half"]}


@pytest.mark.kernel
@pytest.mark.parametrize("first", ["server", "client"])
@pytest.mark.parametrize("kind,how", [(kind, how) for kind, ways in WAYS.items() for how in ways])
def test_seen_as_it_happens(ipctrace, pair, kind, how, first):
    """Both are gone by the end; one alone is selected, and it is not the one that closed first."""
    server, client = pair(kind)
    one, other = (server, client) if first == "server" else (client, server)
    tracer = ipctrace.start("graph", "--json", "-d", 600, "-p", other.pid)
    for writer, reader in ((one, other), (other, one)):
        writer.do("send")
        reader.do("take")
    one.do(how)
    if how != "reset":
        other.do("eof")
    other.do("close")
    if how == "half":
        one.do("close")
    document = tracer.stop().document
    want = ("from", "to") if one is server else ("to", "from")
    assert _firsts(document, kind, server, client) == want, document["links"]


@pytest.mark.parametrize("how", WAYS["tcp"])
def test_seen_with_perf_hooks(ipctrace, pair, how):
    """The same, by the kind of hook that later kernels need."""
    server, client = pair("tcp")
    tracer = ipctrace.start("graph", "--hooks", "perf", "--json", "-d", 600, "-p", server.pid)
    client.do("send")
    server.do("take")
    server.do("send")
    client.do("take")
    client.do(how)
    server.do("close")
    assert _firsts(tracer.stop().document, "tcp", server, client) == ("to", "from")


# How the parent learns that the child has closed, which wakes it, and it closes at once.
NOTICED = {
    "read": ("STREAM", "assert a.recv(10) == b''"),
    "message": ("STREAM", "assert a.recvmsg(10)[0] == b''"),
    "packet": ("SEQPACKET", "assert a.recv(10) == b''"),
    "splice": ("STREAM", "assert os.splice(a.fileno(), w, 10) == 0"),
    "reset": ("STREAM", "a.send(b'unread')\n    try: a.recv(10)\n    except ConnectionResetError: pass\n    else: assert 0"),
    "refused": ("STREAM", "select.select([a], [], [])\n    try: a.send(b'x')\n    except BrokenPipeError: pass\n    else: assert 0"),
}


@pytest.mark.kernel
@pytest.mark.parametrize("hooks", [[], ["--hooks", "perf"]], ids=["own", "perf"])
@pytest.mark.parametrize("how", NOTICED)
def test_one_closes_as_soon_as_the_other_has(ipctrace, how, hooks):
    """The times of the calls' ends are those of whoever gets the processor."""
    kind, notice = NOTICED[how]
    turns = 20
    document = ipctrace.run("graph", *hooks, "--json", "--", sys.executable, "-c", f"""
import os, select, signal, socket, sys
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
r, w = os.pipe()
for i in range({turns}):
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_{kind})
    child = os.fork()
    if not child:
        a.close(); b.send(b"x" * 10)
        {"select.select([b], [], [])" if how == "reset" else ""}
        b.close()
        os._exit(0)
    b.close(); assert a.recv(10) == b"x" * 10
    {notice}
    a.close()
    os.waitpid(child, 0)
""").document
    links = [l for l in document["links"] if l["kind"] == "unix" and l["bytes"] == 10]
    assert len(links) == turns
    assert [l["closed_first"] for l in links] == ["from"] * turns, links


def test_neither_has_closed(ipctrace, pair):
    for kind in WAYS:
        server, client = pair(kind)
        document = ipctrace.document("graph", "-p", client.pid)
        assert _firsts(document, kind, server, client) == ("none", "none"), document["links"]


def test_the_states_tell_of_before(ipctrace, pair):
    server, client = pair("tcp")
    client.do("half")
    server.do("eof")
    client.do("acknowledged")
    document = ipctrace.document("graph", "-p", server.pid)
    mine = {o["id"]: o for o in document["objects"] if o["kind"] == "tcp" and o["state"] != "listen"}
    told = {o["state"]: o["closed_first"] for o in mine.values()}
    assert told == {"close-wait": "peer", "fin-wait-2": "this"}, mine
    text = ipctrace.run("graph", "-f", "text", "-p", server.pid).text
    assert "half closed: the reader's end" in text, text


def test_what_closed_before_over_unix_is_unknown(ipctrace, pair):
    """Of a Unix socket nothing keeps that."""
    server, client = pair("unix")
    client.do("half")
    document = ipctrace.document("graph", "-p", server.pid)
    told = {o["closed_first"] for o in document["objects"] if o["kind"] == "unix" and o["state"] == "established"}
    assert told == {None}, document["objects"]
