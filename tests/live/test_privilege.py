# SPDX-License-Identifier: GPL-2.0-only
"""What ipctrace may do, and when; whose rights its files and its PROGRAM have."""
import os
import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest
import compare
from conftest import IPCTRACE, LIMIT, SANITIZED, strict_json

NOBODY = 65534
BITS = {"dac_override": 1, "dac_read_search": 2, "fowner": 3, "setgid": 6, "setuid": 7, "sys_ptrace": 19,
        "sys_admin": 21, "sys_nice": 23, "perfmon": 38, "bpf": 39, "checkpoint_restore": 40}
TO_READ = {"dac_read_search", "sys_ptrace", "checkpoint_restore"}
TO_RENAME = {"dac_override", "fowner"}

# Before 6.2, libbpf before 1.3 looks for what the kernel hasn't in modules, and may not.
BEFORE_CASTS = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) < (6, 2)
TO_LOAD = ["bpf", "perfmon"] + ["sys_admin"] * BEFORE_CASTS

with_filter = pytest.mark.skipif(SANITIZED, reason="a sanitized binary runs without the filter")


def _mask(names):
    return sum(1 << BITS[name] for name in names)


def _status(pid):
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return dict(re.findall(r"^(\w+):\s*(\S+)", text, re.M))


@pytest.fixture
def public():
    """A directory that everybody can go to, as pytest's own isn't."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture
def capable(public):
    """A copy of ipctrace with file capabilities: capable("bpf", …) is its path."""
    def make(*names):
        path = public / "ipctrace"
        shutil.copy(IPCTRACE, path)
        os.chmod(path, 0o755)
        low = _mask(names)
        # struct vfs_ns_cap_data's older brother, revision 2, effective: linux/capability.h
        value = struct.pack("<5I", 0x02000001, low & 0xffffffff, 0, low >> 32, 0)
        try:
            os.setxattr(path, "security.capability", value)
        except OSError as error:
            pytest.skip(f"no file capabilities on this file system: {error}")
        return path
    return make


def _as_nobody(*args, **how):
    return subprocess.run(["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
                           "--inh-caps", "-all", *map(str, args)], capture_output=True, timeout=LIMIT, check=False, **how)


# --- what is left --------------------------------------------------------------------------------

@pytest.mark.kernel
@with_filter
@pytest.mark.parametrize("options,left", [
    (["trace"], TO_READ), (["trace", "--dot", "G"], TO_READ | TO_RENAME), (["graph", "-d", "600"], TO_READ),
    (["record", "-o", "R"], TO_READ | TO_RENAME), (["check", "-d", "600"], TO_READ),
    (["graph", "-d", "600", "-f", "svg"], TO_READ)])
def test_only_reading_is_left(ipctrace, workload, needs, tmp_path, options, left):
    if "svg" in options:
        needs("dot")
    it = workload("pipe_basic")
    options = [tmp_path / word if word in ("G", "R") else word for word in options]
    tracer = ipctrace.start(*options, "-p", it.pid)
    # Confined once PROGRAM, if any, is let go, and before the first event is waited for.
    it.say()
    it.hear("done")
    while (status := _status(tracer.pid))["Seccomp"] == "0":
        assert tracer.process.poll() is None
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1", status
    for key in ("CapEff", "CapPrm"):
        assert int(status[key], 16) == _mask(left), (key, status[key])
    assert int(status["CapInh"], 16) == int(status["CapAmb"], 16) == 0
    assert tracer.stop().code in (0, 1)
    assert it.finish() == 0


def test_without_the_filter(ipctrace, workload):
    it = workload("pipe_basic")
    tracer = ipctrace.start("trace", "--no-seccomp", "-p", it.pid)
    while (status := _status(tracer.pid))["NoNewPrivs"] == "0":
        assert tracer.process.poll() is None
    assert status["Seccomp"] == "0" and int(status["CapEff"], 16) == _mask(TO_READ)
    assert tracer.stop().code == 0
    assert it.finish() == 0


@with_filter
def test_dot_can_do_nothing_but_draw(ipctrace, workload, tmp_path, public):
    """What runs in dot's place has no capability, opens nothing to write, and gets no socket."""
    it = workload("pipe_basic")
    fake = public / "dot"
    fake.write_text("#!/bin/sh\ncat >/dev/null\ngrep -E '^(Cap|NoNew|Seccomp)' /proc/self/status\n"
                    f"(echo x > {public}/written) 2>/dev/null && echo WRITTEN\nexit 0\n", encoding="ascii")
    fake.chmod(0o755)
    said = ipctrace.run("graph", "-f", "svg", "-p", it.pid, env={"PATH": f"{public}:{os.environ['PATH']}"}).text
    assert "NoNewPrivs:\t1" in said and "Seccomp:\t2" in said and "WRITTEN" not in said, said
    assert int(re.search(r"CapPrm:\s*(\w+)", said)[1], 16) == 0, said
    assert not (public / "written").exists()
    assert it.finish() == 0


