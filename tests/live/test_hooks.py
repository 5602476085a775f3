# SPDX-License-Identifier: GPL-2.0-only
"""Which hooks are used: on a kernel that skips tp_btf programs under preemption, those it never skips."""
import platform

import compare


def test_hooks_that_this_kernel_never_skips(ipctrace):
    err = ipctrace.run("trace", "-v", "-d", "0.01").err.decode()
    wanted = "perf tracepoints" if int(platform.release().split(".")[0]) >= 7 else "tp_btf"
    assert f"hooks: {wanted}\n" in err, err


def test_nothing_is_skipped_while_all_fork_and_close(ipctrace, workload):
    """Forks and closes on all processors preempt each other in the middle of our programs."""
    it = workload("storm", "-s", 7, "-n", 1500)
    tracer = ipctrace.start("trace", "-vv", "--json", "--audit")
    it.say()
    it.hear("quiet")
    result = tracer.stop()
    end = compare.check_trace(result.events)
    compare.check_audit(end)
    assert b"recursion guard" not in result.err, result.err
    assert it.finish() == 0
