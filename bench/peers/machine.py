"""Processes, folders and databases of a peer under measure."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

from pgserver import binaries

Environment = Mapping[str, str]
SECRET = "bench-only-secret-that-is-long-enough-0123456789"


def home() -> Path:
    """Where peers are installed: YANTUAN_PEERS or a folder in the user's cache."""
    return Path(os.environ.get("YANTUAN_PEERS") or Path.home() / ".cache" / "yantuan-peers").resolve()


def environment(**extra: str) -> dict[str, str]:
    """This environment without what belongs to our own product and interpreter."""
    foreign = ("YANTUAN_", "DJANGO_", "PYTHON", "VIRTUAL_ENV")
    return {k: v for k, v in os.environ.items() if not k.startswith(foreign)} | extra


def run(command: list[str | Path], folder: Path, env: Environment) -> None:
    """Run to the end. Raises RuntimeError with the last of its output."""
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(
            f"{command[0]} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}"
        )


@contextmanager
def running(name: str, command: list[str | Path], folder: Path, env: Environment) -> Iterator[None]:
    """A process in a group of its own, its output in `<name>.log`; the whole group ends with the block."""
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(8)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def cpu_seconds() -> float:
    """CPU time so far of every process below this one: the shop's and PostgreSQL's, without the loader."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def wait_for_port(port: int, seconds: float = 90) -> None:
    """Return once something listens. Raises RuntimeError when nothing does in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port} after {seconds:g} s")


def create_database(url: str, name: str) -> str:
    """A new database on the server of `url`; answers its URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}"')
    return url.rsplit("/", 1)[0] + f"/{name}"


def dump(url: str, target: Path) -> None:
    """Keep a prepared database, so that a run needs no migrations."""
    run([binaries() / "pg_dump", "--format=custom", f"--file={target}", url], target.parent, environment())


def restore(url: str, source: Path) -> None:
    """Fill an empty database, then leave it as a settled server has it: vacuumed, analysed, flushed."""
    run([binaries() / "pg_restore", "--no-owner", f"--dbname={url}", source], source.parent, environment())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def one(url: str, sql: str, values: tuple[Any, ...]) -> int:
    """The single number a query answers."""
    with psycopg.connect(url) as connection:
        row = connection.execute(sql, values).fetchone()
    return int(row[0] or 0) if row else 0


def server_version(url: str) -> str:
    with psycopg.connect(url) as connection:
        return str(connection.execute("SHOW server_version").fetchone()[0])  # type: ignore[index]
