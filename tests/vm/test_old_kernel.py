# SPDX-License-Identifier: GPL-2.0-only
"""
Below what ipctrace needs (scripts/vmtest puts this, and nothing else, into such a guest): every command
that asks the kernel says what is missing, in one line; recordings can be read.
"""
import gzip
import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIVE = [["trace"], ["fds"], ["graph"], ["check"], ["why"], ["record", "-o", "/tmp/never"], ["fds", "-p", "1"],
        ["trace", "--hooks", "tp_btf"], ["trace", "--hooks", "perf"], ["trace", "--", "/bin/sh", "-c", "exit 0"]]


def ipctrace(*args):
    return subprocess.run([ROOT / "build/ipctrace", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120, check=False)


@pytest.mark.parametrize("args", LIVE, ids=" ".join)
def test_says_what_is_missing(args):
    done = ipctrace(*args)
    assert (done.returncode, done.stdout) == (4, ""), done
    lines = done.stderr.splitlines()
    print(*lines, sep="\n")
    assert len(lines) == 1, lines
    for part in (f"Linux {os.uname().release} has no ", "bpf_loop", "Linux 6.1 or later with BTF is needed"):
        assert part in lines[0], lines
    assert not os.path.exists("/tmp/never")


@pytest.mark.parametrize("name", ["pipeline", "passing", "fifo"])
def test_reads_recordings(name, tmp_path):
    recording = tmp_path / "recording"
    recording.write_bytes(gzip.decompress((ROOT / f"tests/replay/{name}.ipc.gz").read_bytes()))
    done = ipctrace("graph", "--json", "--input", recording)
    assert done.returncode == 0 and not done.stderr, done
    assert json.loads(done.stdout) == json.loads((ROOT / f"tests/replay/{name}.graph.json").read_text())
