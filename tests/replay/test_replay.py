# SPDX-License-Identifier: GPL-2.0-only
"""
Recordings kept here, read back: the output must be what it was, byte for byte, on every machine.
A change that is meant: tests/replay/make, and read the difference.
"""
import importlib.machinery
import importlib.util
import json
from pathlib import Path

import pytest

_loader = importlib.machinery.SourceFileLoader("replay_make", str(Path(__file__).parent / "make"))
make = importlib.util.module_from_spec(importlib.util.spec_from_loader("replay_make", _loader))
_loader.exec_module(make)

CASES = [(name, expected, args) for name in make.RECORDINGS for expected, args in make.outputs_of(name)]


def _first_difference(have, want):
    have, want = have.splitlines(), want.splitlines()
    for number, (one, other) in enumerate(zip(have, want), 1):
        if one != other:
            return f"line {number}:\n  is       {one[:600]}\n  expected {other[:600]}"
    return f"{len(have)} lines, expected {len(want)}"


@pytest.mark.parametrize("name,expected,args", CASES, ids=[case[1].name for case in CASES])
def test_output_is_what_it_was(name, expected, args, tmp_path):
    done = make.run(args, make.unpack(name, tmp_path))
    assert done.returncode == 0 and not done.stderr, (
        f"{done.stderr.decode()}(if the format of recordings changed: tests/replay/make recordings)")
    want = expected.read_bytes()
    assert done.stdout == want, _first_difference(done.stdout.decode(), want.decode())


@pytest.mark.parametrize("name", make.RECORDINGS)
def test_json_says_the_same_of_losses(name, tmp_path):
    """So that the lossy one is one, and the others are none."""
    window = json.loads(make.run(["graph", "--json"], make.unpack(name, tmp_path)).stdout)["window"]
    assert (window["lost"] > 0) == (window["resyncs"] > 0) == (name == "lossy"), window


@pytest.mark.parametrize("eighths", range(8))
@pytest.mark.parametrize("more", [0, 1, 8])
@pytest.mark.parametrize("command", ["replay", "graph", "fds"])
def test_cut_short_is_refused_in_one_line(command, eighths, more, tmp_path):
    path = make.unpack("pipeline", tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) * eighths // 8 + more])
    done = make.run([command], path)
    assert done.returncode == 6, done
    assert done.stderr.count(b"\n") == 1 and done.stderr.endswith(b"\n"), done.stderr
    assert str(path).encode() in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize("at", [0, 8, 100, 200, 1000, -1])
def test_a_wrong_byte_is_refused(at, tmp_path):
    path = make.unpack("pipeline", tmp_path)
    data = bytearray(path.read_bytes())
    data[at] ^= 0x55
    path.write_bytes(data)
    done = make.run(["graph", "--json"], path)
    assert done.returncode == 6 and done.stderr.count(b"\n") == 1 and not done.stdout, done
