#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Turns recordings into inputs for the fuzzer: the records behind the header, in pieces.

usage: tests/fuzz/seeds.py FOLDER RECORDING…
"""
import struct
import sys
from pathlib import Path

PIECE = 2048


def records(data):
    """Each record of a recording, whole."""
    at = struct.unpack_from("<I", data, 12)[0]
    while at + 48 <= len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        if size < 48 or at + size > len(data):
            return
        yield data[at:at + size]
        at += size


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    count, piece = 0, b""
    for path in sys.argv[2:]:
        for record in records(Path(path).read_bytes()):
            if piece and len(piece) + len(record) > PIECE:
                (folder / f"seed-{count:04}").write_bytes(piece)
                count, piece = count + 1, b""
            piece += record
        (folder / f"seed-{count:04}").write_bytes(piece)
        count, piece = count + 1, b""
    print(f"{count} seeds in {folder}")


if __name__ == "__main__":
    main()
