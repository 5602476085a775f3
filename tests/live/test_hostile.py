# SPDX-License-Identifier: GPL-2.0-only
"""Names that are up to something, in every format: none gets out of where it stands."""
import re
import subprocess
import unicodedata
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from conftest import LIMIT, strict_json

# What turns the direction of writing or breaks a line without being a control character.
TURNS = {chr(c) for c in (*range(0x202a, 0x202f), *range(0x2066, 0x206a), 0x200e, 0x200f, 0x061c, 0x2028, 0x2029)}


def check_plain(data, where):
    """UTF-8 without control characters but the end of a line, safe on a terminal."""
    text = data.decode("utf-8", errors="strict")
    # DOT is indented with tabs.
    bad = {c for line in text.split("\n") for c in line.lstrip("\t") if unicodedata.category(c) == "Cc" or c in TURNS}
    assert not bad, f"{where}: {sorted(map(repr, bad))} in {[l for l in text.splitlines() if bad & set(l)][:3]}"
    return text


class Page(HTMLParser):
    """Which tags and attributes an HTML page has."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.fixture
def hostile(workload, tmp_path):
    """The workload with all its names in use, by pid; and a trace and a recording of how it made them."""
    folder = tmp_path / "names"
    folder.mkdir()
    it = workload("hostile", folder)
    yield it
    assert it.finish() == 0
    assert not list(folder.iterdir())


def _all_in_use(it):
    it.say()
    done = it.hear("done")
    assert done["path"] > 3500
    return done


def check_format(name, data):
    if name == "json":
        check_plain(data, name)
        strict_json(data)
        return
    text = check_plain(data, name)
    if name == "dot":
        subprocess.run(["dot", "-Tsvg", "-o", "/dev/null"], input=data, check=True, timeout=LIMIT, capture_output=True)
        # Each name stays a label: no statement has come of one.
        plain = subprocess.run(["dot", "-Tdot_json"], input=data, check=True, timeout=LIMIT, capture_output=True).stdout
        graph = strict_json(plain)
        assert "x" not in graph and not [n for n in graph.get("objects", []) if n["name"] == "evil"]
    if name == "svg":
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(data).iter()}
        assert "script" not in tags and tags <= {"svg", "g", "title", "path", "polygon", "text", "ellipse", "polyline", "a"}, tags
    if name == "html":
        page = Page(text)
        assert "script" not in page.tags and not [a for a in page.attributes if a.startswith("on")], page.tags
    if name == "mermaid":
        # A label is between quotes that no name closes.
        for line in text.splitlines():
            assert line.count('"') % 2 == 0, line


def test_reports(ipctrace, hostile, needs):
    needs("dot")
    done = _all_in_use(hostile)
    pids = ["-p", hostile.pid]
    for command, formats in {"fds": "text json", "graph": "text json dot svg html mermaid", "why": "text json",
                             "check": "text json"}.items():
        for name in formats.split():
            result = ipctrace.run(command, "-f", name, *pids, code=None)
            assert result.code in (0, 1), result
            assert result.out, (command, name)
            check_format(name, result.out)
            check_plain(result.err, "standard error")
    document = ipctrace.document("fds", *pids)
    assert {p["pid"] for p in document["processes"]} >= {hostile.pid, *done["children"]}
    names = " ".join(str(o["name"]) for o in document["objects"])
    for word in ("quote", "gpj.exe", "para", "BEGIN", "..long", "deep"):
        assert word in names, word


def test_trace_and_recording(ipctrace, hostile, tmp_path, needs):
    needs("dot")
    recording, drawing = tmp_path / "recording", tmp_path / "graph.dot"
    text = ipctrace.start("trace", "-v", "--dot", drawing, "-e", "all", "-p", hostile.pid)
    lines = ipctrace.start("trace", "--json", "-e", "all", "-p", hostile.pid)
    recorder = ipctrace.start("record", "-o", recording, "-p", hostile.pid)
    window = ipctrace.start("check", "-d", 600, "-p", hostile.pid)
    _all_in_use(hostile)
    results = [tracer.stop() for tracer in (text, lines, recorder, window)]
    assert all(result.code in (0, 1) for result in results), results
    for result in results:
        check_plain(result.err, "standard error")
    check_plain(results[0].out, "trace")
    check_plain(results[3].out, "check")
    for line in results[1].out.splitlines():
        check_plain(line, "trace --json")
        strict_json(line)
    assert any(e["event"] == "fifo.create" for e in results[1].events)
    check_format("dot", drawing.read_bytes())
    for command, name in (("fds", "text"), ("fds", "json"), ("graph", "svg"), ("graph", "html"), ("graph", "mermaid"),
                          ("graph", "json"), ("graph", "dot"), ("check", "json"), ("check", "text")):
        result = ipctrace.run(command, "-f", name, "--input", recording, code=None)
        assert result.code in (0, 1), result
        check_format(name, result.out)
    check_plain(ipctrace.run("replay", recording).out, "replay")


def test_names_on_our_own_command_line(ipctrace, tmp_path):
    """They go through messages."""
    for word in ("\x1b[31m", "a\nb", "\u202egpj", '"\'`'):
        result = ipctrace.run("fds", "--input", tmp_path / word, code=6)
        assert len(re.findall(rb"\n", result.err)) == 1
        check_plain(result.err, "standard error")
        check_plain(ipctrace.run("trace", "-e", word, code=2).err, "standard error")
        check_plain(ipctrace.run("trace", "--user", word, "--", "true", code=2).err, "standard error")
        check_plain(ipctrace.run("trace", "--", "./" + word, code=127).err, "standard error")
