# SPDX-License-Identifier: GPL-2.0-only
"""FIFOs: made, opened, waited for, unlinked while open, and made anew under the same name."""
import os
import re

import pytest
import compare
import conftest


def _run(ipctrace, workload, tmp_path, *options):
    it = workload("fifo", tmp_path)
    tracer = ipctrace.start("trace", "--json", "--audit", "-p", it.pid, *options)
    it.say()
    done = it.hear("done")
    result = tracer.stop()
    assert result.code == 0, result
    return it, done, result.events


def _steps(it):
    """The reader is another process, and tells in its own time."""
    return [told for told in it.told if "step" in told]


def _full(tmp_path, step):
    folder = tmp_path / "in" if step["path"] == "sub" else tmp_path
    return os.path.normpath(folder / step["path"])


@pytest.mark.kernel
def test_each_step_is_an_event(ipctrace, workload, tmp_path):
    it, _, events = _run(ipctrace, workload, tmp_path)
    compare.check_audit(compare.check_trace(events))
    lines = [e for e in events if e["event"].startswith("fifo.")]
    for step in _steps(it):
        found = [e for e in lines if e["event"] == step["step"] and e.get("path") == step["path"]
                 and compare.pid_of(e["process"]) == step["pid"]]
        assert found, f"{step} in none of {lines}"
        if step["step"] == "fifo.open":
            assert any(e["fds"] == [step["fd"]] for e in found), step
    assert len(lines) == len(_steps(it)), lines
    assert it.finish() == 0


def test_paths_are_those_everybody_sees(ipctrace, workload, tmp_path):
    it, _, events = _run(ipctrace, workload, tmp_path)
    for step in _steps(it):
        if step["step"] == "fifo.create":
            created = [e for e in events if e["event"] == "fifo.create" and e["path"] == step["path"]]
            assert created[0]["object"].startswith(f"fifo:{_full(tmp_path, step)}"), created
            assert created[0]["full_path"] == _full(tmp_path, step)
    assert it.finish() == 0


def test_an_open_tells_how_long_it_waited(ipctrace, workload, tmp_path):
    it, done, events = _run(ipctrace, workload, tmp_path)
    opens = [e for e in events if e["event"] == "fifo.open"]
    waited = [e for e in opens if compare.pid_of(e["process"]) == done["reader"]]
    assert len(waited) == 1 and waited[0]["end"] == "read end"
    forks = [e for e in events if e["event"] == "process.fork" and compare.pid_of(e["child"]) == done["reader"]]
    # It slept, and no longer than from its birth to the opening.
    assert 0 < waited[0]["waited_ns"] <= waited[0]["ts_ns"] - forks[0]["ts_ns"]
    assert all(e["waited_ns"] == 0 for e in opens if e["end"] == "both ends"), opens
    assert it.finish() == 0


def test_made_anew_is_another_object(ipctrace, workload, tmp_path):
    it = workload("fifo", tmp_path)
    it.say()
    done = it.hear("done")
    document = ipctrace.document("graph", "-p", it.pid)
    compare.check_graph(document)
    objects = {o["id"]: o for o in document["objects"]}
    gone = f"fifo:{tmp_path}/data (deleted) [{done['gone']}]"
    new = f"fifo:{tmp_path}/data"
    assert objects[gone]["unlinked"] is True and objects[new]["unlinked"] is False
    assert objects[gone]["writers"] == 1 and objects[gone]["readers"] == 1
    # The last child has inherited the write end.
    assert compare.links_on(document, gone).keys() == {(it.pid, done["reader"]), (done["late"], done["reader"])}
    assert compare.endpoint(document, it.pid, new)["fds"] == [done["second"]]
    assert it.finish() == 0


@pytest.mark.kernel
def test_who_waits_in_open_is_seen_without_a_descriptor(ipctrace, workload, tmp_path):
    it = workload("fifo", tmp_path)
    early = it.told[-1]["early"]
    document = ipctrace.document("graph", "-p", it.pid)
    compare.check_graph(document)
    end = compare.endpoint(document, early, f"fifo:{tmp_path}/early")
    assert end["waiting"] == {"for": "writer", "since_ns": None, "ns": None}
    assert end["fds"] == [] and end["role"] == "read" and not end["closed"]
    whole = ipctrace.document("graph")
    assert compare.endpoint(whole, early, f"fifo:{tmp_path}/early")["waiting"]
    dot = ipctrace.run("graph", "-p", it.pid).text
    node = re.search(r'(o\d+) \[shape=ellipse .*label="[^"]*/early"', dot)
    assert node, dot
    assert re.search(rf'{node[1]} -> p{early}_\d+ \[label="waits in open for a writer" style=dotted', dot), dot
    it.say()
    assert it.hear("done")
    assert it.finish() == 0


