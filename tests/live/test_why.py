# SPDX-License-Identifier: GPL-2.0-only
"""
why, against processes that are stuck and processes that only look so. A scenario is the scripts of
its processes (tests/workload/waits.c), whose wait is asked about, the verdict, and who is in the ring.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import waiting
from conftest import IPCTRACE, LIMIT
from waiting import until


DEADLOCK, NEVER_EOF, WAITING, RUNNING = "deadlock", "never-eof", "waiting", "running"

# name: (scripts, index asked about, verdict, ring as indexes)
SCENARIOS = {
    # --- rings ---
    "pipe-pipe": (["k R0 W1 r R0", "k R1 W0 r R1"], 0, DEADLOCK, {0, 1}),
    "pipe-full-pipe-full": (["k W0 R1 w W0", "k W1 R0 w W1"], 0, DEADLOCK, {0, 1}),
    "pipe-read-pipe-full": (["k R0 W1 R1 r R0", "k W0 W1 w W1"], 0, DEADLOCK, {0, 1}),
    "socket-socket": (["k A0 r A0", "k B0 r B0"], 0, DEADLOCK, {0, 1}),
    "socket-full": (["k A0 w A0", "k B0 w B0"], 0, DEADLOCK, {0, 1}),
    "pipe-socket": (["k R0 A0 r R0", "k W0 B0 r B0"], 0, DEADLOCK, {0, 1}),
    "eventfd-eventfd": (["k E0 E1 r E0", "k E0 E1 r E1"], 0, DEADLOCK, {0, 1}),
    "eventfd-pipe": (["k E0 W0 r E0", "k E0 R0 r R0"], 0, DEADLOCK, {0, 1}),
    "flock-flock": (["k L 0 B L 1", "k L 1 B L 0"], 0, DEADLOCK, {0, 1}),
    "flock-pipe": (["k R0 L 0 B r R0", "k W0 B L 0"], 0, DEADLOCK, {0, 1}),
    "fcntl-pipe": (["k R0 K 0 B r R0", "k W0 B K 0"], 0, DEADLOCK, {0, 1}),
    "robust-robust": (["k m 0 B m 1", "k m 1 B m 0"], 0, DEADLOCK, {0, 1}),
    "robust-pipe": (["k R0 m 0 B r R0", "k W0 B m 0"], 1, DEADLOCK, {0, 1}),
    "inherit-pipe": (["k R0 M 0 B r R0", "k W0 B M 0"], 1, DEADLOCK, {0, 1}),
    "wait-pipe": (["k R0 W0 D 1 c", "-k R0 r R0"], 0, DEADLOCK, {0, 1}),
    "waitpid-pipe": (["k R0 W0 D 1 i 1", "-k R0 r R0"], 1, DEADLOCK, {0, 1}),
    "wait-socket": (["k A0 B0 D 1 c", "-k A0 r A0"], 0, DEADLOCK, {0, 1}),
    "wait-eventfd": (["k E0 D 1 c", "-k E0 r E0"], 0, DEADLOCK, {0, 1}),
    "wait-full-pipe": (["k R0 W0 D 1 c", "-k W0 w W0"], 0, DEADLOCK, {0, 1}),
    "poll-pipe": (["k R0 R2 W1 p R0 R2", "k R1 W0 W2 r R1"], 0, DEADLOCK, {0, 1}),
    "epoll-pipe": (["k R0 R2 W1 e R0 R2", "k R1 W0 W2 r R1"], 0, DEADLOCK, {0, 1}),
    "poll-poll": (["k A0 p A0", "k B0 p B0"], 0, DEADLOCK, {0, 1}),
    "ring-of-3": (["k R0 W1 r R0", "k R1 W2 r R1", "k R2 W0 r R2"], 0, DEADLOCK, {0, 1, 2}),
    "ring-of-4": (["k R0 W1 r R0", "k R1 W2 r R1", "k R2 W3 r R2", "k R3 W0 r R3"], 2, DEADLOCK,
                  {0, 1, 2, 3}),
    "ring-of-5-mixed": (["k R0 A0 r R0", "k B0 E0 r B0", "k E0 R2 W3 r R2", "k R3 W4 W2 r R3",
                         "k R4 W0 r R4"], 0, DEADLOCK, None),
    "ring-of-5": (["k R0 W1 r R0", "k R1 W2 r R1", "k R2 W3 r R2", "k R3 W4 r R3",
                   "k R4 W0 r R4"], 4, DEADLOCK, {0, 1, 2, 3, 4}),
    "waits-for-a-ring": (["k R0 W1 r R0", "k R1 W0 W2 r R1", "k R2 r R2"], 2, DEADLOCK, {0, 1}),
    "knot-of-two-writers": (["k R0 W1 W2 r R0", "k R1 W0 r R1", "k R2 W0 r R2"], 0, DEADLOCK, None),
    "in-flight-ring": (["k R0 A0 r R0", "k W0 B0 A1 B1 g B1 W0 r B0"], 0, DEADLOCK, None),
    "tcp-tcp": (["k C0 r C0", "k V0 r V0"], 0, DEADLOCK, {0, 1}),
    "tcp-two-connections": (["k C0 V1 r C0", "k V0 C1 r C1"], 0, DEADLOCK, {0, 1}),
    "tcp-full": (["k C0 w C0", "k V0 w V0"], 0, DEADLOCK, {0, 1}),
    "tcp-waitall": (["k C0 l C0", "k V0 l V0"], 1, DEADLOCK, {0, 1}),
    "tcp-poll": (["k C0 p C0", "k V0 e V0"], 0, DEADLOCK, {0, 1}),
    "tcp-pipe": (["k C0 R0 r R0", "k V0 W0 r V0"], 1, DEADLOCK, {0, 1}),
    "tcp-full-pipe": (["k C0 R0 w C0", "k V0 W0 w W0"], 1, DEADLOCK, {0, 1}),
    "tcp-ring-of-3": (["k C0 V1 r C0", "k C1 V2 r C1", "k C2 V0 r C2"], 1, DEADLOCK, {0, 1, 2}),
    "tcp-fcntl": (["k C0 K 0 B r C0", "k V0 B K 0"], 0, DEADLOCK, {0, 1}),
    "tcp-in-flight": (["k C0 R0 r C0", "k V0 B0 A1 B1 g B1 V0 r B0", "k A0 W0 r A0"], 0, WAITING, None),
    "tcp-not-accepted": (["k J0 R0 r R0", "k J0 W0 j J0"], 1, DEADLOCK, {0, 1}),
    "unix-not-accepted": (["k J1 R0 r R0", "k J1 W0 j J1"], 1, DEADLOCK, {0, 1}),
    "unix-connect-full": (["k J1 R0 r R0", "k J1 W0 n J1"], 1, DEADLOCK, {0, 1}),
    "unix-send-full": (["k I0 R0 r R0", "k I0 W0 n I0"], 1, DEADLOCK, {0, 1}),
    "pty-wait": (["k O0 S0 D 1 c", "-k S0 r S0"], 0, DEADLOCK, {0, 1}),
    "pty-pipe": (["k O0 R0 r R0", "k S0 W0 r S0"], 1, DEADLOCK, {0, 1}),
    "mq-unlinked": (["k Q0 W0 X r Q0", "k Z0 R0 r R0"], 0, DEADLOCK, {0, 1}),
    "mq-unlinked-full": (["k Z0 W0 X w Z0", "k Q0 R0 r R0"], 1, DEADLOCK, {0, 1}),
    "vfork-pipe": (["k R0 W0 v 1", "-k R0 r R0"], 0, DEADLOCK, {0, 1}),
    "word-word": (["k G 0", "k G 1"], 0, DEADLOCK, {0, 1}),
    "word-pipe": (["k W0 G 0", "k R0 r R0", "k V z"], 0, DEADLOCK, {0, 1}),
    "word-alone": (["k G 0", "k V z"], 0, DEADLOCK, {0}),
    # --- saved ---
    "tcp-saved-by-runner": (["k C0 r C0", "k V0 b"], 0, WAITING, None),
    "tcp-saved-by-other-holder": (["k C0 r C0", "k V0 r V0", "k V0 z"], 0, WAITING, None),
    "tcp-saved-by-timeout": (["k C0 r C0", "k V0 q V0 r V0"], 0, WAITING, None),
    "tcp-saved-by-handler": (["k C0 r C0", "k V0 u 10 r V0"], 0, WAITING, None),
    "tcp-saved-by-poll-set": (["k C0 J0 p C0 J0", "k V0 r V0"], 0, WAITING, None),
    "tcp-accept": (["k J0 a J0"], 0, WAITING, None),
    "unix-accept": (["k J1 a J1"], 0, WAITING, None),
    "unix-connect-saved": (["k J1 R0 r R0", "k J1 W0 n J1", "k J1 z"], 1, WAITING, None),
    "unix-send-saved": (["k I0 R0 z", "k I0 W0 n I0"], 1, WAITING, None),
    "tcp-not-accepted-yet": (["k J0 z", "k J0 j J0"], 1, WAITING, None),
    "udp-udp": (["k U0 r U0", "k Y0 r Y0"], 0, WAITING, None),
    "pty-master": (["k O0 R0 r O0", "k S0 W0 r S0"], 0, WAITING, None),
    "pty-saved-by-shower": (["k S0 W0 r S0", "k R0 r R0", "k O0 z"], 1, WAITING, None),
    "mq-named": (["k Q0 W0 r Q0", "k Z0 R0 r R0"], 0, WAITING, None),
    "mq-full": (["k Z0 w Z0", "k Q0 z"], 0, WAITING, None),
    "fifo-open-read": (["k f 0"], 0, WAITING, None),
    "fifo-open-write": (["k F 0"], 0, WAITING, None),
    "fifo-open-crossed": (["k f 0 F 1", "k f 1 F 0"], 0, WAITING, None),
    "vfork-sleeper": (["k v 1", "-k z"], 0, WAITING, None),
    "saved-by-runner": (["k R0 W1 r R0", "k R1 W0 r R1", "k W0 b"], 0, WAITING, None),
    "saved-by-sleeper": (["k R0 W1 r R0", "k R1 W0 r R1", "k W0 z"], 0, WAITING, None),
    "saved-by-pauser": (["k R0 W1 r R0", "k R1 W0 r R1", "k W0 y"], 0, WAITING, None),
    "saved-by-poll-timeout": (["k R0 W1 r R0", "k R1 W0 P 1000000 R1 z"], 0, WAITING, None),
    "saved-by-rcvtimeo": (["k A0 r A0", "k B0 q B0 r B0"], 0, WAITING, None),
    "saved-by-alarm": (["k R0 W1 r R0", "k R1 W0 T 1000 r R1"], 0, WAITING, None),
    "saved-by-handler": (["k R0 W1 r R0", "k R1 W0 u 10 r R1"], 0, WAITING, None),
    "saved-by-thread": (["k R0 W1 r R0", "k R1 W0 t r R1"], 0, WAITING, None),
    "saved-by-own-thread": (["k R0 W1 t r R0", "k R1 W0 r R1"], 1, WAITING, None),
    "saved-by-receiver-in-flight": (["k R0 W1 r R0", "k W0 R1 A0 g A0 W0 r R1", "k B0 z"], 0,
                                    WAITING, None),
    "saved-in-ring-of-3": (["k R0 W1 r R0", "k R1 W2 r R1", "k R2 W0 r R2", "k W1 z"], 2, WAITING,
                           None),
    "saved-by-poll-set": (["k R0 R2 W1 p R0 R2", "k R1 W0 r R1", "k W2 z"], 0, WAITING, None),
    "saved-by-epoll-set": (["k R0 R2 W1 e R0 R2", "k R1 W0 r R1", "k W2 z"], 0, WAITING, None),
    "saved-by-eventfd-holder": (["k E0 E1 r E0", "k E0 E1 r E1", "k E0 z"], 0, WAITING, None),
    "saved-by-live-child": (["k R0 W0 D 1 D 2 c", "-k R0 r R0", "-k z"], 0, WAITING, None),
    "flock-held-by-sleeper": (["k L 0 B z", "k B L 0"], 1, WAITING, None),
    "robust-held-by-sleeper": (["k m 0 B z", "k B m 0"], 1, WAITING, None),
    "word-saved-by-mapper": (["k G 0", "k G 1", "k z"], 0, WAITING, None),
    "semop-alone": (["k s"], 0, WAITING, None),
    "msgrcv-alone": (["k S"], 0, WAITING, None),
    "producer-consumer": (["k R0 r R0", "k W0 z"], 0, WAITING, None),
    "sleep": (["k z"], 0, WAITING, None),
    "pause": (["k y"], 0, WAITING, None),
    "runs": (["k b"], 0, RUNNING, None),
    # --- end of file that never comes ---
    "eof-itself": (["k R0 W0 r R0"], 0, NEVER_EOF, None),
    "eof-leak-after-writer": (["k W0 o W0 N D 1 B x", "-d B k W0 z", "k R0 r R0"], 2, NEVER_EOF,
                              None),
    "eof-daemon": (["k W0 N D 1 B x", "-d B k W0 z", "k R0 r R0"], 2, NEVER_EOF, None),
    "eof-grandchild": (["k W0 o W0 N D 1 B x", "-d D 2 B x", "-d k W0 B z", "k R0 r R0"], 3,
                       NEVER_EOF, None),
    "eof-unknown": (["k W0 A0 D 1 B o W0 x", "-d o A0 B k W0 z", "k R0 B0 r R0"], 2, WAITING, None),
    "eof-wrote-late": (["k W0 N D 1 B x", "-d o W0 B k W0 z", "k R0 r R0"], 2, WAITING, None),
}


def pid_of(document_id):
    return int(document_id.split("@")[0])


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(workload, ipctrace, name):
    scripts, asked, verdict, ring = SCENARIOS[name]
    it = workload("waits", *scripts)
    pids = it.told[-1]["pids"]
    deadline = time.monotonic() + LIMIT
    while True:
        result = ipctrace.run("why", "-p", pids[asked], "--no-follow", "--json", code=None)
        document = result.document
        # TCP wakes who writes with each acknowledgement, until both buffers are full; the last comes late.
        if "-full" not in name or "ran a moment ago" not in document["summary"] or time.monotonic() > deadline:
            break
    assert document["schema"] == "ipctrace.why/1"
    assert document["verdict"] == verdict, (name, document["summary"], document["waits"])
    assert result.code == (1 if verdict == DEADLOCK else 0), result
    if ring is not None:
        assert {pid_of(p) for p in document["deadlock"]} == {pids[i] for i in ring}
        assert len(document["deadlock"]) == len(ring)
    if verdict != DEADLOCK:
        assert document["deadlock"] == []
    text = ipctrace.run("why", "-p", pids[asked], "--no-follow", code=None)
    assert text.text.startswith(f"{verdict}: "), text
    assert text.code == result.code
    assert it.finish() == 0


@pytest.mark.kernel
@pytest.mark.parametrize("use, wait", (("h", "s"), ("H", "S")), ids=("semaphore", "queue"))
def test_last_user_of_system_v(workload, ipctrace, use, wait):
    it = workload("waits", f"k {use} B z", f"k B {wait}")
    user, waiter = it.told[-1]["pids"]
    document = ipctrace.run("why", "-p", waiter, "--no-follow", "--json").document
    wakers = document["waits"][0]["of"]
    assert [(pid_of(waker["process"]), waker["used"]) for waker in wakers] == [(user, True)]
    text = ipctrace.run("why", "-p", waiter, "--no-follow").text
    assert f"[{user}], the last to use it, which waits in" in text
    assert it.finish() == 0


def test_last_user_is_gone(workload, ipctrace):
    it = workload("waits", "k h B x", "k B s")
    document = ipctrace.run("why", "-p", it.told[-1]["pids"][1], "--no-follow", "--json").document
    assert document["waits"][0]["of"] == []
    assert it.finish() == 0


# Locks argv[1] as argv[2] says; the second who does so waits.
LOCKER = """
import fcntl, os, struct, sys
fd = os.open(os.fsencode(sys.argv[1]), os.O_RDWR)
if sys.argv[2] == "flock":
    fcntl.flock(fd, fcntl.LOCK_EX)
