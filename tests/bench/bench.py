#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
How much ipctrace slows down what it watches, against nothing, against the least any tracer can
cost (an empty program on the same hook), and against bpftrace and strace; how long snapshots, start
and stop take, against lsfd, lsof and bpftrace; how long `why` takes, against the bare pass over the tasks
that it is made of; and how much memory it needs.

Every figure is the median of interleaved runs, with minimum and maximum. Compare ratios only:
times are this machine's, of this minute.

usage: bench.py [--sections pingpong,…,snapshot,why,start,memory] [--pairs N]
"""
import argparse
import os
import platform
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
PROGRAMS = BUILD / "tests" / "bench"
IPCTRACE = os.environ.get("IPCTRACE", str(BUILD / "ipctrace"))
LIMIT = 600     # seconds; only a hang reaches it

LOADS = {   # section: what is told of it
    "pingpong": "two processes, two pipes",
    "selfpipe": "one process, write + read",
    "fdstorm": "open dup dup2 close×3",
    "spawnstorm": "pipe, 2 × fork + exec",
    "unixmsg": "stream and datagram",
    "unixpong": "two processes, a Unix stream",
    "tcppong": "two processes, TCP on the loopback",
    "sigstorm": "two processes, a signal each way",
}
SECTIONS = [*LOADS, "snapshot", "why", "start", "memory"]

# Bytes per process and descriptor, as one would write it; the descriptor is known at entry only.
BPFTRACE = """BEGIN { printf("ready\\n"); }
tracepoint:syscalls:sys_enter_read, tracepoint:syscalls:sys_enter_write,
tracepoint:syscalls:sys_enter_sendto, tracepoint:syscalls:sys_enter_recvfrom { @fd[tid] = args->fd; }
tracepoint:syscalls:sys_exit_read, tracepoint:syscalls:sys_exit_write,
tracepoint:syscalls:sys_exit_sendto, tracepoint:syscalls:sys_exit_recvfrom
/args->ret > 0/ { @bytes[pid, @fd[tid]] = sum(args->ret); }"""


class Report:
    """What is printed, and kept in build/bench.txt."""

    def __init__(self):
        self.lines = []

    def line(self, text=""):
        print(text, flush=True)
        self.lines.append(text)

    def table(self, head, rows):
        rows = [head, *rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        for row in rows:
            self.line("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                                for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
        self.line()

    def keep(self):
        (BUILD / "bench.txt").write_text("\n".join(self.lines) + "\n")


def spread(values, form="{:.2f}"):
    """1.18 (1.15…1.24)"""
    if not values:
        return "–"
    return "{} ({}…{})".format(*(form.format(v) for v in
                                 (statistics.median(values), min(values), max(values))))


# --- who watches -----------------------------------------------------------------------------------

class Watcher:
    """Something attached while a load runs: begin() returns once it is, end() once it is gone."""
    ready = None    # the line of standard output that says so

    def __init__(self, command, ready_fd=False, line=b"ready"):
        self.line, self.log = line, tempfile.TemporaryFile()
        read, write = os.pipe()
        if ready_fd:
            command = [*command, "--ready-fd", str(write)]
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=self.log,
                                        stdout=subprocess.DEVNULL if ready_fd else write,
                                        pass_fds=[write] if ready_fd else [])
        os.close(write)
        said = b""
        while line not in said:
            data = os.read(read, 4096)
            if not data:
                self.process.wait()
                self.log.seek(0)
                raise RuntimeError(f"{command[0]} isn't ready: {self.log.read(2000).decode(errors='replace')}")
            said += data
        self.began_for = time.monotonic() - self.began
        self.pipe = read

    def status(self, key):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii", errors="replace") as file:
            return next(line.split()[1] for line in file if line.startswith(key + ":"))

    def interrupt(self, how):
        self.process.send_signal(how)

    def end(self, how=signal.SIGINT):
        before = time.monotonic()
        self.process.stdin.close()
        if how:
            self.interrupt(how)
        while os.read(self.pipe, 65536):    # what it says at its end must not block it
            pass
        self.process.wait(LIMIT)
        self.ended_for = time.monotonic() - before
        os.close(self.pipe)
        self.log.close()


def ipctrace_all():
    return Watcher([IPCTRACE, "trace", "-q"], ready_fd=True)


class OtherPid:
    """ipctrace on a process that has nothing to do with the load."""

    def __init__(self):
        self.other = subprocess.Popen([PROGRAMS / "crowd", "1", "5"], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)
        self.other.stdout.readline()
        self.watcher = Watcher([IPCTRACE, "trace", "-q", "-p", str(self.other.pid)], ready_fd=True)

    def end(self):
        self.watcher.end()
        self.other.stdin.close()
        self.other.wait(LIMIT)
        self.other.stdout.close()


class Floor(Watcher):
    def __init__(self):
        super().__init__([PROGRAMS / "floor"])

    def end(self, how=None):
        super().end(how)


class Bpftrace(Watcher):
    """Reads the formats of tracepoints; a mount namespace of its own keeps the mount ours."""

    def __init__(self):
        super().__init__(["unshare", "-m", "sh", "-c",
                          "[ -e /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing || exit; "
                          "exec bpftrace -e \"$0\"", BPFTRACE])

    def interrupt(self, _how):
        """bpftrace 0.17 sees the signal only in its epoll_wait(); one that comes beside it is forgotten."""
        ended = select.poll()
        pidfd = os.pidfd_open(self.process.pid)
        ended.register(pidfd, select.POLLIN)
        self.process.send_signal(signal.SIGINT)
        while not ended.poll(50):
            self.process.send_signal(signal.SIGINT)
        os.close(pidfd)


def run_load(name, prefix=(), scale=1.0):
    """ns an operation of one run."""
    args = [] if scale == 1.0 else [str(max(20, int(ROUNDS[name] * scale)))]
    done = subprocess.run([*prefix, PROGRAMS / name, *args], capture_output=True, timeout=LIMIT, check=True)
    return float(done.stdout.split()[-1])


ROUNDS = {"pingpong": 50000, "selfpipe": 300000, "fdstorm": 60000, "spawnstorm": 300, "unixmsg": 40000, "unixpong": 50000,
          "tcppong": 30000, "sigstorm": 50000}


def watched(make):
    def run(name):
        watcher = make()
        try:
            return run_load(name)
        finally:
            watcher.end()
    return run


def straced(name):
    # So slow that a few of the rounds tell enough; ns an operation all the same.
    scale = 0.2 if name == "spawnstorm" else 0.05
    return run_load(name, ["strace", "-f", "-o", "/dev/null"], scale)


VARIANTS = {
    "ipctrace": (IPCTRACE, watched(ipctrace_all)),
    "-p other": (IPCTRACE, watched(OtherPid)),
    "floor": (PROGRAMS / "floor", watched(Floor)),
    "bpftrace": ("bpftrace", watched(Bpftrace)),
    "strace -f": ("strace", straced),
}


# --- sections ------------------------------------------------------------------------------------

def slow_down(names, pairs, report):
    """Ratios to the same load unwatched, a base run before each watched one."""
    rows = []
    broken = {}
    for name in names:
        ratios = {variant: [] for variant in VARIANTS}
        to_floor, bases = [], []
        for _ in range(pairs):
            times = {}
            for variant, (program, run) in VARIANTS.items():
                if variant in broken or not shutil.which(str(program)):
                    broken.setdefault(variant, f"no {program}")
                    continue
                base = run_load(name)
                try:
                    times[variant] = run(name)
                except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                    broken[variant] = str(error).strip()
                    continue
                bases.append(base)
                ratios[variant].append(times[variant] / base)
            if "ipctrace" in times and "floor" in times:
                to_floor.append(times["ipctrace"] / times["floor"])
        rows.append([name, f"{statistics.median(bases):.0f} ns" if bases else "–",
                     *(spread(ratios[v]) for v in VARIANTS), spread(to_floor)])
        print(f"… {name}: {LOADS[name]}", file=sys.stderr, flush=True)
    report.line(f"Slow-down: time with it / time with nothing, median (min…max) of {pairs} pairs")
    report.table(["load", "nothing = 1", *VARIANTS, "ipctrace/floor"], rows)
    for variant, why in broken.items():
        report.line(f"  {variant}: {why}")


class Crowd:
    def __init__(self, processes, descriptors, threads=1):
        self.process = subprocess.Popen([PROGRAMS / "crowd", str(processes), str(descriptors), str(threads)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("crowd isn't ready")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(LIMIT)
        self.process.stdout.close()


def timed(command):
    before = time.monotonic()
    with open(os.devnull, "wb") as null:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=null, stderr=subprocess.PIPE,
                              timeout=LIMIT, check=False)
    took = time.monotonic() - before
    if done.returncode not in (0, 1):   # lsof: 1 where something could not be read
        raise RuntimeError(f"{command}: {done.returncode} {done.stderr[:1000]!r}")
    return took * 1000


SNAPSHOTS = {
    "ipctrace fds": [IPCTRACE, "fds"],
    "fds --json": [IPCTRACE, "fds", "--json"],
    "graph --json": [IPCTRACE, "graph", "--json"],
    "trace -d 0": [IPCTRACE, "trace", "-q", "-d", "0"],
    "lsfd": ["lsfd"],
    "lsof +E": ["lsof", "-n", "-P", "+E"],
}


def snapshot(pairs, report):
    """Whole commands, load time and printing included."""
    rows = []
    for processes in (200, 1000, 2000):
        times = {name: [] for name in SNAPSHOTS}
        with Crowd(processes, 50):
            for turn in range(pairs):
                for name, command in SNAPSHOTS.items():
                    # lsof needs many seconds there: three runs tell enough.
                    if shutil.which(command[0]) and not (name.startswith("lsof") and turn >= 3 and processes > 200):
                        times[name].append(timed(command))
        ours = [value for value in times["ipctrace fds"]]
        rivals = [statistics.median(times[name]) for name in ("lsfd", "lsof +E") if times[name]]
        faster = f"{min(rivals) / statistics.median(ours):.1f}×" if rivals and ours else "–"
        rows.append([f"{processes} × 50", *(spread(times[name], "{:.0f}") for name in SNAPSHOTS), faster])
        print(f"… snapshot of {processes}", file=sys.stderr, flush=True)
    report.line("Snapshot of the whole machine, ms, median (min…max); the last column: `ipctrace fds` "
                "against the faster rival")
    report.table(["processes × fds", *SNAPSHOTS, "faster"], rows)


WHYS = {
    "bare pass": [PROGRAMS / "barepass"],
    "ipctrace why": [IPCTRACE, "why", "-q"],
    "why --json": [IPCTRACE, "why", "-q", "--json"],
    "lsof": ["lsof", "-n", "-P"],
}


def why(pairs, report):
    """Whole commands over 2,000 threads; the bare pass is the same iterator, loaded and read once."""
    rows = []
    for processes, threads in ((100, 20), (2000, 1)):
        times = {name: [] for name in WHYS}
        with Crowd(processes, 20, threads):
            for _ in range(pairs):
                for name, command in WHYS.items():
                    if shutil.which(command[0]):
                        times[name].append(timed(command))
        middle = {name: statistics.median(values) for name, values in times.items() if values}
        rows.append([f"{processes} × {threads}", *(spread(times[name], "{:.0f}") for name in WHYS),
                     f"{middle['ipctrace why'] / middle['bare pass']:.2f}",
                     f"{middle['lsof'] / middle['ipctrace why']:.1f}×" if "lsof" in middle else "–"])
        print(f"… why over {processes} × {threads}", file=sys.stderr, flush=True)
    report.line("What 2,000 threads wait for, ms, median (min…max); `ipctrace why` against the bare pass (2 is the "
                "limit) and how much faster it is than lsof")
    report.table(["processes × threads", *WHYS, "to the pass", "to lsof"], rows)


def start(pairs, report):
    """From exec to the word that it is ready, and from Ctrl-C to the end."""
    begun = {"ipctrace": [], "bpftrace": []}
    ended = {"ipctrace": [], "bpftrace": []}
    why = None
    for _ in range(pairs):
        for name, make in (("ipctrace", ipctrace_all), ("bpftrace", Bpftrace)):
            if name == "bpftrace" and (why or not shutil.which("bpftrace")):
                why = why or "no bpftrace"
                continue
            try:
                watcher = make()
            except RuntimeError as error:
                if name == "ipctrace":
                    raise
                why = str(error)
                continue
            watcher.end()
            begun[name].append(watcher.began_for * 1000)
            ended[name].append(watcher.ended_for * 1000)
    rows = []
    for what, values in (("start until ready", begun), ("stop", ended)):
        share = "–"
        if values["bpftrace"] and values["ipctrace"]:
            share = f"{statistics.median(values['ipctrace']) / statistics.median(values['bpftrace']):.2f}"
        rows.append([what, spread(values["ipctrace"], "{:.0f}"), spread(values["bpftrace"], "{:.0f}"), share])
    report.line("Start and stop, ms, median (min…max)")
    report.table(["", "ipctrace", "bpftrace", "ratio"], rows)
    if why:
        report.line(f"  bpftrace: {why}")


def memory(_pairs, report):
    """Peak resident memory while it traces the whole machine."""
    rows = []
    for processes in (0, 2000):
        if processes:
            with Crowd(processes, 50):
                watcher = ipctrace_all()
                peak = int(watcher.status("VmHWM"))
                watcher.end()
        else:
            watcher = ipctrace_all()
            peak = int(watcher.status("VmHWM"))
            watcher.end()
        rows.append([f"{processes} × 50" if processes else "as it is", f"{peak / 1024:.1f}"])
    report.line("Peak resident memory of `ipctrace trace`, MiB")
    report.table(["processes × fds", "VmHWM"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sections", default=",".join(SECTIONS))
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    sections = options.sections.split(",")
    if set(sections) - set(SECTIONS):
        parser.error(f"sections are {', '.join(SECTIONS)}")
    if os.geteuid() != 0:
        sys.exit("bench: needs root")
    report = Report()
    report.line(f"{platform.release()} {platform.machine()}, {os.cpu_count()} processors, "
                f"{time.strftime('%Y-%m-%d %H:%M')}")
    report.line()
    loads = [name for name in LOADS if name in sections]
    if loads:
        slow_down(loads, options.pairs, report)
    for name, run in (("snapshot", snapshot), ("why", why), ("start", start), ("memory", memory)):
        if name in sections:
            run(options.pairs, report)
    report.keep()


if __name__ == "__main__":
    main()
