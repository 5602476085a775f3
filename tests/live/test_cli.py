# SPDX-License-Identifier: GPL-2.0-only
"""The command line as the man page has it: exit codes, streams, output files."""
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import compare
from conftest import IPCTRACE, LIMIT, ROOT


def _free_pid():
    with open("/proc/sys/kernel/pid_max", encoding="ascii") as file:
        pid = int(file.read()) - 1
    while os.path.exists(f"/proc/{pid}"):
        pid -= 1
    return pid


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["trace", "--help"]])
def test_help(ipctrace, args):
    result = ipctrace.run(*args)
    for word in ("trace", "fds", "graph", "record", "replay", "--pid", "--output", "--audit", "--input"):
        assert word in result.text
    assert result.err == b""


def test_every_option_is_in_the_man_page(ipctrace):
    page = (ROOT / "docs/ipctrace.1").read_text().replace("\\-", "-")
    options = set(re.findall(r"^  (?:-.,|   ) --([a-z-]+)", ipctrace.run("--help").text, re.M))
    assert len(options) > 20
    missing = [name for name in options if not re.search(rf"^\.It Fl (?:. , )?-{name}(?: |$)", page, re.M)]
    assert not missing


@pytest.mark.parametrize("args", [["-V"], ["--version"]])
def test_version(ipctrace, args):
    result = ipctrace.run(*args)
    assert result.text.startswith("ipctrace ") and result.text.count("\n") == 1 and result.err == b""


@pytest.mark.parametrize("args,names", [
    (["--no-such-option"], "--no-such-option"),
    (["-p"], "-p"),
    (["-p", "abc"], "-p"),
    (["-p", ""], "-p"),
    (["-p", "0"], "-p"),
    (["-p", "-1"], "-p"),
    (["-p", "1,,2"], "-p"),
    (["-p", "99999999999999999999"], "-p"),
    (["-d", "never"], "-d"),
    (["-d", "-1"], "-d"),
    (["-e", "nosuchmechanism"], "-e"),
    (["-f", "nosuchformat"], "-f"),
    (["fds", "-f", "dot"], "-f"),
    (["--ready-fd", "x"], "--ready-fd"),
    (["--ring-size", "x"], "--ring-size"),
    (["replay"], "--input"),
    (["fds", "--input", "/dev/null", "-p"], "-p"),
])
def test_usage_errors(ipctrace, args, names):
    result = ipctrace.run(*args, code=2)
    assert result.out == b""
    lines = result.err.decode().splitlines()
    assert len(lines) == 1 and names in lines[0], lines


def test_no_such_process(ipctrace):
    for command in ("trace", "fds", "graph"):
        result = ipctrace.run(command, "-p", _free_pid(), code=5)
        assert result.out == b"" and str(_free_pid()) in result.err.decode()


ENDED = """
import os, sys, threading
child = os.fork() or os._exit(0)
threading.Thread(target=sys.stdin.readline).start()
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
print(child, flush=True)
"""


@pytest.mark.parametrize("command", ["trace", "fds", "graph", "check", "why", "record"])
def test_a_pid_that_names_no_living_process(ipctrace, background, command, tmp_path):
    """A thread's number, and that of a zombie: what it is, in one line, and no watch that never ends."""
    it = background(sys.executable, "-c", ENDED, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    zombie = int(it.stdout.readline())
    thread = max(map(int, os.listdir(f"/proc/{it.pid}/task")))
    assert thread != it.pid
    how = [command, *(["-o", tmp_path / "never"] if command == "record" else [])]
    for pid, what in ((zombie, f"has ended: a zombie until its parent {it.pid} waits for it"),
                      (thread, f"no such process: a thread of process {it.pid}")):
        result = ipctrace.run(*how, "-p", pid, code=5)
        assert result.err.decode() == f"ipctrace: -p {pid}: {what}\n", result
        assert not result.out and not (tmp_path / "never").exists()


def test_a_thread_of_the_kernel(ipctrace):
    """It has nothing to show: that is said, where an empty report would look like an answer."""
    result = ipctrace.run("fds", "-p", 2, code=5)
    assert result.err == b"ipctrace: -p 2: no such process: kthreadd is a thread of the kernel, which has no descriptors\n"
    assert not result.out



def test_other_failures(ipctrace, tmp_path):
    assert ipctrace.run("fds", "--input", tmp_path / "none", code=6).err.strip()
    assert ipctrace.run("fds", "-p", os.getpid(), "-o", tmp_path / "no" / "such" / "folder", code=6).err.strip()
    assert b"Is a directory" in ipctrace.run("fds", "--input", tmp_path, code=6).err
    (tmp_path / "empty").touch()
    assert b"empty: not a recording" in ipctrace.run("replay", tmp_path / "empty", code=6).err
    assert b"Is a directory" in ipctrace.run("check", "--baseline", tmp_path, "-d", "0", code=6).err
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"not a recording at all" * 100)
    assert ipctrace.run("fds", "--input", garbage, code=6).err.strip()