elif sys.argv[2] == "fcntl":
    fcntl.lockf(fd, fcntl.LOCK_EX)
else:
    whole = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    fcntl.fcntl(fd, fcntl.F_OFD_SETLKW, whole)
print("locked", flush=True)
sys.stdin.read()
"""


def lock_program(background, path, how):
    return background(sys.executable, "-c", LOCKER, path, how, stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE)


def is_waited_for(path):
    number = f":{os.stat(path).st_ino} "
    with open("/proc/locks", encoding="ascii") as locks:
        return any("->" in line and number in line for line in locks)


@pytest.fixture(name="hostile_path")
def fixture_hostile_path(tmp_path):
    path = os.fsencode(tmp_path) + b"/a \x1b[31m\"quo\\ted\"\n\xff\xe2\x80\xae.lock"
    with open(path, "wb"):
        pass
    return os.fsdecode(path)


def waiter_of_lock(background, path, how):
    holder = lock_program(background, path, how)
    assert holder.stdout.readline() == b"locked\n"
    waiter = lock_program(background, path, how)
    until(lambda: is_waited_for(path), "it waits for the lock", process=waiter)
    return waiter


def object_of(document):
    [wait] = [wait for wait in document["waits"] if wait["call"] in ("flock", "fcntl")]
    return wait["object"]


@pytest.mark.kernel
@pytest.mark.parametrize("how", ("flock", "fcntl", "ofd"))
def test_lock_is_named_by_its_path(ipctrace, background, hostile_path, how):
    waiter = waiter_of_lock(background, hostile_path, how)
    document = ipctrace.document("why", "-p", waiter.pid)
    known = {thing["id"] for thing in ipctrace.document("fds", "-p", waiter.pid)["objects"]}
    assert object_of(document) in known
    assert object_of(document).startswith("file:/") and ".lock" in object_of(document)
    text = ipctrace.run("why", "-p", waiter.pid).out
    assert b"file:/" in text and b".lock, for " in text
    assert b"\x1b" not in text and b"\xe2\x80\xae" not in text, text


def sleeps_in_fifo(pid):
    with open(f"/proc/{pid}/wchan", encoding="ascii") as function:
        return "wait_for_partner" in function.read()


@pytest.mark.kernel
@pytest.mark.parametrize("before", ("", "x"))
def test_long_name_is_cut_between_characters(ipctrace, background, tmp_path, before):
    fifo = tmp_path / (before + "\u00e9" * 110)
    os.mkfifo(fifo)
    waiter = background("cat", fifo)
    until(lambda: sleeps_in_fifo(waiter.pid), "the open of a FIFO that waits", process=waiter)
    text = ipctrace.run("why", "-p", waiter.pid).out.decode("utf-8")
    assert "\u00e9\u2026 for writing ends it" in text
    document = ipctrace.document("why", "-p", waiter.pid)
    fifo.unlink()
    assert document["summary"].endswith("\u00e9\u2026 for writing ends it.")


# A child waits for a word that argv[1] (file, memfd, anon) says where lies; its parent has it mapped, and a
# second child has the file open.
WORD = """
import ctypes, mmap, os, sys
how, path = sys.argv[1], os.fsencode(sys.argv[2])
fd = os.open(path, os.O_RDWR) if how == "file" else os.memfd_create("w") if how == "memfd" else -1
if fd >= 0:
    os.ftruncate(fd, 4096)
