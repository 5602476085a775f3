# SPDX-License-Identifier: GPL-2.0-only
"""Too small a ring: events are lost, it is said how many, and the state is exact again."""
import os

import compare

STORM = ["storm", "-n", str(4 * int(os.environ.get("STORM_SIZE", "5000")))]
SMALL = ["--ring-size", "64K"]


def test_loss_is_counted_and_healed(ipctrace, workload, tmp_path):
    it = workload(*STORM)
    recording = tmp_path / "recording"
    tracer = ipctrace.start("trace", "--json", "--audit", *SMALL, "-p", it.pid)
    recorder = ipctrace.start("record", "-q", *SMALL, "-o", recording, "-p", it.pid)
    it.say()
    quiet = it.hear("quiet")["quiet"]
    result = tracer.stop()
    assert result.code == 0, result
    end = compare.check_trace(result.events)
    assert end["lost"] > 0 and end["resyncs"] >= 1, end
    compare.check_audit(end)
    assert b"lost" in result.err
    assert recorder.stop().code == 0
    kept = ipctrace.document("fds", "--input", recording)
    assert kept["window"]["lost"] > 0 and kept["window"]["resyncs"] >= 1
    compare.check_fds(kept, quiet)
    assert it.finish() == 0


def test_graph_says_incomplete(ipctrace, workload):
    it = workload(*STORM)
    tracer = ipctrace.start("graph", *SMALL, "-d", 600, "-p", it.pid)
    it.say()
    it.hear("quiet")
    result = tracer.stop()
    assert result.code == 0, result
    assert "INCOMPLETE" in result.text
    assert it.finish() == 0


def test_default_ring_loses_nothing(ipctrace, workload, tmp_path):
    """Recorded, that is: wording and printing a line an event has a rate of its own."""
    it = workload(*STORM)
    recording = tmp_path / "recording"
    recorder = ipctrace.start("record", "-q", "-o", recording, "-p", it.pid)
    it.say()
    it.hear("quiet")
    assert recorder.stop().code == 0
    window = ipctrace.document("fds", "--input", recording)["window"]
    assert (window["lost"], window["resyncs"]) == (0, 0), window
    assert it.finish() == 0
