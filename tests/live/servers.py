# SPDX-License-Identifier: GPL-2.0-only
"""Servers of Debian, started in a folder of the test's own and ended with it; none is installed as a service."""
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from waiting import LIMIT, until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connects(family, address):
    def attempt():
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.connect(address)
        return True
    return attempt


def run(*command, **how):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=LIMIT * 2,
                          **how)
    assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


class Server:
    """A process that ends in order when the test does."""

    def __init__(self, args, stop=signal.SIGTERM, **how):
        self.stop_signal = stop
        self.process = subprocess.Popen(list(map(str, args)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True, **how)

    @property
    def pid(self):
        return self.process.pid

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


class Postgres(Server):
    """PostgreSQL over a Unix socket alone."""

    def __init__(self, folder):
        self.bin = Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
        user = pwd.getpwnam("postgres")
        # Its user must get there; the folders of pytest are for root alone.
        self.folder = Path("/tmp") / f"ipctrace-pg-{os.getpid()}-{folder.name}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": self.folder}
        run(self.bin / "initdb", "-D", self.folder / "data", "-A", "trust", "-N", **self.as_user)
        super().__init__([self.bin / "postgres", "-D", self.folder / "data", "-k", self.folder, "-c",
                          "listen_addresses=", "-c", "fsync=off"], stop=signal.SIGINT, **self.as_user)
        self.socket = self.folder / ".s.PGSQL.5432"
        until(lambda: self.query("select 1") == ["1"], "postgres", process=self.process)

    def query(self, sql):
        done = subprocess.run([self.bin / "psql", "-h", self.folder, "-d", "postgres", "-XAtq", "-c", sql],
                              capture_output=True, text=True, check=False, **self.as_user)
        if done.returncode:
            raise OSError(done.stderr)
        return done.stdout.split("\n")[:-1]

    def pgbench(self, *args):
        return [self.bin / "pgbench", "-h", self.folder, *args, "postgres"]

    def close(self):
        super().close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Nginx(Server):
    """A master, two workers, a file to serve."""

    def __init__(self, folder):
        self.port = free_port()
        self.body = b"x" * 4096
        (folder / "www").mkdir()
        (folder / "www/file").write_bytes(self.body)
        (folder / "nginx.conf").write_text(
            f"worker_processes 2; daemon off; user root; pid {folder}/pid; error_log {folder}/error.log;\n"
            f"events {{ worker_connections 256; }}\n"
            f"http {{ access_log off; keepalive_requests 100000;\n"
            f"server {{ listen 127.0.0.1:{self.port}; root {folder}/www; }} }}\n")
        super().__init__(["nginx", "-c", folder / "nginx.conf", "-p", folder, "-e", folder / "error.log"],
                         stop=signal.SIGQUIT)
        until(connects(socket.AF_INET, ("127.0.0.1", self.port)), "nginx", process=self.process)

    @property
    def workers(self):
        with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as file:
            return sorted(map(int, file.read().split()))


class Redis(Server):
    """Over TCP and a Unix socket."""

    def __init__(self, folder):
        self.port, self.path = free_port(), folder / "redis.sock"
        super().__init__(["redis-server", "--port", self.port, "--unixsocket", self.path, "--dir", folder,
                          "--save", "", "--daemonize", "no"])
        until(connects(socket.AF_UNIX, str(self.path)), "redis", process=self.process)


class Dbus(Server):
    """A session bus."""

    def __init__(self, folder):
        self.path = folder / "bus"
        self.address = f"unix:path={self.path}"
        super().__init__(["dbus-daemon", "--session", "--nofork", f"--address={self.address}"])
        until(connects(socket.AF_UNIX, str(self.path)), "dbus-daemon", process=self.process)