opener = os.fork() if fd >= 0 else 0
if fd >= 0 and not opener:
    sys.stdin.read()
    os._exit(0)
memory = mmap.mmap(fd, 4096)
if fd >= 0:
    os.close(fd)
word = (ctypes.c_char * 64).from_buffer(memory)
libc = ctypes.CDLL(None)
libc.sem_init(word, 1, 0)
waiter = os.fork()
if not waiter:
    libc.sem_wait(word)
    os._exit(0)
print(waiter, opener, flush=True)
sys.stdin.read()
libc.sem_post(word)
"""


def sleeps_in_futex(pid):
    with open(f"/proc/{pid}/wchan", encoding="ascii") as function:
        return "futex" in function.read()


@pytest.mark.kernel
@pytest.mark.parametrize("how", ("file", "memfd", "anon"))
def test_word_in_shared_memory(ipctrace, background, hostile_path, how):
    it = background(sys.executable, "-c", WORD, how, hostile_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    waiter, opener = map(int, it.stdout.readline().split())
    until(lambda: sleeps_in_futex(waiter), "it waits for the word", process=it)
    document = ipctrace.document("why", "-p", waiter)
    [wait] = [wait for wait in document["waits"] if pid_of(wait["process"]) == waiter]
    known = {thing["id"] for thing in ipctrace.document("graph", "-p", waiter)["objects"]}
    assert wait["object"] in known and wait["object"].startswith(f"{how}:")
    assert wait["fd"] is None
    assert {pid_of(of["process"]): of["fd"] is not None for of in wait["of"]} == \
        {it.pid: False} | ({opener: True} if opener else {})
    if how == "file":
        assert ".lock" in wait["object"] and "whoever maps file:/" in wait["relief"]
    text = ipctrace.run("why", "-p", waiter).out
    assert b"waits in futex on " + how.encode() + b":" in text
    assert b"\x1b" not in text and b"\xe2\x80\xae" not in text, text


def test_owner_of_a_mutex_in_shared_memory(workload, ipctrace):
    it = workload("waits", "k m 0 B z", "k B m 0")
    owner, waiter = it.told[-1]["pids"]
    wait = ipctrace.document("why", "-p", waiter, "--no-follow")["waits"][0]
    assert wait["object"].startswith("anon:[")
    assert [(pid_of(of["process"]), of["tid"]) for of in wait["of"]] == [(owner, owner)]
    assert wait["for"] == "all"
    assert it.finish() == 0


# A reader that waits for us, and whom we wait for; we also wait for ipctrace, which will end.
CALLER = """
import subprocess, sys
reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
code = subprocess.call(sys.argv[1:] + ["-p", str(reader.pid)])
reader.stdin.close()
reader.wait()
sys.exit(code)
"""


def test_whoever_waits_for_ipctrace_is_not_stuck(tmp_path):
    report = tmp_path / "why.txt"
    done = subprocess.run([sys.executable, "-c", CALLER, IPCTRACE, "why", "-o", report],
                          check=False, timeout=60)
    text = report.read_text(encoding="utf-8")
    assert text.startswith("waiting: cat["), text
    assert f"can be ended by {os.path.basename(IPCTRACE)[:15]}[" in text, text
    assert done.returncode == 0


@pytest.mark.kernel
def test_stopped(ipctrace, background):
    """Whoever is stopped waits for nothing, whatever call it was in, and no timer of its ends that."""
    stopped = background(sys.executable, "-c", "import signal, os; signal.alarm(1000); os.kill(os.getpid(), 19)")
    waiting.stopped(stopped.pid)
    document = ipctrace.document("why", "-p", stopped.pid)
    name = f"{Path(sys.executable).name[:15]}[{stopped.pid}]"
    assert document["summary"] == f"{name} is stopped; SIGCONT lets it go on."
    assert [(wait["stopped"], wait["of"], wait["stuck"]) for wait in document["waits"]] == [(True, [], False)]
    assert f"{name} is stopped, for" in ipctrace.run("why", "-p", stopped.pid).text
    os.kill(stopped.pid, signal.SIGCONT)
    assert stopped.wait(LIMIT) == 0


# Stops argv[1] by a thread of its own, as debuggers do; it goes on once its standard input ends.
DEBUGGER = """
import ctypes, os, sys, threading
def stop(pid):
    libc = ctypes.CDLL(None, use_errno=True)
    assert not libc.ptrace(16, pid, 0, 0), os.strerror(ctypes.get_errno())   # PTRACE_ATTACH
    os.waitpid(pid, 0x40000000)                                              # __WALL
    print("stopped", flush=True)
    sys.stdin.read()
