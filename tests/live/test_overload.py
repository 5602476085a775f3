# SPDX-License-Identifier: GPL-2.0-only
"""
More than can be read: losses are counted, the tables are repaired, memory stays bounded. A reader that
stands still, likewise. One that is killed leaves nothing in the kernel, and nobody notices.
"""
import ctypes
import os
import platform
import signal
import time

import pytest
import compare
import truth
import waiting
from conftest import LIMIT, SANITIZED

SMALL = ["--ring-size", "64K"]
STOPPED = 5     # seconds
HOG = 5         # seconds
# The model of a storm's descriptors, and what is remembered of a minute's dead processes.
MEMORY_KIB = (1600 if SANITIZED else 400) << 10

_LIBC = ctypes.CDLL(None, use_errno=True)
_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
_NEXT_ID = {"prog_id": 11, "map_id": 12, "link_id": 31}    # include/uapi/linux/bpf.h


def _peak_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def _stop(tracer):
    tracer.process.send_signal(signal.SIGSTOP)
    waiting.stopped(tracer.pid)


def _go_on(tracer):
    tracer.process.send_signal(signal.SIGCONT)


def _bpf_of(pid):
    """{(what, id)} of the BPF programs, maps and links that a process has open."""
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii", errors="replace") as file:
                rows = dict(line.split(":", 1) for line in file.read().splitlines() if ":" in line)
        except FileNotFoundError:
            continue
        found |= {(key, int(rows[key])) for key in _NEXT_ID if key in rows}
    return found


def _is_in_kernel(what, number):
    """Asks which is the next one after number - 1: to open it by its id would keep it alive. (Of a map of
    programs, letting it go again while the kernel clears it would even keep it for ever: two clearings at
    once take two references and give back one; kernel/bpf/arraymap.c, prog_array_map_clear().)"""
    attr = (ctypes.c_uint32 * 3)(number - 1, 0, 0)
    if _LIBC.syscall(_BPF, _NEXT_ID[what], ctypes.byref(attr), ctypes.sizeof(attr)) == 0:
        return attr[1] == number
    error = ctypes.get_errno()
    assert error == 2, f"{what} {number}: {os.strerror(error)}"    # ENOENT: none behind it
    return False


def _pinned():
    return {os.path.join(folder, name) for folder, _, names in os.walk("/sys/fs/bpf") for name in names}


def _check_end(result):
    """Of a trace with --audit that lost something."""
    end = compare.check_trace(result.events)
    assert result.code in (0, 1), result
    assert end["lost"] > 0 and end["resyncs"] >= 1, end
    compare.check_audit(end)
    assert result.code == 0
    assert b"lost: ring full" in result.err, result.err
    return end


# --- overload ---------------------------------------------------------------------------------------

@pytest.mark.kernel
def test_mixed_storm_and_a_real_time_hog(ipctrace, workload):
    """The whole machine, the smallest ring, all processors busy and one of them taken."""
    it = workload("mixed", "-g", HOG)
    tracer = ipctrace.start("trace", "--json", "--audit", *SMALL)
    it.say()
    it.hear("storming")
    # On the processor that is taken, the last: there it loses something however slow the storm is.
    os.sched_setaffinity(tracer.pid, {max(os.sched_getaffinity(0))})
    it.say()
    quiet = it.hear("quiet", limit=HOG + LIMIT)
    assert quiet["hog"] == 0, f"no real-time process: {os.strerror(quiet['hog'])}"
    peak = _peak_kib(tracer.pid)
    _check_end(tracer.stop())
    assert peak < MEMORY_KIB
    compare.check_fds(ipctrace.document("fds"), quiet["quiet"])
    assert it.finish() == 0


@pytest.mark.parametrize("ring", (SMALL, []), ids=("small", "default"))
def test_interrupted_amid_a_storm(ipctrace, workload, ring):
    """Ctrl-C is obeyed though events never cease, and what it then says is right. A small ring loses some at
    each look that an audit takes, which then compares nothing rather than what the loss made of it."""
    it = workload("mixed")
    tracer = ipctrace.start("trace", "--json", "--audit", *ring, "-p", it.pid)
    it.say()
    it.hear("storming")
    waiting.grown(tracer.out_path, 1 << 20, "next to nothing was printed")
    result = tracer.stop()
    end = compare.check_trace(result.events)
    if end["audit"] or not ring:
        compare.check_audit(end)
    else:
        assert end["lost"] > 0 and b"nothing was compared" in result.err, result
    assert result.code in (0, 1)
    it.say()
    it.hear("quiet")
    assert it.finish() == 0


# --- a reader that stands still -----------------------------------------------------------------------

@pytest.mark.parametrize("whole", [True, False], ids=["machine", "pid"])
def test_stopped_reader(ipctrace, workload, whole):
    """SIGSTOP for five seconds of a storm, which is not over yet when the reader goes on."""
    it = workload("mixed")
    tracer = ipctrace.start("trace", "--json", "--audit", *SMALL, *([] if whole else ["-p", it.pid]))
    _stop(tracer)
    it.say()
    it.hear("storming")
    time.sleep(STOPPED)     # that it stands still for so long is what is tested
    before = os.path.getsize(tracer.out_path)
    _go_on(tracer)
    waiting.grown(tracer.out_path, before, "nothing was printed any more")
    it.say()
    quiet = it.hear("quiet")["quiet"]
    peak = _peak_kib(tracer.pid)
    _check_end(tracer.stop())
    assert peak < MEMORY_KIB
    compare.check_fds(ipctrace.document("fds", "-p", it.pid), quiet)
    assert it.finish() == 0


