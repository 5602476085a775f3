# SPDX-License-Identifier: GPL-2.0-only
"""
Whether there are only programs of kinds that every host lets in: tracepoints, and iterators over tasks and Unix
sockets. Hosted kernels were seen to refuse trampolines (fentry, fexit, LSM), to have no kprobes, and to refuse iterators
that may write to what they go through (iter/bpf_map_elem and its like).
"""
import re
from pathlib import Path

import pytest

import relocations

BUILD = Path(__file__).resolve().parents[2] / "build"
EVERYWHERE = re.compile(r"\??(tp_btf/\w+|tp/\w+/\w+|raw_tp|iter(\.s)?/(task|task_file|task_vma|unix))")


@pytest.mark.parametrize("name", ["bpf-tracer.o", "bpf-snapshot.o"])
def test_programs_are_of_kinds_that_no_host_refuses(name):
    programs = relocations.Object(BUILD / name).programs()
    assert programs, f"{name}: no program was found in it"
    others = {program.name: program.section for program in programs if not EVERYWHERE.fullmatch(program.section)}
    assert not others
