# SPDX-License-Identifier: GPL-2.0-only
"""Holds ipctrace's documents against the truth, and against themselves."""
import truth


def by_pid(document, pid):
    found = [p for p in document["processes"] if p["pid"] == pid and not p["exited"]]
    assert len(found) == 1, f"{pid}: {len(found)} live processes of that pid in the document"
    return found[0]


def check_window(document, lost=0):
    window = document["window"]
    assert set(window) >= {"start_ns", "end_ns", "lost", "resyncs"}
    assert window["start_ns"] <= window["end_ns"]
    if lost is not None:
        assert window["lost"] == lost, window


def check_process(row):
    """What a process in a document says of itself, against /proc (it must be alive)."""
    assert set(row) >= {"id", "pid", "ppid", "comm", "exe", "argv", "uid", "cgroup", "selected", "exited"}
    pid = row["pid"]
    name, _, start = row["id"].partition("@")
    assert int(name) == pid
    low, high = truth.start_ns_range(pid)
    assert low <= int(start) < high, f"{row['id']}: started between {low} and {high}"
    assert row["ppid"] == truth.ppid(pid)
    assert row["comm"] == truth.comm(pid)
    assert not row["exited"]
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        argv = file.read().split(b"\0")[:-1]
    if row["argv"] is not None:
        assert row["argv"] == [arg.decode(errors="replace") for arg in argv]


def check_references(document):
    """Every id that is used is told, once."""
    processes = [p["id"] for p in document["processes"]]
    objects = [o["id"] for o in document["objects"]]
    descriptions = [d["id"] for d in document["descriptions"]]
    assert len(set(processes)) == len(processes)
    assert len(set(objects)) == len(objects), sorted(o for o in objects if objects.count(o) > 1)
    assert len(set(descriptions)) == len(descriptions)
    for description in document["descriptions"]:
        assert description["object"] in set(objects), description
        for holder in description["holders"]:
            assert holder["process"] in set(processes), description
    held = {(p["id"], f["fd"]): f["description"] for p in document["processes"] for f in p["fds"]}
    told = {(h["process"], h["fd"]): d["id"] for d in document["descriptions"] for h in d["holders"]}
    for slot, description in held.items():
        assert told.get(slot) == description, f"{slot}: {description} in the table, {told.get(slot)} in its holders"


def check_fds(document, pids):
    """The tables of those (quiet, living) processes: /proc, kcmp and lsfd must say the same."""
    assert document["schema"] == "ipctrace.fds/1"
    check_references(document)
    descriptions = {d["id"]: d for d in document["descriptions"]}
    objects = {o["id"]: o for o in document["objects"]}
    classes = {}
    for pid in pids:
        row = by_pid(document, pid)
        check_process(row)
        want = truth.fds(pid)
        have = {f["fd"]: f for f in row["fds"]}
        assert len(have) == len(row["fds"]), f"{pid}: a number told twice"
        assert set(have) == set(want), (
            f"{pid}: missing {sorted(set(want) - set(have))}, extra {sorted(set(have) - set(want))}")
        for number, slot in have.items():
            here = f"{pid} fd {number} → {want[number].target}: {slot}"
            description = descriptions[slot["description"]]
            assert slot["cloexec"] == want[number].cloexec, here
            check_description(description, objects[description["object"]], want[number], here)
            classes.setdefault(slot["description"], set()).add((pid, number))
    slots = [(pid, number) for pid in pids for number in truth.fds(pid)]
    ours, kernels = {frozenset(c) for c in classes.values()}, truth.descriptions(slots)
    assert ours == kernels, (
        f"descriptions differ: only ipctrace {sorted(map(sorted, ours - kernels))[:10]}, "
        f"only kcmp {sorted(map(sorted, kernels - ours))[:10]}")
    check_tables(document, pids)
    rows = truth.lsfd(pids)
    if rows is not None:
        assert set(rows) == set(slots)
    return len(slots)