thread = threading.Thread(target=stop, args=(int(sys.argv[1]),))
thread.start()
thread.join()
"""


@pytest.mark.kernel
def test_stopped_by_a_debugger(ipctrace, background):
    target = background("sleep", "1000")
    debugger = background(sys.executable, "-c", DEBUGGER, str(target.pid),
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert debugger.stdout.readline() == b"stopped\n"
    document = ipctrace.document("why", "-p", target.pid)
    own, = [wait for wait in document["waits"] if wait["tid"] == target.pid]
    assert own["stopped"] and not own["stuck"] and own["relief"] == "its debugger can let it go on"
    assert [pid_of(waker["process"]) for waker in own["of"]] == [debugger.pid]
    assert f" is stopped by its debugger {Path(sys.executable).name[:15]}[{debugger.pid}]" in \
        document["summary"]
    debugger.stdin.close()
    assert debugger.wait(LIMIT) == 0


@pytest.mark.kernel
@pytest.mark.parametrize("way", ["epoll", "poll"])
def test_a_set_of_very_many(ipctrace, background, way):
    """More than the kernel takes from an iterator at once: those that are told of are not said to be all."""
    it = background(sys.executable, "-c", """if True:
        import os, select, sys
        ends = [os.pipe()[0] for _ in range(200)]
        them = select.epoll() if sys.argv[1] == "epoll" else select.poll()
        for end in ends:
            them.register(end, select.EPOLLIN if sys.argv[1] == "epoll" else select.POLLIN)
        print("ready", flush=True)
        them.poll()""", way, stdout=subprocess.PIPE)
    assert it.stdout.readline() == b"ready\n"
    until(lambda: "poll" in Path(f"/proc/{it.pid}/wchan").read_text(encoding="ascii"), "it polls", process=it)
    text = ipctrace.run("why", "-p", it.pid).text
    assert "(128 and more)" in text and " pipe, … " in text, text


# What follows it tells pids by names and waits for a lock; its children end with it.
LOCKERS = """if True:
    import ctypes, fcntl, os, struct, sys, time
    def fork(does):
        pid = os.fork()
        if not pid:
            ctypes.CDLL(None).prctl(1, 9)    # PR_SET_PDEATHSIG, SIGKILL
            does()
            time.sleep(1000)
        return pid
    def opened(): return os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
    def opened_as_9(): fd = opened(); os.dup2(fd, 9); os.close(fd); return 9
    def flock(fd, how=fcntl.LOCK_EX): fcntl.flock(fd, how)
    def ofd(fd, first, length, command=37): # F_OFD_SETLK, F_OFD_SETLKW
        fcntl.fcntl(fd, command, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, first, length, 0))
    def tell(**pids): print(*(f"{name}={pid}" for name, pid in pids.items()), flush=True)
    def turn(): os.write(turns[1], b"x")
    def await_turn(): os.read(turns[0], 1)
    turns = os.pipe2(os.O_CLOEXEC)
