# SPDX-License-Identifier: GPL-2.0-only
"""
Real servers under load, each held against what it says of itself, and against /proc and ss: its
clients are the peers, its memory is shared by those who map it, its signals are told.
"""
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time

import compare
import pytest
import servers
import waiting
from conftest import LIMIT, strict_json


@pytest.fixture
def server(tmp_path, needs):
    """Starts one: server(servers.Redis)."""
    needs("redis-server", "nginx", "dbus-daemon", "ab")
    started = []

    def start(kind):
        it = kind(tmp_path)
        started.append(it)
        return it

    yield start
    for it in started:
        it.close()


def _window(ipctrace, folder, pid, during, *options):
    """The graph of what happened while `during` ran; what that returned comes too."""
    out = folder / "graph.json"
    tracer = ipctrace.start("graph", "--json", "--audit", "-p", pid, "-d", 600, "-o", out, *options)
    came = during()
    result = tracer.stop(limit=LIMIT * 2)
    assert result.code == 0, result
    graph = strict_json(out.read_bytes())
    compare.check_graph(graph)
    assert graph["audit"]["differences"] == 0, graph["audit"]
    return graph, came


def _pairs(graph, kind, state="observed"):
    """{(from, to)} of the links of that kind; bytes summed."""
    pairs = {}
    for link in graph["links"]:
        if link["kind"] == kind and link["state"] == state:
            pair = (compare.pid_of(link["from"]), compare.pid_of(link["to"]))
            pairs[pair] = pairs.get(pair, 0) + (link["bytes"] or 0)
    return pairs


def _mapped(pid):
    """{(device, inode)} of the shared mappings of that process, from /proc."""
    found = set()
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as maps:
        for line in maps:
            fields = line.split(None, 5)
            if fields[1][3] == "s" and fields[4] != "0":
                found.add(int(fields[4]))
    return found


def _signals(graph, target):
    """{(sender, signal): its numbers} of what was sent to that process."""
    return {(compare.pid_of(link["from"]), detail["signal"]): detail
            for link in graph["links"] if link["kind"] == "signal" and compare.pid_of(link["to"]) == target
            for detail in link["detail"]}


# --- PostgreSQL -----------------------------------------------------------------------------------

@pytest.fixture
def postgres(server):
    it = server(servers.Postgres)
    servers.run(*it.pgbench("-i", "-q"), **it.as_user)
    return it


def _bench(postgres, seconds=4):
    """pgbench with four clients; returns its pid and the backends that served it."""
    process = subprocess.Popen(list(map(str, postgres.pgbench("-c", "4", "-j", "1", "-T", str(seconds)))),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **postgres.as_user)
    asked = "select pid from pg_stat_activity where application_name = 'pgbench'"
    backends = waiting.until(lambda: found if len(found := postgres.query(asked)) == 4 else None, "pgbench",
                             process=process)
    assert process.wait(LIMIT * 2) == 0
    return process.pid, sorted(map(int, backends))


def test_postgres_backends_are_the_clients_peers(ipctrace, postgres, tmp_path):
    graph, (client, backends) = _window(ipctrace, tmp_path, postgres.pid, lambda: _bench(postgres))
    pairs = _pairs(graph, "unix")
    for backend in backends:
        assert pairs.get((client, backend), 0) > 1000, (client, backend, pairs)
        assert pairs.get((backend, client), 0) > 1000, (client, backend, pairs)
    # The postmaster accepted them all and talked to none.
    assert not any(client in pair and postgres.pid in pair for pair in pairs), pairs


def test_postgres_listener_shows_its_model(ipctrace, postgres, tmp_path):
    graph, _ = _window(ipctrace, tmp_path, postgres.pid, lambda: _bench(postgres))
    listener = next(o for o in graph["objects"] if o["kind"] == "unix" and o["name"] == str(postgres.socket)
                    and o["state"] == "listen")
    assert listener["server_model"] == "process per connection", listener
    assert listener["evidence"], listener


def test_postgres_memory_is_shared_by_all_its_processes(ipctrace, postgres):
    graph = ipctrace.document("graph", "-p", postgres.pid)
    # Workers of autovacuum come and go.
    family = [pid for pid in [postgres.pid, *_children(postgres.pid)]
              if any(p["pid"] == pid for p in graph["processes"])]
    assert len(family) > 3
    anonymous = [o for o in graph["objects"] if o["kind"] == "anon"]
    assert anonymous
    for pid in family:
        try:
            maps = _mapped(pid)
        except FileNotFoundError:
            continue
        have = {int(re.search(r"\d+", e["object"].partition(":")[2]).group()) for e in graph["endpoints"]
                if compare.pid_of(e["process"]) == pid and e["role"] == "map" and e["object"].startswith("anon:")}
        assert have and have <= maps, (pid, have, maps)
    rows = [line.split() for line in servers.run("ipcs", "-m", "-p").splitlines() if line[:1].isdigit()]
    segments = [row[0] for row in rows if int(row[2]) == postgres.pid]
    assert segments
    for segment in segments:
        it = next(o for o in graph["objects"] if o["id"] == f"shm:{segment}")
        nattch = next(line.split()[5] for line in servers.run("ipcs", "-m").splitlines()
                      if line.split()[1:2] == [segment])
        assert it["attached"] == int(nattch), it


