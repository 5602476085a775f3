# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel itself says, by ways that ipctrace does not go: /proc, kcmp(2), lsfd."""
import ctypes
import functools
import json
import os
import platform
import re
import shutil
import subprocess

_LIBC = ctypes.CDLL(None, use_errno=True)
_KCMP = {"x86_64": 312, "aarch64": 272}[platform.machine()]
_KCMP_FILE = 0
_KCMP_FILES = 2

O_ACCMODE = 0o3
O_PATH = 0o10000000
O_CLOEXEC = 0o2000000


class Fd:
    """One row of /proc/PID/fd with its fdinfo."""

    def __init__(self, pid, fd):
        path = f"/proc/{pid}/fd/{fd}"
        self.target = os.readlink(path)
        self.stat = os.stat(path)
        with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii", errors="replace") as info:
            self.info = dict(line.split(":", 1) for line in info.read().splitlines() if ":" in line)
        self.flags = int(self.info["flags"], 8)

    @property
    def cloexec(self):
        return bool(self.flags & O_CLOEXEC)

    @property
    def access(self):
        return {os.O_RDONLY: "r", os.O_WRONLY: "w", os.O_RDWR: "rw"}[self.flags & O_ACCMODE]


def fds(pid):
    """{number: Fd} of that process."""
    return {int(name): Fd(pid, int(name)) for name in os.listdir(f"/proc/{pid}/fd")}


def _kcmp(pid1, pid2, kind, idx1=0, idx2=0):
    result = _LIBC.syscall(_KCMP, pid1, pid2, kind, ctypes.c_ulong(idx1), ctypes.c_ulong(idx2))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"kcmp({pid1}, {pid2}, {kind}, {idx1}, {idx2}): {os.strerror(error)}")
    return result


def same_table(pid1, pid2):
    return _kcmp(pid1, pid2, _KCMP_FILES) == 0


def descriptions(slots):
    """Splits (pid, fd) pairs into the sets that share one open file description."""
    def compare(a, b):
        return {0: 0, 1: -1, 2: 1}[_kcmp(a[0], b[0], _KCMP_FILE, a[1], b[1])]

    classes = []
    for slot in sorted(slots, key=functools.cmp_to_key(compare)):
        if classes and compare(classes[-1][0], slot) == 0:
            classes[-1].append(slot)
        else:
            classes.append([slot])
    return {frozenset(members) for members in classes}


def lsfd(pids):
    """{(pid, fd): row} as lsfd sees it, or None where there is no lsfd."""
    if not shutil.which("lsfd"):
        return None
    out = subprocess.run(["lsfd", "-J", "-o", "PID,FD,INODE,TYPE", "-p", ",".join(map(str, pids))],
                         check=True, capture_output=True, text=True, timeout=60).stdout
    rows = json.loads(out)["lsfd"]
    # Rows such as "exe" and "cwd" are no descriptors.
    return {(int(row["pid"]), int(row["fd"])): row for row in rows if str(row["fd"]).isdigit()}


def stat(pid):
    """The fields of /proc/PID/stat behind the name, from 'state' on (index 0)."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(") ")[2].split()


def ppid(pid):
    return int(stat(pid)[1])


def start_ns_range(pid):
    """Bounds of the process's start time since boot: /proc tells it in clock ticks."""
    tick = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    ticks = int(stat(pid)[19])
    return ticks * tick, (ticks + 1) * tick


def comm(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
        return file.read().rstrip("\n")


def children_of(pid):
    """Pids whose parent that is; zombies too."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if ppid(name) == pid:
                    found.append(int(name))
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


def ipc_objects():
    """System V ids, POSIX shared memory and queues there are now."""
    found = set()
    for kind in ("shm", "sem", "msg"):
        try:
            with open(f"/proc/sysvipc/{kind}", encoding="ascii") as file:
                found |= {(kind, line.split()[1]) for line in file.read().splitlines()[1:]}
        except FileNotFoundError:
            pass
    for folder in ("/dev/shm", "/dev/mqueue"):
        if os.path.isdir(folder):
            found |= {(folder, name) for name in os.listdir(folder)}
    return found


_SOCKET = re.compile(r"socket:\[(\d+)\]")


def expected_object(row):
    """(kinds, id) that ipctrace must give the object behind a row of /proc; id None: not checked."""
    target = row.target
    if re.fullmatch(r"pipe:\[\d+\]", target):
        return {"pipe"}, target
    if _SOCKET.fullmatch(target):
        return None, None
    if target.startswith("/memfd:"):
        return {"memfd"}, f"memfd:[{row.stat.st_ino}]"
    if target == "anon_inode:[eventfd]":
        number = row.info.get("eventfd-id", "").strip()
        return {"eventfd"}, f"eventfd:[{number}]" if number else None
    if target.startswith("/") and (row.stat.st_mode & 0o170000) == 0o100000 and "(deleted)" not in target:
        return {"file"}, f"file:{target}"
    return None, None