"""

LOCKED = {
    # name: (what is done, who bears the lock: by name and number of descriptor or None)
    "taker is gone": ("""
    opened_as_9()
    def take(): flock(9); os._exit(0)
    def bystand(): os.close(9); opened_as_9(); turn()
    os.waitpid(fork(take), 0)
    holder, bystander = fork(turn), fork(bystand)
    await_turn(); await_turn()
    os.close(9)
    tell(waiter=os.getpid(), holder=holder, bystander=bystander)
    flock(opened())""", {("holder", 9)}),
    "taker closed it": ("""
    flock(opened_as_9())
    holder = fork(turn)
    os.close(9)
    opened_as_9()
    await_turn()
    tell(waiter=os.getpid(), holder=holder)
    flock(opened())""", {("holder", 9)}),
    "other bytes": ("""
    def lock(first, length): fcntl.lockf(opened(), fcntl.LOCK_EX, length, first); turn()
    holder, bystander = fork(lambda: lock(0, 10)), fork(lambda: lock(100, 10))
    await_turn(); await_turn()
    tell(waiter=os.getpid(), holder=holder, bystander=bystander)
    fcntl.lockf(opened(), fcntl.LOCK_EX, 5, 2)""", {("holder", None)}),
    "of open files": ("""
    def lock(first, length): ofd(opened_as_9(), first, length); turn()
    def bystand(): opened(); turn()
    holder, other, bystander = fork(lambda: lock(0, 10)), fork(lambda: lock(20, 10)), fork(bystand)
    for _ in range(3): await_turn()
    tell(waiter=os.getpid(), holder=holder, other=other, bystander=bystander)
    ofd(opened(), 5, 20, 38)""", {("holder", 9), ("other", 9)}),
    "shared": ("""
    def lock(): flock(opened_as_9(), fcntl.LOCK_SH); turn()
    holder, other = fork(lock), fork(lock)
    await_turn(); await_turn()
    tell(waiter=os.getpid(), holder=holder, other=other)
    flock(opened())""", {("holder", 9), ("other", 9)}),
}


def waits_for_lock(pid):
    where = Path(f"/proc/{pid}/wchan").read_text(encoding="ascii")
    return "lock" in where or "setlk" in where


def pids_told(process):
    return {name: int(pid) for name, pid in (word.split("=") for word in process.stdout.readline().decode().split())}


@pytest.mark.kernel
@pytest.mark.parametrize("name", LOCKED)
def test_who_holds_a_lock(ipctrace, background, tmp_path, name):
    """Not whoever took it, nor whoever has the file open, but who has what bears it; and only of what is in the way."""
    code, holders = LOCKED[name]
    it = background(sys.executable, "-c", LOCKERS + code, tmp_path / "file", stdout=subprocess.PIPE)
    pids = pids_told(it)
    until(lambda: waits_for_lock(pids["waiter"]), "it waits", process=it)
    [wait] = [wait for wait in ipctrace.document("why", "-p", pids["waiter"])["waits"]
              if pid_of(wait["process"]) == pids["waiter"]]
    assert {(pid_of(of["process"]), of["fd"]) for of in wait["of"]} == {(pids[who], fd) for who, fd in holders}, wait
    assert wait["for"] == "all" and wait["relief"] is None, wait


@pytest.mark.kernel
@pytest.mark.parametrize("bystander", (False, True))
@pytest.mark.parametrize("kind", ("flock", "ofd"))
def test_locks_crosswise(ipctrace, background, tmp_path, kind, bystander):
    """Two wait for each other's lock; that another has one of the files open, or a lock of its own there, saves nobody."""
    it = background(sys.executable, "-c", LOCKERS + """
    def take(fd, waits):
        if sys.argv[2] == "flock": flock(fd)
        else: ofd(fd, 0, 10, 38 if waits else 37)
    first, second = sys.argv[1], sys.argv[1] + "2"
    def lock(one, other, told, awaited):
        fds = [os.open(path, os.O_RDWR | os.O_CREAT) for path in (one, other)]
        take(fds[0], False)
        os.write(told, b"x")
        os.read(awaited, 1)
        take(fds[1], True)
    def bystand():
        ofd(os.open(first, os.O_RDWR | os.O_CREAT), 50, 5)
        turn()
    if sys.argv[3] == "True":
        fork(bystand); await_turn()
    a, b = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
    one = fork(lambda: lock(first, second, a[1], b[0]))
    tell(one=one, other=fork(lambda: lock(second, first, b[1], a[0])))
    time.sleep(1000)
    """, tmp_path / "file", kind, str(bystander), stdout=subprocess.PIPE)
    pids = pids_told(it)
    for pid in pids.values():
        until(lambda: waits_for_lock(pid), "it waits", process=it)
    document = ipctrace.document("why", "-p", pids["one"], code=1)
    assert document["verdict"] == DEADLOCK and {pid_of(who) for who in document["deadlock"]} == set(pids.values())


