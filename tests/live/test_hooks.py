# SPDX-License-Identifier: GPL-2.0-only
"""Which hooks are used: on a kernel that skips tp_btf programs under preemption, those it never skips."""
import contextlib
import os
import platform
import subprocess
import sys

import compare
import pytest
import test_signal
import truth
import waiting


pytestmark = pytest.mark.kernel
SKIPS_TP_BTF = int(platform.release().split(".")[0]) >= 7


@pytest.fixture
def exact():
    """exact("tp_btf"): skips the test where nothing is certain of what that kind of hook sees."""
    def check(kind):
        if kind == "tp_btf" and SKIPS_TP_BTF:
            pytest.skip("this kernel skips tp_btf programs under preemption")
    return check


def test_hooks_that_this_kernel_never_skips(ipctrace):
    err = ipctrace.run("trace", "-v", "-d", "0.01").err.decode()
    wanted = "perf tracepoints" if SKIPS_TP_BTF else "tp_btf"
    assert f"hooks: {wanted}\n" in err, err


def _programs_held(pid):
    """How many BPF programs the process holds, by its descriptors."""
    held = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):    # a table that was read meanwhile
            held += "bpf-prog" in os.readlink(f"/proc/{pid}/fd/{fd}")
    return held


def test_what_is_not_asked_for_is_not_loaded(ipctrace):
    """Programs that serve one mechanism alone: of all, then with one less and one less, then with none of them."""
    held = []
    for events in (None, "^mq", "^mq,^fifo", "^mq,^fifo,^signal", "^mq,^fifo,^signal,^tcp,^mmap,^shm"):
        tracer = ipctrace.start("trace", "-q", *(["-e", events] if events else []))
        held.append(_programs_held(tracer.pid))
        assert tracer.stop().code == 0
    assert held == sorted(set(held), reverse=True), held


def test_nothing_is_skipped_while_all_fork_and_close(ipctrace, workload):
    """Forks and closes on all processors preempt each other in the middle of our programs."""
    it = workload("storm", "-s", 7, "-n", 1500)
    tracer = ipctrace.start("trace", "-vv", "--json", "--audit")
    it.say()
    it.hear("quiet")
    result = tracer.stop()
    end = compare.check_trace(result.events)
    compare.check_audit(end)
    assert b"recursion guard" not in result.err, result.err
    assert it.finish() == 0


@pytest.mark.parametrize("kind", ["tp_btf", "perf"])
def test_each_kind_counts_every_signal(ipctrace, workload, exact, kind):
    """What the workload tells of its signals holds with either."""
    exact(kind)
    it = workload("signals")
    tracer = ipctrace.start("graph", "-v", "--hooks", kind, "--json", "--audit", "-d", 600, "-p", it.pid)
    it.say()
    done = it.hear("done")
    result = tracer.stop()
    assert result.code == 0, result
    assert f"hooks: {'perf tracepoints' if kind == 'perf' else 'tp_btf'}\n" in result.err.decode(), result.err
    compare.check_window(result.document)
    have = test_signal.details(result.document)
    for case in done["cases"]:
        detail = have[case["sender"], case["target"], case["signal"]]
        assert [detail[key] for key in test_signal.COUNTS] == [case[key] for key in test_signal.COUNTS], (case, detail)
        assert detail["unseen"] == 0, detail
    assert it.finish() == 0


@pytest.mark.parametrize("kind", ["tp_btf", "perf"])
def test_what_comes_in_interrupts_is_not_skipped(ipctrace, workload, exact, kind):
    """A timer's signal mostly comes while one of our programs looks at a call of the same process."""
    exact(kind)
    it = workload("ticks", 3000)
    tracer = ipctrace.start("graph", "--hooks", kind, "--json", "-d", 600, "-p", it.pid)
    it.say()
    handled = it.hear("handled")["handled"]
    result = tracer.stop()
    compare.check_window(result.document)
    detail = test_signal.details(result.document)[0, it.pid, "SIGALRM"]
    assert detail["cause"] == "alarm", detail
    # Not all: a host may keep programs from what comes while a process of its own runs (man page, LIMITS).
    assert detail["sent"] == detail["delivered"] > 0.99 * handled, (handled, detail)
    assert it.finish() == 0


