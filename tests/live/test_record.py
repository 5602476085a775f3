# SPDX-License-Identifier: GPL-2.0-only
"""A recording, read back, gives what was there live; a broken one is refused."""
import pytest
import compare


def _record(ipctrace, workload, tmp_path, name="pipeline", key="stages", args=()):
    it = workload(name, *args)
    path = tmp_path / "recording"
    recorder = ipctrace.start("record", "-q", "-o", path, "-p", it.pid)
    it.say()
    truth = it.hear(key)
    result = recorder.stop()
    assert result.code == 0, result
    return it, truth, path


def _slots(document, pids):
    return {p["pid"]: {(f["fd"], f["cloexec"]) for f in p["fds"]}
            for p in document["processes"] if p["pid"] in pids}


def test_fds_are_those_of_live(ipctrace, workload, tmp_path):
    it, truth, path = _record(ipctrace, workload, tmp_path, "descriptors", "done")
    live = ipctrace.document("fds", "-p", it.pid)
    replayed = ipctrace.document("fds", "--input", path)
    compare.check_fds(replayed, truth["pids"])
    assert _slots(live, truth["pids"]) == _slots(replayed, truth["pids"])
    assert it.finish() == 0


def test_graph_is_exact(ipctrace, workload, tmp_path):
    it, truth, path = _record(ipctrace, workload, tmp_path)
    graph = ipctrace.document("graph", "--input", path)
    compare.check_graph(graph)
    for link in truth["links"]:
        told = compare.links_on(graph, f"pipe:[{link['inode']}]")[link["from"], link["to"]]
        assert (told["bytes"], told["state"]) == (link["bytes"], "observed")
    assert it.finish() == 0


def test_replay_twice_is_the_same(ipctrace, workload, tmp_path):
    it, _, path = _record(ipctrace, workload, tmp_path)
    assert it.finish() == 0
    for args in (["replay", "--json"], ["replay"], ["fds", "--json"], ["graph", "--json"], ["graph"]):
        one = ipctrace.run(*args, "--input", path).out
        assert one and one == ipctrace.run(*args, "--input", path).out, args


def test_replay_is_the_trace(ipctrace, workload, tmp_path):
    it = workload("pipe_basic")
    path = tmp_path / "recording"
    recorder = ipctrace.start("record", "-q", "-o", path, "-p", it.pid)
    tracer = ipctrace.start("trace", "--json", "-p", it.pid)
    it.say()
    it.hear("done")
    live = tracer.stop().events
    assert recorder.stop().code == 0
    replayed = ipctrace.run("replay", "--json", "--input", path).events
    compare.check_trace(replayed)

    def mine(events):
        return [(e["event"], e["object"], e["fds"]) for e in events[:-1] if e["process"]
                and compare.pid_of(e["process"]) == it.pid]
    assert mine(live) == mine(replayed)
    assert it.finish() == 0


def test_replay_file_as_argument_or_input(ipctrace, workload, tmp_path):
    it, _, path = _record(ipctrace, workload, tmp_path)
    assert it.finish() == 0
    assert ipctrace.run("trace", "--json", "--input", path).out == \
        ipctrace.run("replay", "--json", "--input", path).out


@pytest.mark.parametrize("keep", [0, 7, 100, 0.5, -1, -8])
def test_truncated_is_refused(ipctrace, workload, tmp_path, keep):
    it, _, path = _record(ipctrace, workload, tmp_path)
    assert it.finish() == 0
    data = path.read_bytes()
    size = int(len(data) * keep) if isinstance(keep, float) else keep
    path.write_bytes(data[:size])
    result = ipctrace.run("fds", "--json", "--input", path, code=6)
    assert result.err.strip() and result.out == b""


def test_flipped_bits_never_crash(ipctrace, workload, tmp_path):
    it, _, path = _record(ipctrace, workload, tmp_path)
    assert it.finish() == 0
    data = bytearray(path.read_bytes())
    for at in range(0, len(data), max(1, len(data) // 50)):
        broken = bytearray(data)
        broken[at] ^= 0xFF
        path.write_bytes(broken)
        result = ipctrace.run("graph", "--json", "--input", path, code=None)
        assert result.code in (0, 6), result


def test_killed_recorder_leaves_no_recording(ipctrace, workload, tmp_path):
    it = workload("pipeline", 2)
    path = tmp_path / "recording"
    recorder = ipctrace.start("record", "-q", "-o", path, "-p", it.pid)
    it.say()
    it.hear("stages")
    recorder.process.kill()
    recorder.process.wait()
    assert not path.exists()
    assert it.finish() == 0


def test_record_with_dot(ipctrace, workload, tmp_path):
    it = workload("pipeline", 3)
    path, dot = tmp_path / "recording", tmp_path / "graph.dot"
    recorder = ipctrace.start("record", "-q", "-o", path, "--dot", dot, "-p", it.pid)
    it.say()
    truth = it.hear("stages")
    assert recorder.stop().code == 0
    assert str(truth["stages"][0]) in dot.read_text()
    assert it.finish() == 0