@pytest.mark.kernel
@pytest.mark.parametrize("other", (False, True))
def test_each_of_the_locks_in_the_way(ipctrace, background, tmp_path, other):
    """One who shares the lock lets go only after the waiter; that another will soon is no way out."""
    it = background(sys.executable, "-c", LOCKERS + """
    ends = os.pipe2(os.O_CLOEXEC)
    def hold():
        flock(opened(), fcntl.LOCK_SH); os.close(ends[1]); turn(); os.read(ends[0], 1)
    def hold_as_well():
        flock(opened(), fcntl.LOCK_SH); os.close(ends[1]); os.close(ends[0]); turn()
    fork(hold); await_turn()
    if sys.argv[2] == "True":
        fork(hold_as_well); await_turn()
    os.close(ends[0])
    tell(waiter=os.getpid())
    flock(opened())
    """, tmp_path / "file", str(other), stdout=subprocess.PIPE)
    waiter = pids_told(it)["waiter"]
    until(lambda: waits_for_lock(waiter), "it waits", process=it)
    document = ipctrace.document("why", "--no-follow", "-p", waiter, code=1)
    assert document["verdict"] == DEADLOCK and waiter in {pid_of(who) for who in document["deadlock"]}, document


@pytest.mark.kernel
def test_a_set_that_several_outside_end(ipctrace, background, tmp_path):
    """As a terminal multiplexer waits: for its clients to come, over two kinds of sockets, and for its terminals."""
    it = background(sys.executable, "-c", """if True:
        import os, pty, select, socket, sys
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(sys.argv[1])
        unix.listen()
        tcp = socket.create_server(("127.0.0.1", 0))
        master, slave = pty.openpty()
        them = select.poll()
        for fd in unix, tcp, master:
            them.register(fd, select.POLLIN)
        print(os.ttyname(slave), tcp.getsockname()[1], flush=True)
        them.poll()""", tmp_path / "socket", stdout=subprocess.PIPE)
    terminal, port = it.stdout.readline().decode().split()
    until(lambda: "poll" in Path(f"/proc/{it.pid}/wchan").read_text(encoding="ascii"), "it polls", process=it)
    [wait] = ipctrace.document("why", "-p", it.pid)["waits"]
    told = [outside["relief"] for outside in wait["outside"]]
    assert len(told) == 3, told
    assert f"({tmp_path / 'socket'})" in told[0] and f"127.0.0.1:{port}" in told[1], told
    assert terminal.removeprefix("/dev/") in told[2], told
    assert told[0] == wait["relief"] and wait["outside"][1]["object"].startswith("tcp:"), wait
    text = ipctrace.run("why", "-p", it.pid).text
    assert "".join(f"    {words}\n" for words in told) in text, text


