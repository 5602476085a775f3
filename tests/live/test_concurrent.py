# SPDX-License-Identifier: GPL-2.0-only
"""Several ipctraces at once see the same, and don't disturb each other."""
import pytest
import compare


@pytest.mark.kernel
def test_two_traces_see_the_same(ipctrace, workload):
    it = workload("descriptors")
    tracers = [ipctrace.start("trace", "--json", "--audit", "-p", it.pid) for _ in range(2)]
    it.say()
    it.hear("done")
    seen = []
    for tracer in tracers:
        result = tracer.stop()
        assert result.code == 0, result
        end = compare.check_trace(result.events)
        compare.check_audit(end)
        assert end["lost"] == 0, end["window"]
        # What the kernel has no name for goes by a number of the tracer's own.
        seen.append([(e["event"], e["object"].split(":")[0] if "fd:" in e["object"] or
                      e["object"].startswith(("epoll", "anon", "inotify")) else e["object"], e["fds"])
                     if e["object"] else (e["event"], None, e["fds"]) for e in result.events[:-1]
                     if compare.pid_of(e["process"]) == it.pid])
    assert seen[0] == seen[1]
    assert it.finish() == 0


def test_one_ends_and_the_other_goes_on(ipctrace, workload):
    one, two = workload("pipeline", 3), workload("pipeline", 4)
    first = ipctrace.start("graph", "--json", "-d", 600, "-p", one.pid)
    second = ipctrace.start("graph", "--json", "-d", 600, "-p", two.pid)
    one.say()
    truth_one = one.hear("stages")
    graph_one = first.stop().document
    two.say()
    truth_two = two.hear("stages")
    graph_two = second.stop().document
    for graph, told, other in ((graph_one, truth_one, truth_two), (graph_two, truth_two, truth_one)):
        for link in told["links"]:
            have = compare.links_on(graph, f"pipe:[{link['inode']}]")[link["from"], link["to"]]
            assert have["bytes"] == link["bytes"]
        assert not {p["pid"] for p in graph["processes"]} & set(other["stages"])
    assert one.finish() == 0 and two.finish() == 0


def test_tracing_a_tracer(ipctrace, workload):
    """An ipctrace under an ipctrace: no event may breed another."""
    it = workload("pipe_basic")
    inner = ipctrace.start("trace", "--json", "-p", it.pid)
    outer = ipctrace.start("trace", "--json", "-p", inner.pid)
    it.say()
    it.hear("done")
    assert inner.stop().code == 0
    result = outer.wait()
    assert result.code == 0
    end = compare.check_trace(result.events)
    assert end["events"] < 100000
    assert it.finish() == 0
