# SPDX-License-Identifier: GPL-2.0-only
"""Types that programs hand to the kernel by number keep their numbers in what libbpf sees of the kernel's types."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_numbered_types_are_kept():
    sources = {path: path.read_text() for path in (ROOT / "bpf").rglob("*.bpf.[ch]")}
    # In one macro, of which these are the uses.
    users = [path for path, text in sources.items() if re.search(r"bpf_core_type_id_\w+\(", text)]
    assert users == [ROOT / "bpf/view.bpf.h"], users
    used = {name for text in sources.values() for name in re.findall(r"FIELD\(struct (\w+)", text)}
    table = re.search(r"numbered\[\] = \{(.*?)\};", (ROOT / "src/source/kernel_types.c").read_text(), re.S)[1]
    assert used == set(re.findall(r'"(\w+)"', table))
