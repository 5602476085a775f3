# SPDX-License-Identifier: GPL-2.0-only
"""What became of each signal: the workload tells, trace and graph must say the same."""
import os
import signal
import subprocess

import compare
import pytest

COUNTS = ["sent", "delivered", "ignored", "merged", "pending", "overflow", "taken", "discarded"]


def _pid(name):
    return int(name.partition("@")[0]) if name else 0


def _details(graph):
    """{(sender, target, signal): detail}"""
    found = {}
    for link in graph["links"]:
        if link["kind"] != "signal":
            continue
        assert link["object"] == f"process:{_pid(link['to'])}", link
        for detail in link["detail"]:
            key = (_pid(link["from"]), _pid(link["to"]), detail["signal"])
            assert key not in found, f"told twice: {key}"
            found[key] = detail
    return found


@pytest.mark.parametrize("all_of_it", [False, True])
def test_graph_counts_each(ipctrace, workload, all_of_it):
    it = workload("signals")
    tracer = ipctrace.start("graph", "--json", "--audit", "-d", 600, *([] if all_of_it else ["-p", it.pid]))
    it.say()
    done = it.hear("done")
    result = tracer.stop()
    assert result.code == 0, result
    compare.check_window(result.document)
    have = _details(result.document)
    for case in done["cases"]:
        detail = have[case["sender"], case["target"], case["signal"]]
        assert [detail[key] for key in COUNTS] == [case[key] for key in COUNTS], f"{case}\n{detail}"
        assert (detail["cause"] is None) == (case["sender"] != 0), detail
        assert detail["unseen"] == 0, detail
    assert it.finish() == 0


def test_trace_tells_each(ipctrace, workload):
    it = workload("signals")
    tracer = ipctrace.start("trace", "--json", "-e", "signal", "-p", it.pid)
    it.say()
    done = it.hear("done")
    result = tracer.stop()
    assert result.code == 0, result
    events = result.events
    refused = next(t for t in it.told if "refused" in t)["refused"]
    assert [e["result"] for e in events if e.get("outcome") == "failed"] == [-3], refused
    for case in done["cases"]:
        mine = [e for e in events if e["event"] in ("signal.send", "signal.deliver", "signal.ignore", "signal.merge")
                and e.get("signal") == case["signal"] and _pid(e["target"]) == case["target"]
                and _pid(e["sender"]) == case["sender"]]
        sent = [e for e in mine if e["event"] != "signal.deliver"]
        assert len(sent) == case["sent"], f"{case}: {mine}"
        assert sum(e["event"] == "signal.merge" for e in mine) == case["merged"], mine
        assert sum(e["event"] == "signal.ignore" for e in mine) == case["ignored"], mine
        assert case["outcome"] in [e["outcome"] for e in mine], f"{case}: {mine}"
        for end in mine:
            if end["event"] == "signal.deliver":
                assert end["delay_ns"] > 0 and _pid(end["process"]) == case["target"], end
    assert not any(e.get("number") == 9 and e["target"] and _pid(e["target"]) in
                   [c["target"] for c in done["cases"] if c["case"] == "death"] for e in events)
    assert {e["event"] for e in events} >= {"signal.handler", "signal.mask"}
    assert it.finish() == 0


def test_untraced_sender_has_its_name(ipctrace, background):
    target = background("sleep", "1000")
    tracer = ipctrace.start("trace", "-e", "signal", "-p", target.pid)
    sender = subprocess.run(["bash", "-c", f"kill -TERM {target.pid}; echo $$"], capture_output=True, check=True)
    result = tracer.wait()
    assert f"bash[{int(sender.stdout)}]" in result.text and f"SIGTERM → sleep[{target.pid}]  terminated" in result.text
    assert "SIGTERM from bash[" in result.text, result


def test_a_storm_is_counted_to_the_last(ipctrace, background):
    """More than is told one by one: the counts are whole, and the rest is told as a number."""
    target = background("sleep", "1000")
    code = f"import os\nfor i in range(30000): os.kill({target.pid}, 28)"
    tracer = ipctrace.start("trace", "--json", "-e", "signal", "-p", target.pid)
    subprocess.run(["python3", "-c", code], check=True)
    os.kill(target.pid, signal.SIGKILL)
    events = tracer.wait().events
    shown = sum(e["event"] == "signal.ignore" and e["number"] == 28 for e in events)
    more = sum(e["unshown"] for e in events if e["event"] == "signal.more")
    assert events[-1]["lost"] == 0 and shown + more == 30000, (shown, more)


def test_drawing_leaves_routine_out(ipctrace, workload):
    it = workload("signals")
    tracer = ipctrace.start("graph", "-d", 600, "-p", it.pid)
    it.say()
    it.hear("done")
    dot = tracer.stop().text
    assert "SIGUSR1 ×4" in dot and "SIGSEGV" in dot and "SIGCHLD" not in dot
    assert it.finish() == 0
