# SPDX-License-Identifier: GPL-2.0-only
"""
Whether the programs load on other kernels, as far as names of fields and types go. What one kernel calls otherwise, or
has no more, makes it refuse the program, unless that is reached only where bpf_core_field_exists() or its like has
said so. Each program is held against each kernel, whichever hooks are chosen there: --hooks may ask for the others.
"""
import os
import platform
import subprocess
from pathlib import Path

import pytest

import btf
import relocations

ROOT = Path(__file__).resolve().parents[2]
TYPES = (Path(__file__).parent / "kernels.types").read_text()
KERNELS = sorted({kernel for line in btf.kept_lines(TYPES) for kernel in line[0].split(",")})
HERE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())


def built(kernel):
    """The folder with the programs for that kernel's architecture."""
    arch = kernel.partition("-")[0]
    return ROOT / "build" if arch == HERE else ROOT / "build" / {"amd64": "x86", "arm64": "arm64"}[arch]


def complaints(path, kernel):
    programs, kept = relocations.Object(path).programs(), btf.Kept(TYPES, kernel)
    assert programs, f"{path}: no program was found in it"
    return [f"{program.name}: {where} needs {relocation}, which {kernel} does not have so"
            for program in programs for where, relocation in relocations.broken(program, kept)]


def test_the_whole_matrix_is_kept():
    """5.10 is too old, which it is told before anything is loaded."""
    assert KERNELS == [f"{arch}-{version}" for arch in ("amd64", "arm64") for version in ("6.1", "6.12", "7.2")]


@pytest.mark.parametrize("name", ["bpf-tracer.o", "bpf-snapshot.o"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_have_what_programs_name(kernel, name):
    try:
        found = complaints(built(kernel) / name, kernel)
    except relocations.Unkept as unkept:
        pytest.fail(f"{unkept} was not kept of {kernel}: tests/bpf/make-kernels keeps it")
    assert not found, "\n".join(sorted(set(found)))


# --- that it can fail ---------------------------------------------------------------------------------

HEAD = """
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct inode___more { long long i_mtime_sec, no_such_member; };
struct hrtimer___more { long long state; };
struct no_such_type { int member; };
#pragma clang attribute pop

SEC("?tp_btf/sys_exit")
int program(unsigned long long *ctx)
{
	struct inode *inode = (void *)ctx[0];
	struct inode___more *more = (void *)inode;
	struct hrtimer___more *timer = (void *)inode;
	struct hrtimer *older = (void *)inode;
	struct no_such_type *none = (void *)inode;
"""
TAIL = """
	return 0;
}

char _license[] SEC("license") = "GPL";
"""

# Which of the kernels' programs must be refused, and which not.
CASES = {
    "of all": ("return BPF_CORE_READ(inode, i_mode);", []),
    "of none": ("return BPF_CORE_READ(more, no_such_member);", ["6.1", "6.12", "7.2"]),
    "of newer ones": ("return BPF_CORE_READ(more, i_mtime_sec);", ["6.1"]),
    "of older ones": ("return BPF_CORE_READ(older, state);", ["7.2"]),
    "signed, and of another length": ("return timer->state;", ["6.1", "6.12", "7.2"]),
    "guarded": ("if (bpf_core_field_exists(struct inode___more, i_mtime_sec)) return BPF_CORE_READ(more, i_mtime_sec);",
                []),
    "guarded by another's": ("if (bpf_core_field_exists(struct inode, i_mode)) return BPF_CORE_READ(more, i_mtime_sec);",
                             ["6.1"]),
    "guarded the wrong way": ("if (!bpf_core_field_exists(struct inode___more, i_mtime_sec)) "
                              "return BPF_CORE_READ(more, i_mtime_sec);", ["6.1"]),
    "guarded beside something else": ("if (ctx[1] && bpf_core_field_exists(struct inode___more, i_mtime_sec) && ctx[2]) "
                                      "return BPF_CORE_READ(more, i_mtime_sec) + ctx[3];", []),
    "of a type that none has": ("return BPF_CORE_READ(none, member);", None),
}


@pytest.fixture(scope="module", name="compiled")
def compile_program(tmp_path_factory):
    def compiled(body, arch="x86"):
        path = tmp_path_factory.mktemp("programs") / "program.bpf"
        path.with_suffix(".c").write_text(HEAD + "\t" + body + TAIL)
        subprocess.run([os.environ.get("CLANG", "clang"), "-g", "-O2", "-target", "bpf", "-mcpu=v3",
                        f"-D__TARGET_ARCH_{arch}", f"-I{ROOT}/vmlinux/{arch}", f"-I{ROOT}/vmlinux", "-c",
                        path.with_suffix(".c"), "-o", path.with_suffix(".o")], check=True)
        return path.with_suffix(".o")
    return compiled


@pytest.mark.parametrize("case", CASES)
def test_what_a_kernel_does_not_have_is_found(compiled, case):
    body, refused = CASES[case]
    path = compiled(body)
    for version in ("6.1", "6.12", "7.2"):
        if refused is None:
            with pytest.raises(relocations.Unkept):
                complaints(path, f"amd64-{version}")
        else:
            found = complaints(path, f"amd64-{version}")
            assert bool(found) == (version in refused), f"{version}: {found}"
