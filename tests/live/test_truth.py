# SPDX-License-Identifier: GPL-2.0-only
"""The measuring rods themselves: what the workloads tell is what /proc and kcmp say."""
import os

import truth


def test_classes_by_kcmp():
    one, two = os.pipe()
    copy = os.dup(one)
    me = os.getpid()
    try:
        classes = truth.descriptions([(me, one), (me, two), (me, copy)])
        assert classes == {frozenset([(me, one), (me, copy)]), frozenset([(me, two)])}
    finally:
        for fd in (one, two, copy):
            os.close(fd)


def test_descriptors_tells_the_truth(workload):
    it = workload("descriptors")
    it.say()
    done = it.hear("done")
    (one, other), = done["shared"]
    assert truth.same_table(one, other)
    assert not any(truth.same_table(it.pid, pid) for pid in done["apart"])
    tables = {pid: truth.fds(pid) for pid in done["pids"]}
    assert len(tables[it.pid]) > 30
    # What was close-on-exec didn't survive exec.
    for pid in done["execed"]:
        assert 101 in tables[pid] and 100 not in tables[pid]
    for came in done["came"]:
        assert came["fd"] in tables[came["pid"]]
    rows = truth.lsfd(done["pids"])
    assert rows is None or set(rows) == {(pid, fd) for pid in done["pids"] for fd in tables[pid]}
    assert it.finish() == 0


def test_pipeline_tells_the_truth(workload):
    it = workload("pipeline", 6)
    it.say()
    told = it.hear("stages")
    for link in told["links"]:
        name = f"pipe:[{link['inode']}]"
        holders = {(pid, fd, row.access) for pid in [it.pid, *told["stages"]]
                   for fd, row in truth.fds(pid).items() if row.target == name}
        assert holders == {(link["from"], 1, "w"), (link["to"], 0, "r")}
    assert it.finish() == 0


def test_storm_is_quiet_when_it_says_so(workload):
    it = workload("storm", "-n", 1000)
    it.say()
    quiet = it.hear("quiet")["quiet"]
    assert len(quiet) == 7 and min(quiet) > 0
    once = {pid: {fd: row.target for fd, row in truth.fds(pid).items()} for pid in quiet}
    assert once == {pid: {fd: row.target for fd, row in truth.fds(pid).items()} for pid in quiet}
    assert it.finish() == 0


def test_passing_and_spawn_and_pipes_tell_the_truth(workload):
    for name in ("passing", "spawn", "pipe_basic"):
        it = workload(name)
        it.say()
        done = it.hear("done")
        for pid in done.get("pids", [it.pid]):
            assert truth.fds(pid)
        for passed in done.get("passes", []):
            for fd in passed["got"]:
                assert truth.fds(passed["receiver"])[fd].target == f"pipe:[{passed['inode']}]"
        for lying in done.get("in_flight", []):
            assert not any(row.target == f"pipe:[{lying['inode']}]" and row.access == "w"
                           for pid in done["pids"] for row in truth.fds(pid).values())
        for pipe in done.get("pipes", []):
            held = sorted(fd for fd, row in truth.fds(it.pid).items() if row.target == f"pipe:[{pipe['inode']}]")
            assert held == sorted(pipe["fds"])
        assert it.finish() == 0
