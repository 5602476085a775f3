# SPDX-License-Identifier: GPL-2.0-only
"""The trace of a program's pipes: each call a line, with the fds and the object it was about."""
import signal

import pytest
import compare


def _trace(ipctrace, workload, *options):
    it = workload("pipe_basic")
    tracer = ipctrace.start("trace", "--json", "-p", it.pid, *options)
    it.say()
    done = it.hear("done")
    result = tracer.stop()
    assert result.code == 0, result
    assert it.finish() == 0
    return it, done, result.events


def _matches(line, step, pid):
    return (line["event"] == step["step"] and compare.pid_of(line["process"]) == pid
            and line["object"] == f"pipe:[{step['inode']}]"
            and sorted(set(line["fds"]) & set(step["fds"])) == sorted(step["fds"])
            and line["result"] == step["result"])


@pytest.mark.kernel
def test_each_call_is_a_line_in_order(ipctrace, workload):
    it, _, events = _trace(ipctrace, workload)
    compare.check_trace(events)
    rest = iter(events)
    for step in (told for told in it.told if "step" in told):
        assert any(_matches(line, step, it.pid) for line in rest), (
            f"{step} is missing, or not in its place: {[e for e in events if e['event'] == step['step']]}")


def test_each_call_is_told_once(ipctrace, workload):
    it, done, events = _trace(ipctrace, workload)
    pipes = {f"pipe:[{pipe['inode']}]" for pipe in done["pipes"]}
    created = [e for e in events if e["event"] == "pipe.create" and e["object"] in pipes]
    assert sorted(e["object"] for e in created) == sorted(pipes)
    for step in (told for told in it.told if told.get("step") == "fd.close"):
        assert len([e for e in events if _matches(e, step, it.pid)]) == 1


@pytest.mark.kernel
def test_children_are_followed(ipctrace, workload):
    it, done, events = _trace(ipctrace, workload)
    forks = [e for e in events if e["event"] == "process.fork" and compare.pid_of(e["process"]) == it.pid]
    assert len(forks) == 2
    for blocked in done["blocked"]:
        assert any(compare.pid_of(e["process"]) == blocked["pid"] for e in events), blocked


def test_no_follow_leaves_children_out(ipctrace, workload):
    _, done, events = _trace(ipctrace, workload, "--no-follow")
    children = {blocked["pid"] for blocked in done["blocked"]}
    # Peers by a shared pipe they are; events of their own they have none.
    own = [e for e in events[:-1] if compare.pid_of(e["process"]) in children
           and e["event"] not in ("process.fork", "process.exit")]
    assert not own


def test_audit_finds_no_difference(ipctrace, workload):
    _, _, events = _trace(ipctrace, workload, "--audit")
    end = compare.check_trace(events)
    compare.check_audit(end)
    assert end["lost"] == 0 and end["resyncs"] == 0


def test_no_lost_and_audit_null_without_audit(ipctrace, workload):
    _, _, events = _trace(ipctrace, workload)
    end = compare.check_trace(events)
    assert end["lost"] == 0 and end["audit"] is None


def test_text_has_a_line_an_event(ipctrace, workload):
    it = workload("pipe_basic")
    tracer = ipctrace.start("trace", "-p", it.pid)
    it.say()
    done = it.hear("done")
    result = tracer.stop(signal.SIGTERM)
    assert result.code == 0, result
    assert it.finish() == 0
    text = result.text
    assert "\x1b" not in text
    for pipe in done["pipes"]:
        assert f"pipe:[{pipe['inode']}]" in text
    assert f"pipe_basic[{it.pid}]" in text
    assert "read end" in text and "write end" in text


def test_graph_has_the_numbers(ipctrace, workload):
    """Capacity, what lies in it, who holds it, bytes, operations, and time asleep."""
    it = workload("pipe_basic")
    tracer = ipctrace.start("graph", "--json", "-p", it.pid, "-d", 600)
    it.say()
    done = it.hear("done")
    result = tracer.stop()
    assert result.code == 0, result
    graph = result.document
    compare.check_graph(graph)
    compare.check_window(graph)
    objects = {o["id"]: o for o in graph["objects"]}
    for pipe in done["pipes"]:
        name = f"pipe:[{pipe['inode']}]"
        obj = objects[name]
        for fact in ("capacity", "queued", "readers", "writers"):
            assert obj[fact] == pipe[fact], f"{pipe}: {obj}"
        end = compare.endpoint(graph, it.pid, name)
        have = [end[key] for key in ("bytes_out", "ops_out", "bytes_in", "ops_in")]
        assert have == [pipe[key] for key in ("written", "writes", "read", "reads")], f"{pipe}: {end}"
        assert end["fds"] == sorted(pipe["fds"])
    for blocked in done["blocked"]:
        end = compare.endpoint(graph, blocked["pid"], f"pipe:[{blocked['inode']}]")
        assert blocked["min_ns"] <= end["blocked_ns"] <= blocked["max_ns"], f"{blocked}: {end}"
    assert it.finish() == 0
