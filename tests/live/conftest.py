# SPDX-License-Identifier: GPL-2.0-only
"""
Runs ipctrace and the workloads for the live tests. Everything waits for a handshake or an output,
bounded by a time that only a failure reaches; nothing a test starts outlives it.
"""
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import truth  # noqa: E402
import waiting  # noqa: E402
from waiting import LIMIT  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
IPCTRACE = os.environ.get("IPCTRACE", str(BUILD / "ipctrace"))
SANITIZED = bool(os.environ.get("SANITIZED"))          # a binary that is slower, and larger

_PR_SET_CHILD_SUBREAPER = 36


def pytest_configure(config):
    config.addinivalue_line("markers", "kernel: depends on what the kernel does; scripts/vmtest --core runs these")
    # A shell ignores these for what it runs in the background, and children would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    # Orphans of a test become our children, so that none goes unseen.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="live tests need root"))


# --- nothing is left behind ---------------------------------------------------------------------

def _reap():
    """Our children that are still alive; those that ended are reaped."""
    alive = []
    for pid in truth.children_of(os.getpid()):
        try:
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                alive.append(pid)
        except ChildProcessError:
            pass
    return alive


@pytest.fixture(autouse=True)
def leave_nothing(tmp_path):
    """Fails a test that leaves processes, IPC objects or FIFOs."""
    objects = truth.ipc_objects()
    yield
    # What was killed a moment ago may take one more to be gone.
    deadline = time.monotonic() + 5
    while (left := _reap()) and waiting.ended(left, deadline - time.monotonic()):
        pass
    told = []
    for pid in left:
        try:
            told.append(f"{truth.comm(pid)}[{pid}]")
            os.kill(pid, signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass
    for pid in left:
        if waiting.ended([pid], LIMIT):
            os.waitpid(pid, 0)
    assert not left, f"left running: {', '.join(told)}"
    more = truth.ipc_objects() - objects
    assert not more, f"left behind: {more}"
    fifos = [path for path in tmp_path.rglob("*") if path.is_fifo()]
    assert not fifos, f"left behind: {fifos}"


# --- workloads ------------------------------------------------------------------------------------

class Lines:
    """Lines from a descriptor, each waited for with a limit."""

    def __init__(self, fd, who):
        self.fd, self.who, self.rest = fd, who, b""

    def next(self, limit=LIMIT):
        deadline = time.monotonic() + limit
        while b"\n" not in self.rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise TimeoutError(f"{self.who} said nothing for {limit} s")
            data = os.read(self.fd, 65536)
            if not data:
                raise EOFError(f"{self.who} ended its output; unfinished: {self.rest!r}")
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()


TIDY_LIMIT = 3    # seconds


class Workload:
    """A program that tells its own truth and waits for our word."""

    def __init__(self, process, name):
        self.process, self.name = process, name
        self.lines = Lines(process.stdout.fileno(), name)
        self.told = []

    @property
    def pid(self):
        return self.process.pid

    def say(self):
        """Lets it go on."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def hear(self, key, limit=LIMIT):
        """Reads on until an object has that key; returns the object. All are kept in .told."""
        while True:
            try:
                said = json.loads(self.lines.next(limit))
            except (EOFError, TimeoutError) as error:
                raise AssertionError(f"{error}; so far: {self.told}") from None
            self.told.append(said)
            if key in said:
                return said

    def finish(self, limit=LIMIT):
        """Ends it in order; returns its exit status."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            return self.process.wait(limit)
        finally:
            self.process.stdout.close()

    def kill(self):
        """Of a test that failed: it may still tidy up after itself when its input ends, or else is killed."""
        if self.process.poll() is None and not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            self.process.wait(TIDY_LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream and not stream.closed:
                stream.close()


def workload_path(name):
    path = BUILD / "tests" / "workload" / name
    assert path.exists(), f"{path} isn't built: make tests"
    return str(path)


@pytest.fixture
def workload():
    """Starts workloads: workload("pipeline", 4) is ready when it returns."""
    started = []

    def start(name, *args, ready=True):
        process = subprocess.Popen([workload_path(name), *map(str, args)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        it = Workload(process, name)
        started.append(it)
        if ready:
            it.hear("ready")
        return it

    yield start
    for it in started:
        it.kill()


# --- ipctrace ------------------------------------------------------------------------------------

class Result:
    """What a finished run left."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def text(self):
        return self.out.decode()

    @property
    def document(self):
        return strict_json(self.out)

    @property
    def events(self):
        return [strict_json(line) for line in self.out.splitlines()]

    def __repr__(self):
        return f"exit {self.code}, stdout {self.out[:2000]!r}, stderr {self.err[:4000]!r}"


def strict_json(data):
    """JSON, valid UTF-8, without NaN and without a key told twice."""
    def unique(pairs):
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"a key told twice: {keys}"
        return dict(pairs)

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(data.decode("utf-8", errors="strict"), object_pairs_hook=unique,
                      parse_constant=refuse)


class Tracer:
    """An ipctrace that runs; its output goes to files, so that it never waits for us."""

    def __init__(self, args, folder, stdin=None, stdout=None, env=None):
        self.folder = folder
        ready, told = os.pipe()
        self.args = [IPCTRACE, *self._with_ready(list(map(str, args)), told)]
        self.out_path, self.err_path = folder / "stdout", folder / "stderr"
        folder.mkdir()
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(self.args, stdin=stdin or subprocess.DEVNULL,
                                            stdout=stdout or out, stderr=err, pass_fds=[told],
                                            env={**os.environ, **(env or {})})
        os.close(told)
        self.ready = Lines(ready, "ipctrace")

    @staticmethod
    def _with_ready(args, fd):
        option = ["--ready-fd", str(fd)]
        if "--" in args:
            at = args.index("--")
            return args[:at] + option + args[at:]
        return args + option

    @property
    def pid(self):
        return self.process.pid

    def await_ready(self, limit=LIMIT):
        try:
            line = self.ready.next(limit)
        except (EOFError, TimeoutError) as error:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"not ready: {error}; {self.args} → {self.result()}") from None
        assert line == "ready"
        return self

    def stop(self, how=signal.SIGINT, limit=LIMIT):
        """Ctrl-C, then what it left."""
        self.process.send_signal(how)
        return self.wait(limit)

    def wait(self, limit=LIMIT):
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"didn't end within {limit} s: {self.args} → {self.result()}") from None
        return self.result()

    def result(self):
        return Result(self.process.returncode, self.out_path.read_bytes(), self.err_path.read_bytes())

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.ready.fd >= 0:
            os.close(self.ready.fd)
            self.ready.fd = -1


class Ipctrace:
    """How tests run ipctrace."""

    def __init__(self, folder):
        self.folder, self.count, self.tracers = folder, 0, []

    def start(self, *args, **how):
        """Starts it and waits until it is ready."""
        return self.launch(*args, **how).await_ready()

    def launch(self, *args, **how):
        self.count += 1
        tracer = Tracer(args, self.folder / f"ipctrace-{self.count}", **how)
        self.tracers.append(tracer)
        return tracer

    def run(self, *args, limit=LIMIT, code=0, env=None, stdin=subprocess.DEVNULL):
        """Runs it to its end. code None: whatever exit code."""
        done = subprocess.run([IPCTRACE, *map(str, args)], stdin=stdin, capture_output=True,
                              timeout=limit, env={**os.environ, **(env or {})}, check=False)
        result = Result(done.returncode, done.stdout, done.stderr)
        assert code is None or result.code == code, f"{args} → {result}"
        return result

    def document(self, *args, **how):
        return self.run(*args, "--json", **how).document

    def program(self, options, workload_args, out):
        """ipctrace OPTIONS -o OUT -- WORKLOAD, the workload's streams being ours to talk to."""
        name, *rest = workload_args
        tracer = self.launch(*options, "-o", out, "--", workload_path(name), *rest,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return tracer, Workload(tracer.process, name)

    def close(self):
        for tracer in self.tracers:
            tracer.close()


@pytest.fixture
def ipctrace(tmp_path):
    assert os.access(IPCTRACE, os.X_OK), f"{IPCTRACE} isn't built: make"
    it = Ipctrace(tmp_path)
    yield it
    it.close()


@pytest.fixture
def background():
    """Starts other programs; ends them, and what they started, with the test."""
    started = []

    def start(*args, **how):
        process = subprocess.Popen(list(map(str, args)), start_new_session=True, **how)
        started.append(process)
        return process

    yield start
    for process in started:
        try:
            # Its own session: the group is the program and its children, nobody else.
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


@pytest.fixture
def needs():
    """Skips a test, with the reason, where a program isn't there."""
    def check(*names):
        for name in names:
            if not shutil.which(name):
                pytest.skip(f"no {name} here")
    return check
