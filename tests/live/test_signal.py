# SPDX-License-Identifier: GPL-2.0-only
"""What became of each signal: the workload tells, trace and graph must say the same."""
import ctypes
import os
import signal
import subprocess
import sys

import compare
import pytest

COUNTS = ["sent", "delivered", "ignored", "merged", "pending", "overflow", "taken", "discarded"]


def _pid(name):
    return int(name.partition("@")[0]) if name else 0


def details(graph):
    """{(sender, target, signal): detail}"""
    found = {}
    for link in graph["links"]:
        if link["kind"] != "signal":
            continue
        assert link["object"] == f"process:{_pid(link['to'])}", link
        for detail in link["detail"]:
            key = (_pid(link["from"]), _pid(link["to"]), detail["signal"])
            assert key not in found, f"told twice: {key}"
            found[key] = detail
    return found


@pytest.mark.kernel
@pytest.mark.parametrize("all_of_it", [False, True])
def test_graph_counts_each(ipctrace, workload, all_of_it):
    it = workload("signals")
    tracer = ipctrace.start("graph", "--json", "--audit", "-d", 600, *([] if all_of_it else ["-p", it.pid]))
    it.say()
    done = it.hear("done")
    result = tracer.stop()
    assert result.code == 0, result
    compare.check_window(result.document)
    have = details(result.document)
    for case in done["cases"]:
        detail = have[case["sender"], case["target"], case["signal"]]
        assert [detail[key] for key in COUNTS] == [case[key] for key in COUNTS], f"{case}\n{detail}"
        assert (detail["cause"] is None) == (case["sender"] != 0), detail
        assert detail["unseen"] == 0, detail
    assert it.finish() == 0


@pytest.mark.kernel
def test_trace_tells_each(ipctrace, workload):
    it = workload("signals")
    tracer = ipctrace.start("trace", "--json", "-e", "signal", "-p", it.pid)
    it.say()
    done = it.hear("done")
    result = tracer.stop()
    assert result.code == 0, result
    events = result.events
    refused = next(t for t in it.told if "refused" in t)["refused"]
    assert [e["result"] for e in events if e.get("outcome") == "failed"] == [-3], refused
    for case in done["cases"]:
        mine = [e for e in events if e["event"] in ("signal.send", "signal.deliver", "signal.ignore", "signal.merge")
                and e.get("signal") == case["signal"] and _pid(e["target"]) == case["target"]
                and _pid(e["sender"]) == case["sender"]]
        sent = [e for e in mine if e["event"] != "signal.deliver"]
        assert len(sent) == case["sent"], f"{case}: {mine}"
        assert sum(e["event"] == "signal.merge" for e in mine) == case["merged"], mine
        assert sum(e["event"] == "signal.ignore" for e in mine) == case["ignored"], mine
        assert case["outcome"] in [e["outcome"] for e in mine], f"{case}: {mine}"
        for end in mine:
            if end["event"] == "signal.deliver":
                assert end["delay_ns"] > 0 and _pid(end["process"]) == case["target"], end
    assert not any(e.get("number") == 9 and e["target"] and _pid(e["target"]) in
                   [c["target"] for c in done["cases"] if c["case"] == "death"] for e in events)
    assert {e["event"] for e in events} >= {"signal.handler", "signal.mask"}
    assert it.finish() == 0


def test_untraced_sender_has_its_name(ipctrace, background):
    target = background("sleep", "1000")
    tracer = ipctrace.start("trace", "-e", "signal", "-p", target.pid)
    sender = subprocess.run(["bash", "-c", f"kill -TERM {target.pid}; echo $$"], capture_output=True, check=True)
    result = tracer.wait()
    assert f"bash[{int(sender.stdout)}]" in result.text and f"SIGTERM → sleep[{target.pid}]  terminated" in result.text
    assert "SIGTERM from bash[" in result.text, result


