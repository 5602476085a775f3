# SPDX-License-Identifier: GPL-2.0-only
"""The same addresses in two network namespaces: no link may lead from one to the other."""
import compare
import pytest

SOCKETS = ("tcp", "udp", "unix")


def _links(document):
    """{(from, to): [link]} over sockets."""
    found = {}
    for link in document["links"]:
        if link["kind"] in SOCKETS:
            found.setdefault((compare.pid_of(link["from"]), compare.pid_of(link["to"])), []).append(link)
    return found


def _assert_apart(document, islands):
    """Each pair of client and server has its links, and nobody has one to the other namespace."""
    pids = {pid: number for number, island in enumerate(islands) for pid in (island["client"], island["server"])}
    for one, other in _links(document):
        assert pids.get(one) == pids.get(other), (one, other, islands)


def _assert_exact(document, island):
    links = _links(document)
    there, back = links[island["client"], island["server"]], links[island["server"], island["client"]]
    want = sorted((talk["kind"], talk["bytes"]) for talk in island["talks"])
    assert sorted((link["kind"], link["bytes"]) for link in there) == want, there
    want = sorted((talk["kind"], talk["answer"]) for talk in island["talks"] if talk["answer"])
    assert sorted((link["kind"], link["bytes"]) for link in back) == want, back


@pytest.mark.kernel
@pytest.mark.parametrize("select", [True, False], ids=["selected", "machine"])
def test_equal_addresses_stay_apart(ipctrace, workload, select):
    it = workload("islands")
    tracer = ipctrace.start("graph", "--json", "-d", 600, *(["-p", it.pid] if select else []))
    it.say()
    islands = it.hear("done")["islands"]
    document = tracer.stop().document
    _assert_apart(document, islands)
    for island in islands:
        _assert_exact(document, island)
    ids = [o["id"] for o in document["objects"]]
    assert len(set(ids)) == len(ids), ids
    assert it.finish() == 0


@pytest.mark.parametrize("who", ["client", "server"])
def test_what_was_there_before_stays_apart(ipctrace, workload, who):
    """One is selected: its peer is the one in its own namespace, and nobody of the other is there."""
    it = workload("islands")
    it.say()
    islands = it.hear("done")["islands"]
    for mine, others in (islands, islands[::-1]):
        document = ipctrace.document("graph", "-p", mine[who])
        _assert_apart(document, islands)
        links = _links(document)
        connected = sum(bool(talk["answer"]) for talk in mine["talks"])
        assert len(links[mine["client"], mine["server"]]) == connected, links
        assert len(links[mine["server"], mine["client"]]) == connected, links
        told = {end["process"].partition("@")[0] for end in document["endpoints"]
                if any(o["id"] == end["object"] and o["kind"] in SOCKETS for o in document["objects"])}
        assert not told & {str(others["client"]), str(others["server"])}, told
    assert it.finish() == 0


def test_why_stays_apart(ipctrace, workload):
    """Each server waits for nobody of the other namespace."""
    it = workload("islands")
    it.say()
    islands = it.hear("done")["islands"]
    document = ipctrace.run("why", "--json", "-p", ",".join(str(i["server"]) for i in islands), code=None).document
    pids = {pid: number for number, island in enumerate(islands) for pid in (island["client"], island["server"])}
    for wait in document["waits"]:
        for other in wait["of"]:
            one, two = compare.pid_of(wait["process"]), compare.pid_of(other["process"])
            assert one not in pids or two not in pids or pids[one] == pids[two], wait
    assert it.finish() == 0
