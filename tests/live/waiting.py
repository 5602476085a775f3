# SPDX-License-Identifier: GPL-2.0-only
"""
Waiting for what happens elsewhere, each with a limit that only a failure reaches. Prefer an event: a line
from a workload (conftest.Lines), the end of a process (ended), a file that grows (grown). until() asks
again and again; it is for what the kernel tells nobody of, such as a state in /proc.
"""
import ctypes
import os
import select
import time

LIMIT = float(os.environ.get("TEST_TIMEOUT", "60"))     # seconds; emulated machines need more

_PAUSE = 0.01     # seconds between two questions
_IN_MODIFY = 2
_IN_CLOEXEC = os.O_CLOEXEC
_LIBC = ctypes.CDLL(None, use_errno=True)


def until(what, why, *, process=None, pause=_PAUSE, limit=LIMIT):
    """Asks `what` until it is true, and returns what it said; the process must live meanwhile. OSError is a
    no. pause 0: for a moment that is over soon."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        assert process is None or process.poll() is None, f"{why}: it ended with {process.returncode}"
        try:
            if found := what():
                return found
        except OSError:
            pass
        if pause:
            time.sleep(pause)
    raise AssertionError(f"{why}: not within {limit} s")


def ended(pids, limit):
    """Waits until one of these processes, which are alive or zombies, has ended; False = none did."""
    pidfds = [os.pidfd_open(pid) for pid in pids]
    try:
        return bool(select.select(pidfds, [], [], max(0, limit))[0])
    finally:
        for pidfd in pidfds:
            os.close(pidfd)


def grown(path, size, why, limit=LIMIT):
    """Waits until a file has more than that many bytes."""
    deadline = time.monotonic() + limit
    told = _LIBC.inotify_init1(_IN_CLOEXEC)
    assert told >= 0, os.strerror(ctypes.get_errno())
    try:
        # Watched first and looked at after: what is written in between is told of.
        assert _LIBC.inotify_add_watch(told, os.fsencode(path), _IN_MODIFY) >= 0, os.strerror(ctypes.get_errno())
        while os.path.getsize(path) <= size:
            assert select.select([told], [], [], max(0, deadline - time.monotonic()))[0], why
            os.read(told, 65536)
    finally:
        os.close(told)


def stopped(pid):
    """Waits until our child is stopped."""
    # Left to be waited for by whoever started it.
    how = os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    assert how.si_code == os.CLD_STOPPED, how


def is_traced(pid):
    """By strace, say."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return any(line.startswith("TracerPid:") and line.split()[1] != "0" for line in status)


def bytes_read(pid):
    """By read(2) and the like: rows of the kernel's tables, for one."""
    with open(f"/proc/{pid}/io", encoding="ascii") as file:
        return int(file.readline().split()[1])


def is_asleep(pid):
    """Without being stopped."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "S"