def test_a_storm_is_counted_to_the_last(ipctrace, background):
    """More than is told one by one: the counts are whole, and the rest is told as a number."""
    target = background("sleep", "1000")
    code = f"import os\nfor i in range(30000): os.kill({target.pid}, 28)"
    tracer = ipctrace.start("trace", "--json", "-e", "signal", "-p", target.pid)
    subprocess.run(["python3", "-c", code], check=True)
    os.kill(target.pid, signal.SIGKILL)
    events = tracer.wait().events
    shown = sum(e["event"] == "signal.ignore" and e["number"] == 28 for e in events)
    more = sum(e["unshown"] for e in events if e["event"] == "signal.more")
    assert events[-1]["lost"] == 0 and shown + more == 30000, (shown, more)


def test_drawing_leaves_routine_out(ipctrace, workload):
    it = workload("signals")
    tracer = ipctrace.start("graph", "-d", 600, "-p", it.pid)
    it.say()
    it.hear("done")
    dot = tracer.stop().text
    assert "SIGUSR1 ×4" in dot and "SIGSEGV" in dot and "SIGCHLD" not in dot
    assert it.finish() == 0


def _events_of(ipctrace, args, during):
    """Traces those, and what they did meanwhile."""
    tracer = ipctrace.start("trace", "--json", "-e", "signal", *args)
    during()
    result = tracer.stop()
    assert result.code == 0, result
    return result.events