def test_output_that_can_t_be_written(ipctrace):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([IPCTRACE, "fds", "-p", str(os.getpid())], stdout=full,
                              stderr=subprocess.PIPE, timeout=LIMIT, check=False)
    assert done.returncode == 6 and done.stderr.strip()


@pytest.mark.parametrize("args", [
    ["fds", "-p", os.getpid(), "-o"], ["graph", "-d", "0", "-p", os.getpid(), "-o"], ["why", "-p", os.getpid(), "-o"],
    ["check", "-o"], ["record", "-d", "0", "-p", os.getpid(), "-o"],
    ["trace", "--json", "-d", "0", "-p", os.getpid(), "-o"], ["trace", "-d", "0", "-p", os.getpid(), "--dot"],
], ids=lambda args: f"{args[0]} {args[-1]}")
def test_a_full_disk(ipctrace, args):
    said = ipctrace.run("-q", *args, "/dev/full", code=6).err
    assert said == b"ipctrace: /dev/full: No space left on device\n"


@pytest.mark.parametrize("args", [["fds"], ["trace", "-d", "0"], ["graph", "-d", "0"], ["-V"]],
                         ids=lambda args: args[0])
def test_closed_standard_streams(args):
    """Nothing of ours takes the number of a stream that the caller closed, to be written to in its place."""
    shut = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", IPCTRACE, "-q", *args], timeout=LIMIT, check=False,
                          stderr=subprocess.PIPE)
    assert (shut.returncode, shut.stderr) == (6, b"ipctrace: standard output: Bad file descriptor\n")
    mute = subprocess.run(["sh", "-c", 'exec "$@" <&- 2>&-', "sh", IPCTRACE, *args], timeout=LIMIT, check=False,
                          stdout=subprocess.PIPE)
    assert mute.returncode == 0 and mute.stdout


def test_program_keeps_closed_standard_streams(tmp_path):
    """A PROGRAM finds closed what the caller closed."""
    out = tmp_path / "open"
    done = subprocess.run(["sh", "-c", 'exec "$@" <&- 2>&-', "sh", IPCTRACE, "-o", tmp_path / "trace", "--", "sh", "-c",
                           f"for fd in 0 1 2; do test -e /proc/$$/fd/$fd && echo $fd; done >{out}; true"],
                          timeout=LIMIT, check=False, stdout=subprocess.DEVNULL)
    assert done.returncode == 0 and out.read_text() == "1\n"


def test_the_recording_is_not_the_output(ipctrace, tmp_path):
    """It would be emptied before it is read."""
    recording = tmp_path / "recording"
    ipctrace.run("record", "-q", "-d", "0", "-p", os.getpid(), "-o", recording)
    before = recording.read_bytes()
    (tmp_path / "link").symlink_to(recording)
    for args in (["replay", recording, "-o", recording], ["fds", "-i", tmp_path / "link", "-o", recording],
                 ["replay", recording, "--dot", tmp_path / "link"]):
        assert b"the recording to read" in ipctrace.run(*args, code=2).err
        assert recording.read_bytes() == before


def test_no_permission(ipctrace):
    """Without the capabilities: exit 3, naming one."""
    done = subprocess.run(["setpriv", "--bounding-set", "-all", "--inh-caps", "-all",
                           "--reuid", "65534", "--regid", "65534", "--clear-groups",
                           "sh", "-c", f"test -x '{IPCTRACE}' || exit 99; exec '{IPCTRACE}' fds -p $$"],
                          capture_output=True, timeout=LIMIT, check=False)
    if done.returncode == 99:
        pytest.skip("another user may not even read the program where it lies")
    assert done.returncode == 3 and b"CAP_" in done.stderr, done


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_in_order(ipctrace, workload, how):
    it = workload("pipe_basic")
    tracer = ipctrace.start("trace", "--json", "-p", it.pid)
    it.say()
    it.hear("done")
    result = tracer.stop(how)
    assert result.code == 0
    compare.check_trace(result.events)
    assert it.finish() == 0


