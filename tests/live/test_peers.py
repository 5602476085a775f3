# SPDX-License-Identifier: GPL-2.0-only
"""
Who becomes a peer amid a trace, and is not alone: what it was doing at that moment in other threads, in
children and in whoever shares its table is known from then on as if it had been traced from the start.
"""
import pytest
import compare


@pytest.mark.parametrize("run", range(5))
def test_a_peer_that_is_not_alone(ipctrace, workload, run):
    it = workload("peers")
    server = it.told[0]["server"]
    tracer = ipctrace.start("trace", "--json", "--audit", "-p", server)
    it.say()
    quiet = it.hear("quiet")["quiet"]
    result = tracer.stop()
    end = compare.check_trace(result.events)
    compare.check_audit(end)
    assert result.code == 0 and end["lost"] == 0 and end["resyncs"] == 0, end
    # All of them were compared: each has hundreds, and the two that share have them once.
    assert end["audit"]["checked"] > 600, (end, quiet)
    assert it.finish() == 0


def test_all_who_hold_it_are_found(ipctrace, workload):
    """A document of a window has whoever had the table of the one that connected."""
    it = workload("peers")
    server = it.told[0]["server"]
    tracer = ipctrace.start("graph", "--json", "-d", 600, "-p", server)
    it.say()
    quiet = it.hear("quiet")["quiet"]
    document = tracer.stop().document
    compare.check_graph(document)
    mine = it.pid, quiet[1]
    held = {e["object"] for e in document["endpoints"] if compare.pid_of(e["process"]) == server}
    for pid in mine:
        ends = {e["object"] for e in document["endpoints"] if compare.pid_of(e["process"]) == pid}
        others = {o["peer"] for o in document["objects"] if o["id"] in ends and o.get("peer")}
        assert others & held, (pid, ends, held)
    assert it.finish() == 0