# --- what is missing -----------------------------------------------------------------------------

@pytest.mark.parametrize("gone,named", [
    ({"bpf", "sys_admin"}, ["CAP_BPF"]), ({"perfmon", "sys_admin"}, ["CAP_PERFMON"]),
    ({"bpf", "perfmon", "sys_admin"}, ["CAP_BPF", "CAP_PERFMON"])])
def test_missing_is_named(gone, named):
    drop = ",".join(f"-{name}" for name in sorted(gone))
    done = subprocess.run(["setpriv", "--inh-caps", "-all", "--bounding-set", drop, IPCTRACE, "fds", "-p", str(os.getpid())],
                          capture_output=True, timeout=LIMIT, check=False)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 3 and done.stdout == b"" and len(lines) == 1, done
    assert sorted(re.findall(r"CAP_\w+", lines[0])) == sorted(named), lines


def test_no_other_user_without_setuid():
    done = subprocess.run(["setpriv", "--inh-caps", "-all", "--bounding-set", "-setuid", IPCTRACE, "trace",
                           "--user", "nobody", "--", "true"], capture_output=True, timeout=LIMIT, check=False)
    assert done.returncode == 3 and b"CAP_SETUID" in done.stderr and b"CAP_SETGID" not in done.stderr, done


def test_set_user_id_is_refused(public):
    path = public / "ipctrace"
    shutil.copy(IPCTRACE, path)
    os.chmod(path, 0o4755)
    done = _as_nobody(path, "fds", "-p", os.getpid())
    assert done.returncode == 3 and b"set-user-ID" in done.stderr, done


# --- another user than root ----------------------------------------------------------------------

@pytest.mark.kernel
def test_file_capabilities(capable, public, workload):
    """The set that the man page names is enough to trace, to see root's processes, and to repair."""
    path = capable(*TO_LOAD, "sys_ptrace", "dac_read_search", "checkpoint_restore")
    it = workload("pipe_basic")
    done = _as_nobody(path, "fds", "--json", "-p", it.pid)
    assert done.returncode == 0 and not done.stderr, done
    row = compare.by_pid(strict_json(done.stdout), it.pid)
    assert row["exe"] and row["argv"], row
    done = _as_nobody(path, "trace", "--json", "--audit", "--", "sh", "-c",
                      "exec >&2; id -u; grep -E '^Cap(Eff|Prm|Amb)' /proc/self/status")
    assert done.returncode == 0, done
    assert b"missing" not in done.stderr
    # PROGRAM has the caller's identity, and nothing of ours. Amid the trace its words could come amid a line.
    lines = done.stderr.splitlines()
    assert str(NOBODY).encode() in lines
    assert sum(line.startswith(b"Cap") and int(line.split()[1], 16) == 0 for line in lines) == 3, lines
    events = list(map(strict_json, done.stdout.splitlines()))
    compare.check_audit(compare.check_trace(events))
    assert {"process.exec", "process.exit"} <= {e["event"] for e in events}
    assert it.finish() == 0


@pytest.mark.kernel
def test_less_than_that_is_said(capable):
    done = _as_nobody(capable(*TO_LOAD), "fds", "-p", os.getpid())
    assert done.returncode == 0 and b"CAP_SYS_PTRACE" in done.stderr, done
    done = _as_nobody(capable("bpf", "perfmon"), "fds", "-p", os.getpid())
    if done.returncode:
        assert BEFORE_CASTS and done.returncode == 3 and re.findall(rb"CAP_\w+", done.stderr) == [b"CAP_SYS_ADMIN"], done
    done = _as_nobody(capable("bpf"), "fds", "-p", os.getpid())
    assert done.returncode == 3 and b"CAP_PERFMON" in done.stderr and b"CAP_BPF" not in done.stderr, done


