# SPDX-License-Identifier: GPL-2.0-only
"""
A copied table holds what no record explains, since no call made it, or one that isn't over. The kernel is asked for
it then: nothing was lost, and no table need be read anew.
"""
import pytest
import compare
import conftest
import waiting


def _events(tracer, pid, verb):
    """What the trace tells of the process by now."""
    # The last line may be half written.
    lines = map(conftest.strict_json, tracer.out_path.read_bytes().split(b"\n")[:-1])
    return [line for line in lines if line["event"] == verb and compare.pid_of(line["process"]) == pid]


@pytest.mark.kernel
@pytest.mark.parametrize("select", ["pid", "all"])
def test_what_no_call_made(ipctrace, workload, tmp_path, select):
    it = workload("uring")
    recording = tmp_path / "recording"
    options = {"pid": ["-p", it.pid], "all": []}[select]
    recorder = ipctrace.start("record", "-q", "-o", recording, *options)
    tracer = ipctrace.start("trace", "--json", "--audit", *options)
    it.say()
    told = it.hear("child")
    for i in range(len(told["sockets"])):
        it.say()
        fd = it.hear("closed")["closed"]
        waiting.until(lambda: len(_events(tracer, told["child"], "fd.dup")) > i, "what the child did is told")
    # Each of these waits was as long as a look into the ring at least.
    assert [e["object"] for e in _events(tracer, told["child"], "fd.close") if e["fds"] == [fd]] == [
        f"unix:[{told['sockets'][-1]}]"], told
    it.hear("marked")
    result = tracer.stop()
    assert result.code == 0, result
    end = compare.check_trace(result.events)
    compare.check_audit(end)
    assert (end["lost"], end["resyncs"]) == (0, 0), end["window"]
    assert recorder.stop().code == 0
    kept = ipctrace.document("fds", "--input", recording)
    compare.check_window(kept)
    compare.check_fds(kept, [it.pid])
    assert it.finish() == 0
