#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Busy real programs, and why over the whole machine beside them, again and again: PostgreSQL under pgbench,
nginx under ab, a parallel build. None of them is stuck, so a verdict of deadlock or never-eof about them
is false; it ends the run with exit 1, and its document is kept.

usage: busy.py [--runs N] [--keep FOLDER]
"""
import argparse
import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import truth    # noqa: E402
from conftest import BUILD, IPCTRACE, LIMIT  # noqa: E402
from servers import Nginx, Postgres, Server, run  # noqa: E402

SOURCES = 24
FALSE = ("deadlock", "never-eof")
_PR_SET_CHILD_SUBREAPER = 36


def write_tree(folder):
    """A small C tree: parts, a library of them, a program."""
    for i in range(SOURCES):
        (folder / f"part{i}.c").write_text(f"#include <stdio.h>\nint part{i}(int n)\n{{\n\tchar text[32];\n"
                                           f"\treturn snprintf(text, sizeof(text), \"%d\", n * {i});\n}}\n")
    calls = " + ".join(f"part{i}(n)" for i in range(SOURCES))
    heads = "".join(f"int part{i}(int n);\n" for i in range(SOURCES))
    (folder / "main.c").write_text(f"{heads}int main(int n, char **v)\n{{\n\treturn !({calls});\n}}\n")
    objects = " ".join(f"part{i}.o" for i in range(SOURCES))
    (folder / "Makefile").write_text(
        f"prog: main.o libparts.a\n\tcc -o $@ $^\nlibparts.a: {objects}\n\tar rc $@ $^\n"
        f"clean:\n\trm -f *.o *.a prog\nround: clean\n\t+$(MAKE) prog | cat > log\n")


class Busy:
    """The three loads, from the constructor on until close()."""

    def __init__(self, folder):
        self.servers = []
        try:
            for name in ("pg", "nginx", "build"):
                (folder / name).mkdir()
            postgres = self._keep(Postgres(folder / "pg"))
            nginx = self._keep(Nginx(folder / "nginx"))
            run(*postgres.pgbench("-i", "-q", "-s", "1"), **postgres.as_user)
            write_tree(folder / "build")
            self._keep(Server(["sh", "-c", 'while "$@"; do :; done', "sh", *postgres.pgbench("-c", "4", "-T", "5")],
                              **postgres.as_user))
            self._keep(Server(["sh", "-c", 'while "$@"; do :; done', "sh", "ab", "-q", "-k", "-c", "8", "-n", "20000",
                               f"http://127.0.0.1:{nginx.port}/file"]))
            self._keep(Server(["sh", "-c", "while make -s -j3 round; do :; done"], cwd=folder / "build"))
        except BaseException:
            self.close()
            raise

    def _keep(self, server):
        self.servers.append(server)
        return server

    def check(self):
        """All of them still run."""
        for server in self.servers:
            assert server.process.poll() is None, f"{server.process.args} ended with {server.process.returncode}"

    def close(self):
        while self.servers:
            server = self.servers.pop()
            try:
                os.killpg(server.pid, server.stop_signal)   # the shells' children too
            except ProcessLookupError:
                pass
            server.close()


def pid_of(process):
    return int(process.split("@")[0])


def is_ours(pid):
    """True where we started it, or it is gone: what is stuck would be there still."""
    for _ in range(64):
        if pid == os.getpid():
            return True
        try:
            pid = truth.ppid(pid)
        except (FileNotFoundError, ProcessLookupError):
            return True
        if pid <= 1:
            return False
    return False


def ask(command=(IPCTRACE, "why", "--json", "-q")):
    """(document, seconds) of one run."""
    before = time.monotonic()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False)
    took = time.monotonic() - before
    assert done.returncode in (0, 1), (done.returncode, done.stderr[-2000:])
    return json.loads(done.stdout), took


def stuck_of_ours(document):
    """Waits of the loads that are said never to end. Others on the machine may well be stuck."""
    if document["verdict"] not in FALSE:
        return []
    told = [wait for i, wait in enumerate(document["waits"])
            if wait["stuck"] or (i == 0 and document["verdict"] == "never-eof")]
    return [wait for wait in told if is_ours(pid_of(wait["process"]))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--keep", type=Path, default=BUILD / "busy-why")
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    times, waits, bad, others = [], 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="ipctrace-busy-") as folder:
        os.chmod(folder, 0o755)
        busy = Busy(Path(folder))
        try:
            for number in range(options.runs):
                document, took = ask()
                times.append(took)
                waits += len(document["waits"])
                others += document["verdict"] in FALSE
                if stuck_of_ours(document):
                    bad += 1
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"{number}.json").write_text(json.dumps(document, indent=1))
                    print(f"run {number}: {document['verdict']}: {document['summary']}", flush=True)
                busy.check()
        finally:
            busy.close()
    times.sort()
    print(f"{len(times)} runs, {waits} waits looked at, {bad} false verdicts, {others - bad} true ones about others; "
          f"a run took {times[len(times) // 2] * 1000:.0f} ms ({times[0] * 1000:.0f}…{times[-1] * 1000:.0f})")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