def test_files_are_opened_by_the_callers_rights(capable, public):
    """CAP_DAC_READ_SEARCH and CAP_DAC_OVERRIDE on our file are not for the caller's files."""
    path = capable(*TO_LOAD, "sys_ptrace", "dac_read_search", "dac_override", "fowner")
    secret, locked = public / "secret", public / "locked"
    secret.write_text("root's secret", encoding="ascii")
    secret.chmod(0o600)
    locked.mkdir(0o755)
    theirs = public / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    for args in (["check", "--baseline", secret], ["fds", "--input", secret]):
        done = _as_nobody(path, *args)
        assert done.returncode == 6 and b"ermission denied" in done.stderr and b"secret'" not in done.stderr, done
    for args in (["fds", "-o", locked / "o"], ["trace", "-d", "0", "-o", locked / "o"],
                 ["trace", "-d", "0", "--dot", locked / "o"], ["record", "-d", "0", "-o", locked / "o"]):
        done = _as_nobody(path, *args, "-p", os.getpid())
        assert done.returncode == 6 and b"ermission denied" in done.stderr, done
    assert not list(locked.iterdir())
    for args in (["fds"], ["trace", "-d", "0"], ["record", "-d", "0"]):
        done = _as_nobody(path, *args, "-o", theirs / args[0], "-p", os.getpid())
        assert done.returncode == 0, done
        assert (theirs / args[0]).stat().st_uid == NOBODY


# --- files ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("args", [["fds"], ["trace", "-d", "0"], ["record", "-d", "0"], ["graph"],
                                  ["trace", "-d", "0", "--dot"]])
def test_no_link_is_followed_where_anyone_writes(ipctrace, public, args):
    open_to_all, prey = public / "open", public / "prey"
    prey.mkdir()
    (prey / "file").write_text("untouched", encoding="ascii")
    open_to_all.mkdir()
    open_to_all.chmod(0o1777)
    (open_to_all / "leaf").symlink_to(prey / "file")
    (open_to_all / "folder").symlink_to(prey)
    (open_to_all / "theirs").write_text("bait", encoding="ascii")
    os.chown(open_to_all / "theirs", NOBODY, NOBODY)
    options = args if args[-1] == "--dot" else [*args, "-o"]
    result = ipctrace.run(*options, open_to_all / "folder" / "new", "-p", os.getpid(), code=6)
    assert "symbolic link" in result.err.decode(), result
    # The link itself may be replaced by a file, what it leads to may not be touched.
    ipctrace.run(*options, open_to_all / "leaf", "-p", os.getpid(), code=None)
    assert (prey / "file").read_text() == "untouched" and [p.name for p in prey.iterdir()] == ["file"]
    with open(open_to_all / "theirs", encoding="utf-8") as bait:
        ipctrace.run(*options, open_to_all / "theirs", "-p", os.getpid(), code=None)
        assert bait.read() == "bait"


def test_a_link_in_our_own_folder_stays_one(ipctrace, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real/file")
    ipctrace.run("fds", "--json", "-o", tmp_path / "link", "-p", os.getpid())
    assert (tmp_path / "link").is_symlink() and strict_json((tmp_path / "real" / "file").read_bytes())


# --- whose program -------------------------------------------------------------------------------

def _id_of(*command):
    return subprocess.run(command, capture_output=True, check=True, timeout=LIMIT).stdout


def test_user(ipctrace):
    show = ["sh", "-c", "id; echo $HOME; grep -E '^(Cap(Inh|Prm|Eff|Amb)|Groups|Uid|Gid)' /proc/self/status"]
    want = _id_of("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--init-groups", "--inh-caps", "-all", *show)
    for user in ("nobody", str(NOBODY)):
        have = ipctrace.run("trace", "-q", "-e", "process", "-o", "/dev/null", "--user", user, "--", *show).out
        assert have == want
    events = ipctrace.run("trace", "--json", "--user", "nobody", "--", "true").events
    compare.check_trace(events)


def test_program_is_the_callers_without_it(ipctrace):
    show = ["sh", "-c", "id; grep -E '^(Cap|Groups|Uid|Gid|NoNewPrivs|Seccomp:)' /proc/self/status"]
    assert ipctrace.run("trace", "-q", "-o", "/dev/null", "--", *show).out == _id_of(*show)


@pytest.mark.parametrize("args,names", [(["--user", "no-such-user", "--", "true"], "--user"), (["--user", "nobody"], "--user"),
                                        (["--user", "4294967295", "--", "true"], "--user")])
def test_user_usage(ipctrace, args, names):
    lines = ipctrace.run("trace", *args, code=2).err.decode().splitlines()
    assert len(lines) == 1 and names in lines[0]
