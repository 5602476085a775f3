# SPDX-License-Identifier: GPL-2.0-only
"""Every command on every recording under valgrind: nothing is leaked, nothing read that was not written."""
import shutil
import subprocess

import pytest
from test_replay import make

COMMANDS = [["replay"], ["replay", "--json"], ["fds"], ["fds", "--json"], ["graph"], ["graph", "--json"],
            ["check", "--json"]]
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect,possible",
            "--error-exitcode=99"]


def _run(args, path):
    if not shutil.which("valgrind"):
        pytest.skip("valgrind isn't installed")
    # Behind the filter valgrind could not end as it wants to.
    command = [*VALGRIND, make.IPCTRACE, *args, "-q", "--no-seccomp", "--input", path]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)


@pytest.mark.parametrize("name", make.RECORDINGS)
@pytest.mark.parametrize("args", COMMANDS, ids=" ".join)
def test_no_leak_and_no_error(name, args, tmp_path):
    done = _run(args, make.unpack(name, tmp_path))
    assert done.returncode in ([0, 1] if args[0] == "check" else [0]), done.stderr.decode()
    assert done.stdout and not done.stderr, done.stderr.decode()


@pytest.mark.parametrize("args", [["replay"], ["fds"], ["graph"]], ids=" ".join)
def test_nor_where_a_recording_is_cut_short(args, tmp_path):
    path = make.unpack("pipeline", tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2])
    done = _run(args, path)
    assert done.returncode == 6 and done.stderr.count(b"\n") == 1, done.stderr.decode()
