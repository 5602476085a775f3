# SPDX-License-Identifier: GPL-2.0-only
"""
The descriptor storm. Whatever threads and processes did to their tables, what was kept from events
is the kernel's truth once all is quiet. STORM_RUNS sets how many times (20 for a release).
"""
import os

import pytest
import compare

RUNS = int(os.environ.get("STORM_RUNS", "3"))
SIZE = ["-n", os.environ.get("STORM_SIZE", "5000")]


@pytest.mark.kernel
@pytest.mark.parametrize("seed", range(1, RUNS + 1))
def test_storm_by_pid(ipctrace, workload, tmp_path, seed):
    it = workload("storm", "-s", seed, *SIZE)
    recording = tmp_path / "recording"
    recorder = ipctrace.start("record", "-q", "-o", recording, "-p", it.pid)
    tracer = ipctrace.start("trace", "--json", "--audit", "-p", it.pid)
    it.say()
    quiet = it.hear("quiet")["quiet"]
    result = tracer.stop()
    assert result.code == 0, result
    end = compare.check_trace(result.events)
    compare.check_audit(end)
    assert end["lost"] == 0 and end["resyncs"] == 0, end["window"]
    # What the kernel's tables say, and what was kept from events alone, are both the truth.
    assert compare.check_fds(ipctrace.document("fds", "-p", it.pid), quiet) > 100
    recorded = recorder.stop()
    assert recorded.code == 0, recorded
    kept = ipctrace.document("fds", "--input", recording)
    compare.check_window(kept)
    compare.check_fds(kept, quiet)
    assert it.finish() == 0


@pytest.mark.kernel
def test_storm_beside_another(ipctrace, workload):
    """What another makes at an address that one of ours had is nothing of ours."""
    it, other = workload("storm", "-s", 1, *SIZE), workload("storm", "-s", 2, *SIZE)
    tracer = ipctrace.start("trace", "--json", "--audit", "-p", it.pid)
    for storm in (it, other):
        storm.say()
    for storm in (it, other):
        storm.hear("quiet")
    end = compare.check_trace(tracer.stop().events)
    compare.check_audit(end)
    assert end["lost"] == 0 and end["resyncs"] == 0, end["window"]
    assert it.finish() == 0 and other.finish() == 0


@pytest.mark.kernel
@pytest.mark.parametrize("seed", range(101, 101 + RUNS))
def test_storm_as_program(ipctrace, tmp_path, seed):
    out = tmp_path / "out"
    tracer, it = ipctrace.program(["trace", "--json", "--audit"], ["storm", "-s", seed, *SIZE], out)
    it.hear("ready")
    it.say()
    it.hear("quiet")
    it.process.stdin.close()
    result = tracer.wait()
    it.process.stdout.close()
    assert result.code == 0, result
    from conftest import strict_json
    end = compare.check_trace([strict_json(line) for line in out.read_bytes().splitlines()])
    compare.check_audit(end)
    assert end["lost"] == 0, end["window"]


@pytest.mark.kernel
def test_storm_whole_machine(ipctrace, workload):
    it = workload("storm", "-s", 999, *SIZE)
    tracer = ipctrace.start("trace", "--json", "--audit")
    it.say()
    quiet = it.hear("quiet")["quiet"]
    result = tracer.stop()
    assert result.code == 0, result
    end = compare.check_trace(result.events)
    compare.check_audit(end)
    assert end["lost"] == 0, end["window"]
    compare.check_fds(ipctrace.document("fds"), quiet)
    assert it.finish() == 0