def test_terminal_key_goes_to_the_group(ipctrace, background):
    """^C, written by us to the master, is the terminal's doing and reaches each of the group."""
    master, slave = os.openpty()
    code = ("import os, fcntl, signal, termios, sys\n"
            "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
            "child = os.fork()\n"
            "if child: print(os.getpid(), child, flush=True)\n"
            "while True: signal.pause()\n")
    target = background("python3", "-c", code, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    os.close(slave)
    pids = [int(word) for word in target.stdout.readline().split()]

    def press():
        os.write(master, b"\x03")
        target.wait(10)

    events = _events_of(ipctrace, ["-p", target.pid], press)
    os.close(master)
    sent = {_pid(e["target"]): e for e in events if e["event"] == "signal.send" and e["signal"] == "SIGINT"
            and e["sender"] is None}
    assert set(sent) >= set(pids), sent
    assert all(e["cause"] == "terminal" and e["process"] is None and e["comm"] is None for e in sent.values()), sent


def test_orphaned_group_is_told_so(ipctrace, background):
    """A process group with a stopped member loses its last parent: SIGHUP and SIGCONT, from the kernel."""
    code = ("import os, signal\n"
            "child = os.fork()\n"
            "if not child:\n"
            "    os.setpgid(0, 0)\n"
            "    os.kill(os.getpid(), signal.SIGSTOP)\n"
            "    os._exit(0)\n"
            "os.waitpid(child, os.WUNTRACED)\n"
            "print(child, flush=True)\n"
            "input()\n")
    parent = background("python3", "-c", code, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child = int(parent.stdout.readline())

    def leave():
        parent.stdin.write(b"\n")
        parent.stdin.flush()
        parent.wait(10)

    events = _events_of(ipctrace, ["-p", f"{parent.pid},{child}"], leave)
    sent = {e["signal"]: e["cause"] for e in events if e["event"] in ("signal.send", "signal.ignore")
            and _pid(e["target"]) == child}
    assert sent == {"SIGHUP": "orphaned process group", "SIGCONT": "orphaned process group"}, sent


def test_a_group_that_nobody_minds_is_not_stopped(ipctrace, background):
    """^Z where no shell could set it going again: the kernel ignores it. With a parent that could, it stops."""
    code = ("import os, signal, sys\n"
            "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"   # nohup's children ignore what is to end this one
            "child = os.fork()\n"
            "if not child:\n"
            "    os.setpgid(0, 0)\n"
            "    while True: signal.pause()\n"
            "print(child, flush=True)\n"
            "input(); os.waitpid(child, os.WUNTRACED); print('stopped', flush=True)\n"
            "input(); print('goes on', flush=True); input()\n")
    parent = background(sys.executable, "-c", code, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child = int(parent.stdout.readline())

    def stop():
        os.kill(child, signal.SIGTSTP)
        parent.stdin.write(b"\n")
        parent.stdin.flush()
        assert parent.stdout.readline() == b"stopped\n"
        os.kill(parent.pid, signal.SIGTSTP)     # the leader of its session
        parent.stdin.write(b"\n")
        parent.stdin.flush()
        assert parent.stdout.readline() == b"goes on\n"

    events = _events_of(ipctrace, ["-p", parent.pid], stop)
    became = {_pid(e["target"]): e["outcome"] for e in events
              if e["event"] == "signal.deliver" and e["signal"] == "SIGTSTP"}
    assert became == {child: "stopped", parent.pid: "ignored"}, became


def test_children_are_named(ipctrace, background):
    """Default SIGCHLD counts as ignored, with the child and its status told."""
    shell = background("sh", "-c", "read x; sh -c 'exit 3' & wait; read x", stdin=subprocess.PIPE)
    tracer = ipctrace.start("trace", "--json", "-e", "signal,process", "-p", shell.pid)
    shell.communicate(b"\n\n", timeout=10)
    events = tracer.wait().events
    child = next(e["result"] for e in events if e["event"] == "process.fork")
    told = [e for e in events if e.get("signal") == "SIGCHLD" and e.get("child") == child]
    assert len(told) == 1 and told[0]["cause"] == "child exited" and told[0]["sender"] is None, told


def test_recording_replays_signals(ipctrace, workload, tmp_path):
    it = workload("signals")
    path = tmp_path / "signals.rec"
    tracer = ipctrace.start("record", "-o", path, "-p", it.pid)
    it.say()
    done = it.hear("done")
    assert tracer.stop().code == 0
    have = details(ipctrace.document("graph", "--input", path))
    for case in done["cases"]:
        detail = have[case["sender"], case["target"], case["signal"]]
        assert [detail[key] for key in COUNTS] == [case[key] for key in COUNTS], f"{case}: {detail}"
    assert it.finish() == 0


PENDING = """
import os, signal, threading
MINE = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGRTMIN + 3, signal.SIGCHLD, signal.SIGPIPE]
signal.signal(signal.SIGUSR1, lambda *_: None)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, MINE)
os.kill(os.getpid(), signal.SIGUSR1)
child = os.fork()
if not child:
    for _ in range(3):
        os.kill(os.getppid(), signal.SIGRTMIN + 3)
    os._exit(0)
os.wait()
r, w = os.pipe()
os.close(r)
try:
    os.write(w, b"x")
except BrokenPipeError:
    pass
signal.pthread_kill(threading.get_ident(), signal.SIGUSR2)
print(child, flush=True)
input()
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
print(flush=True)
input()
"""


@pytest.fixture
def pending(background):
    """A process with signals pending, and the pid of the child that sent some and is gone."""
    target = background("python3", "-c", PENDING, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return target, int(target.stdout.readline())


def _assert_pending(document, pid, child):
    have = {key: (d["sent"], d["pending"], d["cause"]) for key, d in details(document).items() if key[1] == pid}
    assert have == {
        (pid, pid, "SIGUSR1"): (1, 1, None),
        (child, pid, "SIGRTMIN+3"): (3, 3, None),
        (0, pid, "SIGCHLD"): (1, 1, "child exited"),
        (0, pid, "SIGPIPE"): (1, 1, "broken pipe"),
        (pid, pid, "SIGUSR2"): (1, 1, None),
    }, have
    process = next(p for p in document["processes"] if p["pid"] == pid)
    assert process["signals"]["blocked"] == ["SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGCHLD", "SIGRTMIN+3"], process
    assert "SIGHUP" in process["signals"]["ignored"] and "SIGUSR1" in process["signals"]["handled"], process
    assert any(p["id"] == f"{child}@?" and p["exited"] for p in document["processes"]), document["processes"]


@pytest.mark.kernel
def test_pending_at_an_instant(ipctrace, pending):
    """Whatever lies in the queues, and who sent it, with no hook there when it was sent."""
    target, child = pending
    _assert_pending(ipctrace.document("graph", "-p", target.pid), target.pid, child)
    _assert_pending(ipctrace.document("graph"), target.pid, child)


def test_pending_from_before(ipctrace, pending):
    """It was there before us: counted as pending from the start, and its delivery is told."""
    target, child = pending
    before = ipctrace.start("graph", "--json", "--audit", "-d", 600, "-p", target.pid).stop()
    assert before.code == 0, before
    _assert_pending(before.document, target.pid, child)
    tracer = ipctrace.start("trace", "--json", "-e", "signal", "-p", target.pid)
    target.stdin.write(b"\n")
    target.stdin.flush()
    target.stdout.readline()
    told = [e for e in tracer.stop().events if e["event"] == "signal.deliver"]
    assert [(e["signal"], e["outcome"], e["delay_ns"], e["cause"], _pid(e["sender"])) for e in told] == [
        ("SIGUSR1", "handler", None, None, target.pid)], told


def test_a_signalfd_from_before_takes_signals(ipctrace, background):
    code = ("import ctypes, os, signal\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n"
            "fd = ctypes.CDLL(None).signalfd(-1, (ctypes.c_uint64 * 16)(1 << (signal.SIGUSR1 - 1)), 0)\n"
            "print(flush=True)\n"
            "for _ in range(3):\n"
            "    assert len(os.read(fd, 128)) == 128\n"
            "    print(flush=True)\n"
            "input()\n")
    target = background("python3", "-c", code, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    target.stdout.readline()
    tracer = ipctrace.start("graph", "--json", "--audit", "-d", 600, "-p", target.pid)
    for _ in range(3):
        os.kill(target.pid, signal.SIGUSR1)
        target.stdout.readline()
    result = tracer.stop()
    assert result.code == 0, result
    detail = details(result.document)[os.getpid(), target.pid, "SIGUSR1"]
    assert [detail[key] for key in ("sent", "taken", "delivered", "pending", "unseen")] == [3, 3, 3, 0, 0], detail


def test_audit_holds_pending_sets(ipctrace, pending):
    """Each of the five is held against the kernel's; what is no longer pending is not missed."""
    target, _ = pending
    fds = len(os.listdir(f"/proc/{target.pid}/fd"))
    document = ipctrace.start("graph", "--json", "--audit", "-d", 600, "--no-follow", "-e", "signal",
                              "-p", target.pid).stop().document
    assert document["audit"]["differences"] == 0 and document["audit"]["checked"] >= fds + 1 + 5, document["audit"]


def test_audit_finds_what_went_unseen(ipctrace, pending):
    """A debugger takes a signal away: no hook tells of it, but the kernel's own set does."""
    target, _ = pending
    tracer = ipctrace.start("graph", "--json", "--audit", "-d", 600, "-e", "signal", "-p", target.pid)
    _swallow(target.pid, signal.SIGUSR1)
    result = tracer.stop()
    assert result.code == 1, result
    assert result.document["audit"]["details"] == [
        f"python3[{target.pid}] SIGUSR1: kept 1 pending, kernel has 0"], result.document["audit"]


def _swallow(pid, number):
    """Attaches, unblocks the signal there, and leaves it out when it is about to be delivered."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    seize, interrupt, cont, detach, setmask, getmask = 0x4206, 0x4207, 7, 17, 0x420b, 0x420a

    def ptrace(request, addr=None, data=None):
        assert libc.ptrace(request, pid, addr, data) == 0, os.strerror(ctypes.get_errno())

    ptrace(seize)
    ptrace(interrupt)
    os.waitpid(pid, 0x40000000)     # __WALL
    mask = ctypes.c_uint64()
    ptrace(getmask, 8, ctypes.byref(mask))
    mask.value &= ~(1 << (number - 1))
    ptrace(setmask, 8, ctypes.byref(mask))
    ptrace(cont)
    _, status = os.waitpid(pid, 0x40000000)
    assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == number, status
    ptrace(cont)
    ptrace(interrupt)
    os.waitpid(pid, 0x40000000)
    ptrace(detach)