@pytest.mark.kernel
def test_very_many_sleepers(ipctrace, background, tmp_path):
    """More of them at one socket than the kernel takes from an iterator at once."""
    it = background(sys.executable, "-c", """if True:
        import socket, sys, threading
        full = socket.socket(socket.AF_UNIX)
        full.bind(sys.argv[1])
        full.listen(0)
        socket.socket(socket.AF_UNIX).connect(sys.argv[1])
        for _ in range(400):
            threading.Thread(target=socket.socket(socket.AF_UNIX).connect, args=[sys.argv[1]], daemon=True).start()
        print("ready", flush=True)
        sys.stdin.read()""", tmp_path / "full", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert it.stdout.readline() == b"ready\n"
    tasks = f"/proc/{it.pid}/task"
    until(lambda: sum("unix_wait" in Path(f"{tasks}/{tid}/wchan").read_text(encoding="ascii")
                      for tid in os.listdir(tasks)) == 400, "all wait", process=it)
    text = ipctrace.run("why", "-p", it.pid).text
    assert text.count(f" ({tmp_path / 'full'}) has room, for ") == 400, text[:2000]


# Sleeps in what argv[1] says; the other end of its standard input is ours.
SLEEPER = """
import ctypes, platform, sys
libc = ctypes.CDLL(None)
ONE, NANOSLEEP, FUTEX = 1, *((35, 202) if platform.machine() == "x86_64" else (101, 98))
times = (ctypes.c_long * 2)(1000, 0)
word = (ctypes.c_int * 2)(0, ONE)            # struct pollfd: standard input, POLLIN
print("ready", flush=True)
eval(sys.argv[1])
"""
RESTARTED = {
    "poll": ("libc.poll(word, 1, -1)", {"poll", "ppoll"}, False),
    "poll-timeout": ("libc.poll(word, 1, 1000000)", {"poll", "ppoll"}, True),
    "poll-nothing": ("libc.poll(None, 0, 1000000)", {"poll", "ppoll"}, True),
    "futex": ("libc.syscall(FUTEX, word, 128, 0, times, None, 0)", {"futex"}, True),
    "nanosleep": ("libc.syscall(NANOSLEEP, times, times)", {"nanosleep"}, True),
    "clock_nanosleep": ("libc.clock_nanosleep(0, 0, times, times)", {"clock_nanosleep"}, True),
    "clock_nanosleep-alone": ("libc.clock_nanosleep(1, 0, times, None)", {"clock_nanosleep"}, True),
}


def wait_of(ipctrace, tid):
    [wait] = [wait for wait in ipctrace.document("why", "-p", tid)["waits"] if wait["tid"] == tid]
    return wait


@pytest.mark.kernel
@pytest.mark.parametrize("name", RESTARTED)
def test_stopped_and_continued(ipctrace, background, name):
    """The kernel goes on with such a call under another number."""
    code, calls, is_bounded = RESTARTED[name]
    it = background(sys.executable, "-c", SLEEPER, code, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert it.stdout.readline() == b"ready\n"
    until(lambda: waiting.is_asleep(it.pid), "it sleeps", process=it)
    before = wait_of(ipctrace, it.pid)
    os.kill(it.pid, signal.SIGSTOP)
    waiting.stopped(it.pid)
    os.kill(it.pid, signal.SIGCONT)
    until(lambda: waiting.is_asleep(it.pid), "it sleeps again", process=it)
    after = wait_of(ipctrace, it.pid)
    assert after["call"] in calls, after
    assert (after["relief"] == "ends by itself: it has a timeout or a timer") == is_bounded, after
    for same in "call", "fd", "object", "of", "relief":
        assert after[same] == before[same], (before, after)
    assert (after["fd"] == 0) == (name in ("poll", "poll-timeout")), after
    if after["fd"] == 0:
        assert os.getpid() in {pid_of(waker["process"]) for waker in after["of"]}, after


@pytest.mark.kernel
@pytest.mark.parametrize("how", ("timeout", "sigwait"))
def test_waits_for_a_child_by_its_signal(ipctrace, background, how):
    """By a handler of SIGCHLD, or for that signal itself, with no handler."""
    if how == "timeout":
        it = background("timeout", "1000", "sleep", "1000")
    else:
        it = background(sys.executable, "-c", """if True:
            import signal, subprocess
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
            subprocess.Popen(["sleep", "1000"])
            signal.sigwait([signal.SIGCHLD])""")
    until(lambda: "sig" in Path(f"/proc/{it.pid}/wchan").read_text(encoding="ascii"), "it waits", process=it)
    wait = wait_of(ipctrace, it.pid)
    [child] = Path(f"/proc/{it.pid}/task/{it.pid}/children").read_text(encoding="ascii").split()
    assert [pid_of(waker["process"]) for waker in wait["of"]] == [int(child)], wait
