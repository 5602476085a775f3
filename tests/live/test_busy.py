# SPDX-License-Identifier: GPL-2.0-only
"""why beside busy PostgreSQL, nginx and make sees no deadlock. `make busy-why` asks a thousand times."""
from busy import Busy, ask, stuck_of_ours

RUNS = 20


def test_no_false_deadlock(needs, tmp_path_factory):
    needs("nginx", "ab", "psql", "make", "cc")
    # PostgreSQL's user and nginx's workers must get there.
    busy = Busy(tmp_path_factory.mktemp("busy"))
    try:
        for _ in range(RUNS):
            document, _ = ask()
            assert document["waits"]
            assert not stuck_of_ours(document), document
        busy.check()
    finally:
        busy.close()
