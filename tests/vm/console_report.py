# SPDX-License-Identifier: GPL-2.0-only
"""A pytest plugin: tells each test's end on the console at once, so that a guest that hangs has told the others."""
import json
import sys

MARK = "VMTEST-CASE "


def _tell(report, outcome, text):
    sys.__stdout__.write(f"\n{MARK}{json.dumps([report.nodeid, outcome, round(report.duration, 1), text])}\n")
    sys.__stdout__.flush()


def pytest_runtest_logreport(report):
    if report.failed:
        _tell(report, "failed", f"{report.when}: {report.longreprtext[-6000:]}")
    elif report.skipped:
        _tell(report, "skipped", report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr))
    elif report.when == "call":
        _tell(report, "passed", "")