def test_waiting_has_its_time_where_it_began_under_our_eyes(ipctrace, workload, tmp_path):
    it = workload("fifo", tmp_path)
    tracer = ipctrace.start("graph", "--json", "-p", it.pid, "-d", "600")
    it.say()
    done = it.hear("done")
    document = tracer.stop().document
    end = compare.endpoint(document, done["late"], f"fifo:{tmp_path}/late")
    window = document["window"]
    assert end["waiting"]["for"] == "writer"
    assert window["start_ns"] <= end["waiting"]["since_ns"] <= window["end_ns"]
    # What is over counts as time blocked.
    gone = f"fifo:{tmp_path}/data (deleted) [{done['gone']}]"
    assert compare.endpoint(document, done["reader"], gone)["blocked_ns"] > 0
    old = [o for o in document["objects"] if o["id"] == f"fifo:{tmp_path}/old (deleted) [{done['old_inode']}]"]
    assert len(old) == 1 and old[0]["unlinked"]
    assert it.finish() == 0


def test_a_program_that_only_makes_one(ipctrace, tmp_path):
    """mkfifo(1) is gone at once, and its working directory with it."""
    made, out = tmp_path / "made", tmp_path / "trace"
    ipctrace.run("trace", "--json", "-e", "fifo", "-o", out, "--", "sh", "-c",
                 f"cd {tmp_path} && mkfifo made && rm made")
    events = [line["event"] for line in map(conftest.strict_json, out.read_bytes().splitlines())]
    assert events == ["fifo.create", "fifo.unlink", "end"], events
    assert not made.exists()


def test_another_mount_namespace(ipctrace, tmp_path):
    """Something mounted over the folder: the same path there is another file."""
    out = tmp_path / "graph"
    (tmp_path / "over").mkdir()
    script = (f"cd {tmp_path}; mkfifo over/f; exec 3<>over/f; mount -t tmpfs none over; "
              "mkfifo over/f; exec 4<>over/f; umount -l over; rm over/f")
    ipctrace.run("graph", "--json", "-o", out, "--", "unshare", "-m", "sh", "-c", script)
    document = conftest.strict_json(out.read_bytes())
    compare.check_graph(document)
    ids = {o["id"] for o in document["objects"] if o["kind"] == "fifo"}
    assert len(ids) == 2, ids
    assert all(i.startswith(f"fifo:{tmp_path}/over/f@mnt:[") for i in ids), ids


def test_an_unlink_of_anything_else_is_no_event(ipctrace, tmp_path):
    out = tmp_path / "trace"
    script = f"cd {tmp_path}; mkfifo f; mkdir d; echo > d/f; rm d/f; rm f"
    ipctrace.run("trace", "--json", "-e", "fifo", "-o", out, "--", "sh", "-c", script)
    unlinks = [line for line in map(conftest.strict_json, out.read_bytes().splitlines())
               if line["event"] == "fifo.unlink"]
    assert [u["path"] for u in unlinks] == ["f"]


def test_a_path_that_is_gone_when_the_call_returns_is_a_loss(ipctrace, workload, tmp_path):
    it = workload("paged", tmp_path)
    tracer = ipctrace.start("trace", "--json", "--audit", "-e", "fifo", "-p", it.pid)
    it.say()
    assert it.hear("failed")["failed"] == 400
    it.say()
    done = it.hear("made")
    result = tracer.stop()
    assert result.code == 0, result
    end = result.events[-1]
    # The pair before, whose path stayed.
    assert [e["event"] for e in result.events if e.get("path") == "fifo"] == ["fifo.create", "fifo.unlink"]
    assert done["made"] == done["unlinked"] == 75 and done["gone"] == 150, done
    assert end["window"]["losses"]["read_failed"] == end["lost"] == 150, end
    assert end["resyncs"] > 0
    compare.check_audit(end)
    assert it.finish() == 0


def test_calls_that_fail_for_a_bad_path_are_no_loss(ipctrace, workload, tmp_path):
    it = workload("paged", tmp_path)
    tracer = ipctrace.start("trace", "--json", "--audit", "-e", "fifo", "-p", it.pid)
    it.say()
    assert it.hear("failed")["failed"] == 400
    end = tracer.stop().events[-1]
    assert (end["lost"], end["resyncs"]) == (0, 0), end
    it.say()
    it.hear("made")
    assert it.finish() == 0