@pytest.mark.kernel
def test_stopped_recorder(ipctrace, workload, tmp_path):
    it = workload("mixed")
    recording = tmp_path / "recording"
    recorder = ipctrace.start("record", *SMALL, "-o", recording, "-p", it.pid)
    _stop(recorder)
    it.say()
    it.hear("storming")
    time.sleep(STOPPED)     # likewise
    _go_on(recorder)
    it.say()
    quiet = it.hear("quiet")["quiet"]
    assert recorder.stop().code == 0
    kept = ipctrace.document("fds", "--input", recording)
    assert kept["window"]["lost"] > 0 and kept["window"]["resyncs"] >= 1, kept["window"]
    compare.check_fds(kept, quiet)
    assert it.finish() == 0


def test_stopped_between_attaching_and_reading_the_tables(ipctrace, workload):
    """The ring is full before the first row is read."""
    it = workload("mixed")
    it.say()
    it.hear("storming")
    tracer = ipctrace.launch("trace", "--json", "--audit", *SMALL, "-p", it.pid)
    waiting.until(lambda: any(what == "link_id" for what, _ in _bpf_of(tracer.pid)), "attached",
                  process=tracer.process, pause=0)
    _stop(tracer)
    time.sleep(1)     # time for the storm to fill the ring, which shows to nobody; that it did is seen at the end
    _go_on(tracer)
    tracer.await_ready()
    it.say()
    quiet = it.hear("quiet")["quiet"]
    _check_end(tracer.stop())
    compare.check_fds(ipctrace.document("fds", "-p", it.pid), quiet)
    assert it.finish() == 0


# --- a reader that is killed --------------------------------------------------------------------------

def _kill(tracer):
    """SIGKILL; then nothing of its programs, maps and links may be left in the kernel."""
    # What it iterates with comes and goes.
    _stop(tracer)
    before = _bpf_of(tracer.pid)
    assert {what for what, _ in before} >= {"prog_id", "map_id"}, before
    assert all(_is_in_kernel(*one) for one in before)
    tracer.process.kill()
    tracer.process.wait()
    # The kernel frees them a moment after their last descriptor is gone.
    waiting.until(lambda: not any(_is_in_kernel(*one) for one in before), f"gone from the kernel: {before}")


@pytest.mark.parametrize("command", [["trace"], ["record"], ["graph", "-d", "600"], ["check", "-d", "600"]])
def test_killed_leaves_nothing(ipctrace, workload, tmp_path, command):
    it = workload("mixed")
    path = tmp_path / "output"
    pinned = _pinned()
    tracer = ipctrace.start(*command, "-o", path, "-p", it.pid)
    assert _pinned() == pinned
    it.say()
    it.hear("storming")
    _kill(tracer)
    # And those it watched never noticed.
    it.say()
    it.hear("quiet")
    assert it.finish() == 0
    assert command == ["trace"] or not path.exists()     # whole or not at all


@pytest.mark.kernel
def test_program_outlives_a_killed_tracer(ipctrace, tmp_path):
    tracer, it = ipctrace.program(["trace"], ["mixed"], tmp_path / "out")
    pid = it.hear("ready")["pid"]
    it.say()
    it.hear("storming")
    _kill(tracer)
    assert truth.comm(pid) == "mixed" and truth.ppid(pid) == os.getpid()    # the next subreaper's
    it.say()
    it.hear("quiet")
    it.process.stdin.close()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    it.process.stdout.close()


def _how_it_stands(child):
    """Whoever was let go runs, or has another name, or has ended."""
    if not os.path.exists(f"/proc/{child}/exe") or not truth.comm(child).startswith("ipctrace"):
        return "goes"
    return "waits" if waiting.is_asleep(child) else None


def _stopped_before_it_is_ready(ipctrace, out, *program):
    """A tracer whose PROGRAM is forked and waits for it, and the child; on a busy machine it may take a few."""
    while True:
        tracer = ipctrace.launch("trace", "-o", out, "--", *program)
        waiting.until(lambda it=tracer: truth.children_of(it.pid) or it.process.poll() is not None,
                      "PROGRAM isn't forked", pause=0)
        if tracer.process.poll() is not None:
            continue
        _stop(tracer)
        child, = truth.children_of(tracer.pid)
        if waiting.until(lambda it=child: _how_it_stands(it), "the child neither waits nor goes on") == "waits":
            return tracer, child
        _go_on(tracer)
        tracer.wait()


def test_program_is_not_started_by_a_killed_tracer(ipctrace, tmp_path):
    started = tmp_path / "started"
    tracer, child = _stopped_before_it_is_ready(ipctrace, tmp_path / "out", "touch", started)
    assert not started.exists()
    tracer.process.kill()
    tracer.process.wait()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not started.exists()