def check_description(description, obj, want, here):
    if not want.flags & truth.O_PATH:
        assert description["access"] == want.access, f"{here}, {description}"
    for name, bit in (("nonblock", 0o4000), ("append", 0o2000)):
        assert (name in description["flags"]) == bool(want.flags & bit), f"{here}, {description}"
    kinds, name = truth.expected_object(want)
    if kinds is not None:
        assert obj["kind"] in kinds, f"{here}, {obj}"
    if name is not None:
        assert obj["id"] == name, f"{here}, {obj}"
    if obj["kind"] == "unix":
        assert obj["id"].partition("@")[0] == f"unix:[{want.stat.st_ino}]", f"{here}, {obj}"


def check_tables(document, pids):
    """Who shares a table, by kcmp."""
    tables = {pid: by_pid(document, pid)["table"] for pid in pids}
    for i, one in enumerate(pids):
        for other in pids[i + 1:]:
            assert (tables[one] == tables[other]) == truth.same_table(one, other), (
                f"{one} and {other}: table {tables[one]} and {tables[other]}")


def check_graph(document):
    """A graph's own promises."""
    assert document["schema"] == "ipctrace.graph/1"
    assert set(document) >= {"window", "processes", "objects", "endpoints", "links"}
    processes = {p["id"] for p in document["processes"]}
    objects = {o["id"] for o in document["objects"]}
    assert len(objects) == len(document["objects"]) and len(processes) == len(document["processes"])
    for end in document["endpoints"]:
        assert set(end) >= {"process", "object", "fds", "role", "bytes_in", "bytes_out", "ops_in",
                            "ops_out", "blocked_ns"}, end
        assert end["process"] in processes and end["object"] in objects, end
        assert end["role"] in {"read", "write", "both", "listen", "map"}, end
    for link in document["links"]:
        assert set(link) >= {"from", "to", "object", "kind", "bytes", "messages", "state", "closed",
                             "detail"}, link
        _check_ends(link, processes)
        assert link["object"] in objects, link
        assert link["state"] in {"observed", "open"} and isinstance(link["closed"], bool), link


def _check_ends(link, processes):
    """Processes that are told; null: one of the two is at `remote`, on another machine, or the kernel sends."""
    ends = [link["from"], link["to"]]
    assert all(end in processes for end in ends if end is not None), link
    if "remote" in link:
        assert ends.count(None) == 1 and link["remote"], link
    else:
        assert link["to"] is not None, link
        assert link["from"] is not None or link["kind"] == "signal", link


def pid_of(identity):
    return None if identity is None else int(identity.partition("@")[0])


def links_on(document, object_id):
    """{(from pid, to pid): link} on that object."""
    return {(pid_of(link["from"]), pid_of(link["to"])): link
            for link in document["links"] if link["object"] == object_id}


def endpoint(document, pid, object_id):
    found = [e for e in document["endpoints"] if pid_of(e["process"]) == pid and e["object"] == object_id]
    assert len(found) == 1, f"{pid} on {object_id}: {found}"
    return found[0]


def check_trace(events):
    """A trace's own promises; returns its last line."""
    assert events, "no line at all"
    *lines, end = events
    assert end["event"] == "end" and set(end) >= {"events", "lost", "resyncs", "audit"}, end
    assert end["events"] == len(lines), f"{len(lines)} lines, {end}"
    last = 0
    for line in lines:
        assert set(line) >= {"ts_ns", "event", "process", "tid", "comm"}, line
        mechanism, _, verb = line["event"].partition(".")
        assert mechanism and verb, line
        assert line["event"] != "end"
    # Records of two processors may come a little out of order; hours apart they may not be.
    for line in lines:
        assert line["ts_ns"] > last - 1_000_000_000, line
        last = max(last, line["ts_ns"])
    return end


def check_audit(end):
    audit = end["audit"]
    assert audit is not None, end
    assert set(audit) >= {"checked", "differences", "details"}
    assert audit["checked"] > 0, audit
    assert audit["differences"] == 0, f"{audit['differences']} of {audit['checked']}: {audit['details'][:20]}"