def _told(events, pids):
    """Of each signal and closing call: who, what, why, and what became of it, without what differs by run."""
    keys = ("event", "signal", "cause", "outcome", "group", "code")
    rows = []
    for event in events:
        if event["event"].startswith("signal."):
            row = {key: event.get(key) for key in keys}
            for key in ("sender", "target"):
                pid = compare.pid_of(event[key]) if event.get(key) else None
                row[key] = pids.get(pid, "other") if pid else None
            # What it carries the perf kind knows of what was queued.
            for key in ("child", "value", "address") if event["event"] == "signal.send" else ():
                row[key] = "some" if event.get(key) and event["outcome"] != "queue overflow" else None
            rows.append(tuple(sorted((key, str(value)) for key, value in row.items())))
    return sorted(rows)


def test_both_kinds_tell_the_same(ipctrace, workload, exact):
    """Not the counts alone: causes, codes, values and outcomes, event by event."""
    exact("tp_btf")
    told = {}
    for kind in ("tp_btf", "perf"):
        it = workload("signals")
        tracer = ipctrace.start("trace", "--hooks", kind, "--json", "-e", "signal", "-p", it.pid)
        it.say()
        done = it.hear("done")
        result = tracer.stop()
        assert result.code == 0 and result.events[-1]["lost"] == 0, result
        pids = {it.pid: "workload"}
        for case in done["cases"]:
            pids[case["target"]] = case["case"] if case["target"] != it.pid else "workload"
        told[kind] = _told(result.events, pids)
        assert it.finish() == 0
    assert len(told["perf"]) > 50
    only = [row for row in told["tp_btf"] if row not in told["perf"]]
    more = [row for row in told["perf"] if row not in told["tp_btf"]]
    assert not only and not more, (only, more)


# Its first thread ends, the other when it is told to.
OUTLIVED = """
import ctypes, os, threading
end = {"x86_64": 60, "aarch64": 93}[os.uname().machine]
libc = ctypes.CDLL(None)
def other():
    os.read(0, 1)
    libc.syscall(end, 0)
threading.Thread(target=other).start()
libc.syscall(end, 0)
"""


@pytest.mark.parametrize("kind", ["tp_btf", "perf"])
def test_a_parent_told_by_the_last_thread(ipctrace, background, exact, kind):
    """The thread that tells it has no number any more, and the leader has ended before."""
    exact(kind)
    process = background(sys.executable, "-c", OUTLIVED, stdin=subprocess.PIPE)
    waiting.until(lambda: truth.stat(process.pid)[0] == "Z", "its leader has ended")
    tracer = ipctrace.start("trace", "--hooks", kind, "--json", "-e", "signal", "-p", os.getpid())
    process.stdin.write(b"x")
    process.stdin.flush()
    process.wait()
    result = tracer.stop()
    end = compare.check_trace(result.events)
    assert end["window"]["losses"]["read_failed"] == 0, end
    told = [(e["event"], e["signal"]) for e in result.events[:-1] if e.get("child") == process.pid]
    assert told == [("signal.ignore", "SIGCHLD")], result.events


def test_the_perf_kind_is_exact_in_a_storm(ipctrace, workload):
    """Whoever is told of a thread that outlived its leader is found, too."""
    it = workload("storm", "-s", 3, "-n", 800)
    tracer = ipctrace.start("trace", "--hooks", "perf", "--json", "--audit")
    it.say()
    it.hear("quiet")
    result = tracer.stop()
    end = compare.check_trace(result.events)
    compare.check_audit(end)
    assert end["window"]["losses"]["read_failed"] == 0, end["window"]
    assert it.finish() == 0
