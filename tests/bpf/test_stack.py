# SPDX-License-Identifier: GPL-2.0-only
"""
Whether the programs fit kernels older than the one here. Before 6.13 all functions of a chain of
calls share 512 bytes of stack and may be eight deep (include/linux/bpf_verifier.h, MAX_CALL_FRAMES;
include/linux/filter.h, MAX_BPF_STACK), which newer kernels with private stacks don't mind.
"""
import re
import subprocess
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parents[2] / "build"
STACK_MAX, FRAMES_MAX, ROUND_TO = 512, 8, 32    # 32: kernel/bpf/verifier.c, check_max_stack_depth


class Function:
    def __init__(self, name):
        self.name, self.stack, self.calls = name, 0, set()

    def frame(self):
        return -(-max(self.stack, 1) // ROUND_TO) * ROUND_TO


def objdump(path, *options):
    return subprocess.run(["llvm-objdump", *options, path], stdout=subprocess.PIPE, text=True, check=True).stdout


def local_functions(path):
    """Offset in .text → name; relocations name static functions by section and offset alone."""
    rows = re.findall(r"^([0-9a-f]{16}) .* F \.text\t[0-9a-f]+ (?:\.hidden )?(\S+)$", objdump(path, "-t"), re.M)
    return {int(at, 16): name for at, name in rows}


def reference(symbol, code, static):
    """The function that a relocation speaks of, or None. A call holds its target in instructions,
    relative to the next; a callback's address is in bytes."""
    if symbol != ".text":
        return symbol
    if call := re.search(r"\bcall (-?\w+)", code):
        return static.get((int(call.group(1), 0) + 1) * 8)
    address = re.search(r"= (\w+) ll", code)
    return static.get(int(address.group(1), 0)) if address else None


def functions(path):
    static, found, current, code = local_functions(path), {}, None, ""
    for line in objdump(path, "-dr", "--no-show-raw-insn").splitlines():
        if head := re.match(r"[0-9a-f]+ <([^>]+)>:$", line):
            if not head.group(1).startswith("LBB"):
                current = found.setdefault(head.group(1), Function(head.group(1)))
        elif relocation := re.search(r"R_BPF_64_(?:32|64)\s+(\S+)", line):
            current.calls.add(reference(relocation.group(1), code, static))
        else:
            # Stores and loads name r10; an address is a copy of it, with an offset added.
            for offset in re.findall(r"\(r10 - (\d+)\)|r\d+ \+= -(\d+)$", line):
                size = int(offset[0] or offset[1])
                current.stack = max(current.stack, size if size <= STACK_MAX else 0)
            code = line
    for function in found.values():
        function.calls = {found[name] for name in function.calls if name in found} - {function}
    return found


def chains(function, above=()):
    above = (*above, function)
    yield above
    for called in function.calls - set(above):
        yield from chains(called, above)


def told(chain):
    return " → ".join(f"{function.name} ({function.frame()})" for function in chain)


@pytest.mark.parametrize("name", ["bpf-tracer.o", "bpf-snapshot.o"])
def test_chains_of_calls_fit_the_stack(name):
    found = functions(BUILD / name)
    called = {callee for function in found.values() for callee in function.calls}
    every = [chain for root in set(found.values()) - called for chain in chains(root)]
    assert max(map(len, every)) > 2, "no chain of calls was found at all: has llvm-objdump's output changed?"
    assert max(f.stack for f in found.values()) > 64, "no use of the stack was found at all"
    large = [chain for chain in every if sum(f.frame() for f in chain) > STACK_MAX]
    assert not large, "\n".join(f"{sum(f.frame() for f in chain)} bytes: {told(chain)}" for chain in large)
    deep = [chain for chain in every if len(chain) > FRAMES_MAX]
    assert not deep, "\n".join(map(told, deep))
