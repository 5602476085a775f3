# SPDX-License-Identifier: GPL-2.0-only
"""The Debian package: built from the tree, installed, run, removed. And the shell's completion."""
import os
import re
import shutil
import subprocess

import pytest
from conftest import IPCTRACE, ROOT


def _run(*command, **how):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, cwd=ROOT, **how)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def _is_installed():
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", "ipctrace"], capture_output=True,
                          text=True, check=False)
    return done.stdout == "installed"


@pytest.fixture
def package(needs):
    needs("dpkg-shlibdeps", "dpkg-deb")
    if _is_installed():
        pytest.skip("ipctrace is installed here as a package")
    _run("scripts/deb", env={**os.environ, "MAKEFLAGS": ""})
    path = next((ROOT / "build").glob("ipctrace_*.deb"))
    yield path
    if _is_installed():
        _run("dpkg", "--purge", "ipctrace")
    path.unlink()


def test_package_is_installed_run_and_removed(package):
    fields = _run("dpkg-deb", "--field", package)
    assert re.search(r"^Depends:.*libbpf", fields, re.M), fields
    _run("dpkg", "--install", package)
    assert re.match(r"ipctrace \d", _run("/usr/bin/ipctrace", "--version"))
    out = _run("/usr/bin/ipctrace", "graph", "--json", "-p", os.getpid())
    assert '"ipctrace.graph/1"' in out
    files = _run("dpkg", "--listfiles", "ipctrace").split()
    assert "/usr/share/man/man1/ipctrace.1.gz" in files
    assert "/usr/share/bash-completion/completions/ipctrace" in files
    _run("dpkg", "--purge", "ipctrace")
    assert not _is_installed()
    left = [path for path in files if "ipctrace" in path and os.path.exists(path)]
    assert not left


@pytest.mark.parametrize("line, expected", [
    (["ipctrace", "gra"], {"graph"}),
    (["ipctrace", "--aud"], {"--audit"}),
    (["ipctrace", "graph", "-f", "mer"], {"mermaid"}),
    (["ipctrace", "-e", "fd,pi"], {"fd,pipe"}),
    (["ipctrace", "-p", str(os.getpid())], {str(os.getpid())}),
])
def test_completion(line, expected):
    script = ('. scripts/completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ipctrace; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    bash = shutil.which("bash")
    out = _run(bash, "-c", script, "bash", *line,
               env={**os.environ, "PATH": f"{os.path.dirname(IPCTRACE)}:{os.environ['PATH']}"})
    assert expected <= set(out.split()), out


@pytest.fixture(name="sources")
def fixture_sources(tmp_path, needs):
    """Two files under version control, one of which was changed since, and what formats them: it says how often it
    was called, with what."""
    needs("git")
    tree = tmp_path / "tree"
    (tree / "scripts").mkdir(parents=True)
    (tree / "src").mkdir()
    shutil.copy(ROOT / "scripts" / "fmt", tree / "scripts")
    for name in ("kept.c", "changed.c"):
        (tree / "src" / name).write_text("int a;\nint  b;\nint c;\nint d;\n")
    git = ["git", "-C", tree, "-c", "user.name=t", "-c", "user.email=t@localhost"]
    _run(*git, "init", "-q")
    _run(*git, "add", "-A")
    _run(*git, "commit", "-q", "-m", "first")
    (tree / "src" / "changed.c").write_text("int x;\nint a;\nint  b;\nint  y;\nint  z;\n")
    tool = tmp_path / "formatter"
    tool.write_text(f"#!/bin/sh\n[ $1 = --version ] && echo clang-format version $VERSION && exit\n"
                    f"echo \"$@\" >> {tmp_path / 'calls'}\n")
    tool.chmod(0o755)
    return tree, tool, tmp_path / "calls"


def _format(sources, version):
    tree, tool, calls = sources
    done = subprocess.run([tree / "scripts" / "fmt"], capture_output=True, text=True, check=False,
                          env={**os.environ, "CLANG_FORMAT": str(tool), "VERSION": version})
    return done, calls.read_text() if calls.exists() else ""


def test_only_changed_lines_are_formatted(sources):
    done, calls = _format(sources, "14.0.6")
    assert done.returncode == 0, done
    assert calls == "-i --lines=1:1 --lines=4:5 src/changed.c\n"


def test_another_formatter_formats_nothing(sources):
    done, calls = _format(sources, "19.1.7")
    assert done.returncode == 1 and not calls
    assert "clang-format 14 formats these sources" in done.stderr and "of version 19" in done.stderr
