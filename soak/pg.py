"""A durable PostgreSQL that may be killed, stopped and started again on the same data."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg
from tests.pgserver import DURABLE, _copied, _wait_ready, binaries

from ports import free_port

SMALL = ["max_connections=80", "restart_after_crash=on"]
"""So few connections that the product's own count of them matters."""


class Postgres:
    """One server with data of its own; as root it runs as `nobody`, for PostgreSQL refuses root."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="yantuan-soak-pg-"))
        home = binaries()
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            if not str(home).startswith("/usr"):
                home = _copied(home, self.folder)
            for path in [self.folder, *self.folder.rglob("*")]:
                os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.home, self.port = home, free_port()
        self.url = f"postgresql://yantuan@127.0.0.1:{self.port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None
        subprocess.run(
            [self.home / "initdb", "-D", self.folder / "data", "-U", "yantuan", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"],
            check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._user,
        )  # fmt: skip

    def start(self) -> None:
        """Start and wait until it takes connections; a leftover lock file of a killed one is no hindrance."""
        flags = [part for option in [*DURABLE, *SMALL] for part in ("-c", option)]
        command = [self.home / "postgres", "-D", self.folder / "data", "-p", str(self.port)]
        self._process = subprocess.Popen(
            [*command, "-h", "127.0.0.1", "-k", str(self.folder), *flags],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, **self._user,
        )  # fmt: skip
        _wait_ready(self.home, self.port)

    def kill_all(self) -> None:
        """As a power loss of the process table: postmaster and every backend at one instant."""
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        for process in [parent, *parent.children(recursive=True)]:
            process.send_signal(signal.SIGKILL)
        self._process.wait()

    def kill_backend(self) -> int:
        """`kill -9` one serving backend; the server then throws everybody out and recovers. Answers its pid."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND pid <> pg_backend_pid() ORDER BY (state = 'active') DESC, pid LIMIT 1"
            ).fetchone()
        if row is None:
            return 0
        os.kill(int(row[0]), signal.SIGKILL)
        return int(row[0])

    def terminate_all(self) -> int:
        """Every connection of the product is ended by the server; answers how many."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            rows = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).fetchall()
        return len(rows)

    def restart(self) -> None:
        """A fast stop, as a package upgrade does, and a start."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """Stop in the fast way; kill when that takes too long."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill_all()

    def pause(self, seconds: float) -> None:
        """Every process of the server stands still for a while."""
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        family = [parent, *parent.children(recursive=True)]
        for process in family:
            process.suspend()
        try:
            time.sleep(seconds)
        finally:
            for process in family:
                if process.is_running():
                    process.resume()

    def connections(self) -> int:
        """Client connections now, this look not counted."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND pid <> pg_backend_pid()"
            ).fetchone()
        return int(row[0]) if row else 0

    def remove(self) -> None:
        """Stop and delete."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