def test_ends_with_its_target(ipctrace, workload):
    it = workload("pipe_basic")
    tracer = ipctrace.start("trace", "--json", "-p", it.pid)
    it.say()
    it.hear("done")
    assert it.finish() == 0
    result = tracer.wait()
    assert result.code == 0
    compare.check_trace(result.events)


def test_duration(ipctrace, workload):
    it = workload("pipe_basic")
    before = time.monotonic()
    tracer = ipctrace.start("trace", "--json", "-d", "0.3", "-p", it.pid)
    result = tracer.wait()
    assert result.code == 0 and time.monotonic() - before >= 0.3
    compare.check_trace(result.events)
    assert it.finish() == 0


def test_ready_is_said(ipctrace, workload):
    it = workload("pipe_basic")
    loud = ipctrace.start("trace", "-d", "0", "-p", it.pid).wait()
    assert b"ipctrace: ready\n" in loud.err and b"ready" not in loud.out
    quiet = ipctrace.start("trace", "-q", "-d", "0", "-p", it.pid).wait()
    assert b"ready" not in quiet.err
    assert it.finish() == 0


def test_stdout_is_data_alone(ipctrace, workload):
    it = workload("descriptors")
    it.say()
    it.hear("done")
    for command in ("fds", "graph"):
        document = ipctrace.run(command, "-v", "-v", "--json", "-p", it.pid).document
        assert document["schema"] == f"ipctrace.{command}/1"
        assert ipctrace.run(command, "-f", "json", "-p", it.pid).document["schema"] == document["schema"]
    assert it.finish() == 0


def test_output_is_whole_or_not_there(ipctrace, workload, tmp_path):
    it = workload("pipe_basic")
    path = tmp_path / "fds.json"
    result = ipctrace.run("fds", "--json", "-o", path, "-p", it.pid)
    assert result.out == b"" and path.read_bytes().endswith(b"\n")
    path.write_text("old")
    tracer = ipctrace.start("graph", "--json", "-d", 600, "-o", path, "-p", it.pid)
    assert path.read_text() == "old"
    tracer.process.kill()
    tracer.process.wait()
    assert path.read_text() == "old"
    ipctrace.run("fds", "--json", "-o", path, "-p", _free_pid(), code=5)
    assert path.read_text() == "old"
    assert it.finish() == 0


def test_several_pids(ipctrace, workload):
    one, two, three = workload("pipe_basic"), workload("pipe_basic"), workload("pipe_basic")
    document = ipctrace.document("fds", "-p", f"{one.pid},{two.pid}", "-p", three.pid)
    for it in (one, two, three):
        assert compare.by_pid(document, it.pid)["selected"]
    compare.check_fds(document, [one.pid, two.pid, three.pid])
    for it in (one, two, three):
        assert it.finish() == 0


def test_no_color_where_there_is_no_terminal(ipctrace, workload):
    it = workload("descriptors")
    it.say()
    it.hear("done")
    for command in ("fds", "graph"):
        assert b"\x1b" not in ipctrace.run(command, "-p", it.pid, env={"TERM": "xterm-256color"}).out
    assert it.finish() == 0


def test_closed_stdout_pipe(ipctrace, workload):
    """Like `ipctrace … | head -1`: it ends, and says nothing of signals."""
    it = workload("descriptors")
    read, write = os.pipe()
    tracer = ipctrace.launch("trace", "--json", "-p", it.pid, stdout=write)
    os.close(write)
    tracer.await_ready()
    os.close(read)
    it.say()
    it.hear("done")
    assert tracer.stop().code in (0, 6)
    assert it.finish() == 0


@pytest.mark.parametrize("args", [["fds"], ["trace", "-d", "0.1"], ["why"]], ids=" ".join)
def test_no_room_for_a_thread(ipctrace, workload, needs, tmp_path, args):
    """Where there are as many tasks as there may be, which is when it is needed, it does with one."""
    needs("strace")
    it = workload("pipe_basic")
    # A tracer of its own is what the sanitizer looks for leaks with.
    env = {**os.environ, "ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"}
    done = subprocess.run(["strace", "-f", "-qq", "-o", tmp_path / "calls", "-e", "trace=clone,clone3",
                           "-e", "inject=clone,clone3:error=EAGAIN", IPCTRACE, *args, "-p", str(it.pid)],
                          env=env, capture_output=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done
    assert "EAGAIN" in (tmp_path / "calls").read_text()
    assert str(it.pid).encode() in done.stdout or args[0] == "trace", done
    assert it.finish() == 0
