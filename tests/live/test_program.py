# SPDX-License-Identifier: GPL-2.0-only
"""ipctrace -- PROGRAM: traced from its first instruction, and its exit status is ours."""
import subprocess

import pytest
import compare
from conftest import IPCTRACE, LIMIT


def _run(ipctrace, out, *program, options=(), code=0):
    result = ipctrace.run("trace", "--json", "-o", out, *options, "--", *program, code=code)
    events = [compare_line for compare_line in _lines(out)]
    return result, events


def _lines(path):
    from conftest import strict_json
    return [strict_json(line) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("script,code", [("exit 0", 0), ("exit 7", 7), ("exit 255", 255),
                                         ("kill -TERM $$", 128 + 15), ("kill -KILL $$", 128 + 9)])
def test_exit_status_is_the_programs(ipctrace, tmp_path, script, code):
    _, events = _run(ipctrace, tmp_path / "out", "sh", "-c", script, code=code)
    compare.check_trace(events)


def test_not_found_is_127(ipctrace, tmp_path):
    result = ipctrace.run("trace", "--", "/no/such/program", code=127)
    assert result.err.strip() and result.out == b""
    ipctrace.run("trace", "--", "no-such-program-in-path", code=127)


def test_not_startable_is_126(ipctrace, tmp_path):
    path = tmp_path / "plain"
    path.write_text("no program")
    result = ipctrace.run("trace", "--", path, code=126)
    assert result.err.strip()
    ipctrace.run("trace", "--", tmp_path, code=126)


def test_streams_are_the_programs(ipctrace, tmp_path):
    done = subprocess.run([IPCTRACE, "trace", "-q", "-o", tmp_path / "out", "--", "cat"], input=b"through it\n",
                          capture_output=True, timeout=LIMIT, check=False)
    assert (done.returncode, done.stdout) == (0, b"through it\n"), done


def test_shell_pipeline_from_the_first_instruction(ipctrace, tmp_path):
    """Nothing is missed at the start: the pipes and the forks are a shell's first acts."""
    result, events = _run(ipctrace, tmp_path / "out", "sh", "-c",
                          "echo one two | cat | cat | wc -w; exit 3", options=["--audit"], code=3)
    assert result.out == b"2\n"
    end = compare.check_trace(events)
    compare.check_audit(end)
    assert end["lost"] == 0
    shell = compare.pid_of(next(e for e in events if e["event"] == "process.exec")["process"])
    mine = [e for e in events[:-1] if compare.pid_of(e["process"]) == shell]
    assert [e["event"] for e in mine].count("pipe.create") == 3
    assert [e["event"] for e in mine].count("process.fork") == 4
    # Signals that the kernel sends are no process's.
    children = {compare.pid_of(e["process"]) for e in events[:-1]} - {shell, None}
    execs = [e for e in events if e["event"] == "process.exec" and compare.pid_of(e["process"]) in children]
    assert {e["comm"] for e in execs} == {"cat", "wc"} and len(execs) == 3
    exits = [e for e in events if e["event"] == "process.exit"]
    assert {compare.pid_of(e["process"]) for e in exits} == children | {shell}
    # The first thing seen of the shell is that it began.
    assert mine[0]["event"] == "process.exec", mine[0]


def test_program_is_started_often(ipctrace, tmp_path):
    for turn in range(20):
        _, events = _run(ipctrace, tmp_path / f"out{turn}", "sh", "-c", ": | :")
        assert [e["event"] for e in events].count("pipe.create") == 1
        assert [e["event"] for e in events].count("process.fork") == 2


def test_program_and_graph(ipctrace, tmp_path):
    out = tmp_path / "graph.json"
    ipctrace.run("graph", "--json", "-o", out, "--", "sh", "-c", "head -c 100000 /dev/zero | cat >/dev/null")
    from conftest import strict_json
    graph = strict_json(out.read_bytes())
    compare.check_graph(graph)
    links = [link for link in graph["links"] if link["kind"] == "pipe" and link["state"] == "observed"]
    assert len(links) == 1, links
    assert links[0]["bytes"] == 100000 and links[0]["closed"] is True
    comms = {p["id"]: p["comm"] for p in graph["processes"]}
    assert (comms[links[0]["from"]], comms[links[0]["to"]]) == ("head", "cat")


def test_ipctraces_own_descriptors_stay_its_own(ipctrace, tmp_path):
    """The program inherits the three standard streams and nothing of ours."""
    result = ipctrace.run("trace", "-q", "-o", tmp_path / "out", "--", "/bin/ls", "/proc/self/fd")
    # ls itself has the folder open.
    assert result.out.split() == [b"0", b"1", b"2", b"3"], result


def test_signal_dispositions_are_the_callers(ipctrace, tmp_path):
    result = ipctrace.run("trace", "-q", "-o", tmp_path / "out", "--", "grep", "-E", "^Sig(Blk|Ign|Cgt)",
                          "/proc/self/status")
    bare = subprocess.run(["grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"], capture_output=True,
                          check=True)
    assert result.out == bare.stdout


def test_program_by_workload(ipctrace, tmp_path):
    tracer, it = ipctrace.program(["trace", "--json", "--audit"], ["pipe_basic"], tmp_path / "out")
    pid = it.hear("ready")["pid"]
    it.say()
    it.hear("done")
    it.process.stdin.close()
    result = tracer.wait()
    it.process.stdout.close()
    assert result.code == 0, result
    events = _lines(tmp_path / "out")
    compare.check_audit(compare.check_trace(events))
    assert any(compare.pid_of(e["process"]) == pid for e in events[:-1])
