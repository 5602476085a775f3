# SPDX-License-Identifier: GPL-2.0-only
"""POSIX queues, eventfds and pseudo-terminals: links with their bytes, and their facts."""
import os

import pytest
import compare


def _ids(ready):
    return (f"mq:{ready['mq']['name']}", f"eventfd:[{ready['eventfd']['id']}]", f"pty:{ready['pty']['slave']}")


def _check_window(graph, ready, done):
    compare.check_graph(graph)
    us, child = ready["pid"], ready["child"]
    mq, eventfd, pty = _ids(ready)
    link = compare.links_on(graph, mq)[us, child]
    assert (link["kind"], link["bytes"], link["messages"], link["state"]) == ("mq", done["mq"], 4, "observed")
    assert compare.endpoint(graph, child, mq)["ops_in"] == 3
    link = compare.links_on(graph, eventfd)[us, child]
    assert (link["kind"], link["bytes"], link["state"]) == ("eventfd", done["eventfd"], "observed")
    links = compare.links_on(graph, pty)
    assert set(links) == {(us, child), (child, us)}
    assert links[us, child]["bytes"] == done["pty"]["down"] and links[us, child]["state"] == "observed"
    assert links[child, us]["bytes"] == done["pty"]["up"] and links[child, us]["state"] == "observed"
    assert links[us, child]["kind"] == "pty"
    assert compare.endpoint(graph, us, pty)["fds"] == [ready["pty"]["master"]]
    objects = {o["id"]: o for o in graph["objects"]}
    assert (objects[mq]["queued"], objects[mq]["capacity"], objects[mq]["message_size"]) == (1, 5, 64)


@pytest.mark.kernel
def test_links_have_their_bytes(ipctrace, workload):
    it = workload("queues")
    ready = it.told[-1]
    tracer = ipctrace.start("graph", "--json", "-p", it.pid, "-d", "600", "--audit")
    it.say()
    done = it.hear("done")
    result = tracer.stop()
    assert result.code == 0, result
    _check_window(result.document, ready, done)
    compare.check_audit(result.document)
    assert it.finish() == 0


def test_of_the_whole_machine(ipctrace, workload):
    it = workload("queues")
    ready = it.told[-1]
    tracer = ipctrace.start("graph", "--json", "-d", "600")
    it.say()
    done = it.hear("done")
    _check_window(tracer.stop().document, ready, done)
    assert it.finish() == 0


def test_what_was_there_before(ipctrace, workload):
    """At an instant: nobody is known to have used any of it."""
    it = workload("queues")
    ready = it.told[-1]
    graph = ipctrace.document("graph", "-p", it.pid)
    compare.check_graph(graph)
    for name in _ids(ready):
        links = compare.links_on(graph, name)
        assert set(links) == {(it.pid, ready["child"]), (ready["child"], it.pid)}, name
        assert all(link["state"] == "open" and link["bytes"] is None for link in links.values())
    facts = {o["id"]: o for o in graph["objects"]}
    assert facts[_ids(ready)[0]]["queued"] == 0 and facts[_ids(ready)[1]]["count"] == 0
    it.say()
    it.hear("done")
    assert it.finish() == 0


def test_the_child_is_enough(ipctrace, workload):
    """Its peer's traffic on what it holds is counted too."""
    it = workload("queues")
    ready = it.told[-1]
    tracer = ipctrace.start("graph", "--json", "-p", ready["child"], "-d", "600")
    it.say()
    done = it.hear("done")
    _check_window(tracer.stop().document, ready, done)
    assert it.finish() == 0


def test_events_go_by_their_mechanism(ipctrace, tmp_path):
    out = tmp_path / "trace"
    from conftest import strict_json, workload_path
    ipctrace.run("trace", "--json", "-e", "mq,eventfd,pty", "-o", out, "--", workload_path("queues"),
                 stdin=os.open(os.devnull, os.O_RDONLY))
    events = [strict_json(line) for line in out.read_bytes().splitlines()]
    kinds = {e["object"].partition(":")[0] for e in events[:-1] if e["object"]}
    assert kinds == {"mq", "eventfd", "pty"}, events
    assert any(e["event"] == "fd.open" and e["object"].startswith("mq:/ipctrace-test") for e in events[:-1])
