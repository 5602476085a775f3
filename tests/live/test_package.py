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