def test_postgres_signals(ipctrace, postgres, tmp_path):
    def reload():
        before = postgres.query("select pg_conf_load_time()")
        postgres.query("select pg_reload_conf()")
        # A backend has the time from the postmaster, which tells its children right after.
        waiting.until(lambda: postgres.query("select pg_conf_load_time()") != before, "reload",
                      process=postgres.process)
    graph, _ = _window(ipctrace, tmp_path, postgres.pid, reload)
    to_master = _signals(graph, postgres.pid)
    assert any(name == "SIGHUP" and sender for sender, name in to_master), to_master
    children = [pid for pid in _children(postgres.pid) if any(p["pid"] == pid for p in graph["processes"])]
    assert len(children) > 3
    for child in children:
        assert (postgres.pid, "SIGHUP") in _signals(graph, child), (child, _signals(graph, child))


# --- nginx ------------------------------------------------------------------------------------------

def _load(nginx):
    """ab over kept connections; returns its pid and the bytes it got."""
    process = subprocess.Popen(["ab", "-q", "-k", "-c", "8", "-n", "3000", f"http://127.0.0.1:{nginx.port}/file"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    out = process.communicate(timeout=LIMIT)[0]
    assert process.returncode == 0, out
    return process.pid, int(re.search(r"Total transferred:\s+(\d+)", out).group(1))


def test_nginx_under_load(ipctrace, server, tmp_path):
    nginx = server(servers.Nginx)
    graph, (client, got) = _window(ipctrace, tmp_path, nginx.pid, lambda: _load(nginx))
    pairs = _pairs(graph, "tcp")
    assert sum(pairs.get((worker, client), 0) for worker in nginx.workers) == got, pairs
    assert not pairs.get((nginx.pid, client)), "the master serves nobody"
    listener = next(o for o in graph["objects"] if o["id"] == f"tcp:127.0.0.1:{nginx.port}")
    assert listener["state"] == "listen" and listener["backlog_max"] > 0, listener
    assert listener["server_model"] in ("event loop", "prefork"), listener
    # ss says the same of the listener.
    row = servers.run("ss", "-Hltn", f"sport = :{nginx.port}").split()
    assert int(row[2]) == listener["backlog_max"], (row, listener)


def test_nginx_channels_between_master_and_workers(ipctrace, server):
    nginx = server(servers.Nginx)
    graph = ipctrace.document("graph", "-p", nginx.pid)
    pairs = _pairs(graph, "unix", "open")
    for worker in nginx.workers:
        assert (nginx.pid, worker) in pairs, (nginx.pid, worker, pairs)


# --- redis ------------------------------------------------------------------------------------------

def test_redis_clients_are_its_own_list(ipctrace, server, tmp_path):
    redis = server(servers.Redis)

    def talk():
        said = []
        with socket.create_connection(("127.0.0.1", redis.port)) as tcp, \
                socket.socket(socket.AF_UNIX) as unix:
            unix.connect(str(redis.path))
            for one in (tcp, unix):
                one.sendall(b"PING\r\n")
                assert one.recv(64) == b"+PONG\r\n"
            said.append(f"tcp:127.0.0.1:{tcp.getsockname()[1]}->127.0.0.1:{redis.port}")
            tcp.sendall(b"CLIENT LIST\r\n")
            listed = tcp.recv(65536).decode()
            assert f"addr=127.0.0.1:{tcp.getsockname()[1]}" in listed
        return said
    graph, (mine,) = _window(ipctrace, tmp_path, redis.pid, talk)
    link = compare.links_on(graph, mine)[(os.getpid(), redis.pid)]
    assert link["state"] == "observed" and link["bytes"] == len(b"PING\r\n") + len(b"CLIENT LIST\r\n"), link
    pairs = _pairs(graph, "unix")
    assert pairs[(os.getpid(), redis.pid)] == 6 and pairs[(redis.pid, os.getpid())] == 7, pairs


# --- dbus -------------------------------------------------------------------------------------------

def test_dbus_clients_talk_to_the_daemon_alone(ipctrace, server, background, tmp_path):
    bus = server(servers.Dbus)
    environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": bus.address}

    def talk():
        monitor = background("dbus-monitor", env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert select.select([monitor.stdout], [], [], LIMIT)[0], "dbus-monitor says nothing"
        servers.run("dbus-send", "--type=signal", "/a", "a.b.C", "string:hello", env=environment)
        seen = b""
        while b"hello" not in seen:
            assert select.select([monitor.stdout], [], [], LIMIT)[0], seen
            seen += os.read(monitor.stdout.fileno(), 65536)
        return monitor.pid
    graph, monitor = _window(ipctrace, tmp_path, bus.pid, talk)
    pairs = _pairs(graph, "unix")
    assert pairs.get((bus.pid, monitor), 0) > 0 and pairs.get((monitor, bus.pid), 0) > 0, pairs
    others = {pid for pair in pairs for pid in pair} - {bus.pid, monitor}
    assert others, "dbus-send talked to the daemon"
    assert all(bus.pid in pair for pair in pairs), pairs


# --- a shell with job control -----------------------------------------------------------------------

class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="$ ", TERM="dumb")
            os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
        self.seen = ""

    def await_text(self, text):
        deadline = time.monotonic() + LIMIT
        while text not in self.seen:
            assert select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0], self.seen
            self.seen += os.read(self.fd, 65536).decode(errors="replace")
        self.seen = self.seen.partition(text)[2]

    def await_foreground(self, group):
        """Who is interrupted by what is typed. The shell says "fg" before it hands the terminal over."""
        waiting.until(lambda: os.tcgetpgrp(self.fd) == group, "the job has the terminal")

    def type(self, text):
        os.write(self.fd, text.encode())

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


@pytest.fixture
def terminal():
    it = Terminal()
    it.await_text("$ ")
    yield it
    it.close()


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return list(map(int, file.read().split()))


def _comm(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
        return file.read().strip()


def _state(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]


def test_job_control(ipctrace, terminal, tmp_path):
    def work():
        terminal.type("sleep 1000 | cat\n")
        waiting.until(lambda: sorted(map(_comm, _children(terminal.pid))) == ["cat", "sleep"], "the job runs")
        jobs = _children(terminal.pid)
        terminal.type("\x1a")
        waiting.until(lambda: all(_state(pid) == "T" for pid in jobs), "the job is stopped")
        terminal.await_text("Stopped")
        terminal.type("bg\n")
        terminal.await_text("cat &")
        waiting.until(lambda: all(_state(pid) == "S" for pid in jobs), "the job goes on")
        terminal.type("fg\n")
        terminal.await_text("sleep 1000 | cat")
        terminal.await_foreground(os.getpgid(jobs[0]))
        terminal.type("\x03")
        waiting.until(lambda: not _children(terminal.pid), "the job has ended")
        return jobs
    graph, jobs = _window(ipctrace, tmp_path, terminal.pid, work)
    for pid in jobs:
        signals = _signals(graph, pid)
        assert signals[(None, "SIGTSTP")]["delivered"] == 1, signals
        assert (terminal.pid, "SIGCONT") in signals, signals
        assert signals[(None, "SIGINT")]["sent"] == 1, signals
    assert (None, "SIGCHLD") in _signals(graph, terminal.pid) or any(
        name == "SIGCHLD" for _, name in _signals(graph, terminal.pid))


# --- Python's shared memory ---------------------------------------------------------------------------

def test_python_shared_memory(ipctrace, background, tmp_path):
    script = tmp_path / "shared.py"
    script.write_text(
        "import multiprocessing as m, sys\n"
        "from multiprocessing import shared_memory as s\n"
        "def child(name, ready, go):\n"
        "    it = s.SharedMemory(name=name); it.buf[1] = 7; ready.set(); go.wait(); it.close()\n"
        "if __name__ == '__main__':\n"
        "    c = m.get_context('fork'); it = s.SharedMemory(create=True, size=8192)\n"
        "    ready, go = c.Event(), c.Event()\n"
        "    p = c.Process(target=child, args=(it.name, ready, go)); p.start(); ready.wait()\n"
        "    print(it.name, p.pid, flush=True); sys.stdin.readline(); go.set(); p.join(); it.close(); it.unlink()\n")
    it = background(sys.executable, script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    name, child = it.stdout.readline().split()
    graph = ipctrace.document("graph", "-p", it.pid)
    links = compare.links_on(graph, f"file:/dev/shm/{name}")
    assert set(links) == {(it.pid, int(child)), (int(child), it.pid)}, links
    shared = next(o for o in graph["objects"] if o["id"] == f"file:/dev/shm/{name}")
    assert shared["writable"] and not shared["deleted"], shared
    it.stdin.write("\n")
    it.stdin.flush()
    assert it.wait(LIMIT) == 0
