# SPDX-License-Identifier: GPL-2.0-only
"""Which model a server shows, on what evidence: each model, with connections at once where it allows them."""
import re

import compare
import pytest

MODELS = {
    "iterative": "iterative",
    "events": "event loop",
    "threads": "thread per connection",
    "processes": "process per connection",
    "prefork": "prefork",
}


def _serve(ipctrace, workload, model, *options):
    it = workload("servers", model)
    tracer = ipctrace.start("graph", "-d", 600, "-p", it.pid, *options)
    it.say()
    done = it.hear("done")
    result = tracer.stop()
    assert result.code == 0, result
    return it, done, result


@pytest.mark.parametrize("model", MODELS)
def test_model_and_evidence(ipctrace, workload, model):
    it, done, result = _serve(ipctrace, workload, model, "--json")
    graph = result.document
    compare.check_graph(graph)
    listener = next(o for o in graph["objects"] if o["id"] == f"tcp:127.0.0.1:{done['port']}")
    assert listener["server_model"] == MODELS[model], listener
    accepted = re.match(r"(\d+) connections accepted by (\d+) process", listener["evidence"])
    assert int(accepted.group(1)) == done["clients"], listener
    assert int(accepted.group(2)) == (3 if model == "prefork" else 1), listener
    assert it.finish() == 0


def test_model_is_on_the_graph(ipctrace, workload):
    it, done, result = _serve(ipctrace, workload, "events")
    assert f"listens on tcp:127.0.0.1:{done['port']} (event loop)" in result.text
    assert it.finish() == 0


def test_nothing_is_concluded_from_nothing(ipctrace, workload):
    it = workload("servers", "events")
    graph = ipctrace.document("graph", "-p", it.pid)
    listener = next(o for o in graph["objects"] if o["kind"] == "tcp" and o["state"] == "listen")
    assert listener["server_model"] is None and listener["evidence"] is None, listener
    it.say()
    it.hear("done")
    assert it.finish() == 0
