"""One archive with everything worth keeping, and its way back: verified first, restored into an empty folder only."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from yantuan import __version__
from yantuan.kernel import faults
from yantuan.kernel.config import config, data_folder

MANIFEST = "manifest.json"
_KEPT = ("secret_key", "yantuan.toml")
_KEPT_FOLDERS = ("media", "simulator")


def backup(options: argparse.Namespace) -> int:
    """Write the archive beside its name first and move it into place when it is whole, so that a partial one never looks good."""
    target = Path(options.file)
    data = data_folder()
    with tempfile.TemporaryDirectory(dir=target.resolve().parent) as work:
        database = _dump(data, Path(work))
        faults.point("backup.dumped")
        draft = Path(work) / "archive.tar.gz"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with (
            os.fdopen(handle, "wb") as sink,
            tarfile.open(fileobj=sink, mode="w:gz", compresslevel=6) as archive,
        ):
            sums = {database.name: _add(archive, database, database.name)}
            for path in _files(data):
                name = str(path.relative_to(data))
                sums[name] = _add(archive, path, name)
            _add_manifest(archive, sums)
        faults.point("backup.before_rename")
        draft.replace(target)
    sys.stdout.write(f"{target}: {len(sums)} files\n")
    return 0


def restore(options: argparse.Namespace) -> int:
    """Check every checksum, then unpack. Refuses a damaged archive, a non-empty folder, or the other kind of database."""
    source = Path(options.file)
    data = data_folder()
    if data.exists() and any(data.iterdir()):
        return _refuse(f"{data} 不是空文件夹 (not empty): restore only into an empty data folder")
    problem, manifest = _verify(source)
    if problem or manifest is None:
        return _refuse(f"备份文件已损坏 (damaged): {problem}")
    on_postgres = "database.dump" in manifest["files"]
    if on_postgres != bool(config().database_url):
        return _refuse(
            "备份与当前数据库类型不同 (other engine): set YANTUAN_DATABASE_URL as it was when backed up"
        )
    data.mkdir(parents=True, exist_ok=True)
    with tarfile.open(source, "r:gz") as archive:
        archive.extractall(data, filter="data")
    (data / MANIFEST).unlink()
    for name in _KEPT:
        if (data / name).exists():
            (data / name).chmod(0o600)
    if on_postgres:
        dump = data / "database.dump"
        _run_tool(
            "pg_restore",
            ["--clean", "--if-exists", "--no-owner", "--dbname", config().database_url, str(dump)],
        )
        dump.unlink()
    sys.stdout.write(f"{data}: restored {len(manifest['files'])} files of {manifest['made_at']}\n")
    return 0


def _refuse(text: str) -> int:
    sys.stderr.write(text + "\n")
    return 2


def _dump(data: Path, work: Path) -> Path:
    """A consistent copy of the database while it is in use."""
    url = config().database_url
    if url:
        target = work / "database.dump"
        _run_tool("pg_dump", ["--format=custom", "--file", str(target), url])
        return target
    target = work / "yantuan.sqlite3"
    source = sqlite3.connect(f"file:{data / 'yantuan.sqlite3'}?mode=ro", uri=True)
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        source.close()
        copy.close()
    return target


def _run_tool(name: str, arguments: list[str]) -> None:
    if shutil.which(name) is None:
        raise SystemExit(f"{name} is needed to back up or restore PostgreSQL")
    subprocess.run([name, *arguments], check=True)


def _files(data: Path) -> Iterator[Path]:
    for name in _KEPT:
        if (data / name).is_file():
            yield data / name
    for folder in _KEPT_FOLDERS:
        yield from sorted(
            p
            for p in (data / folder).rglob("*")
            if p.is_file() and not p.name.endswith((".tmp", "-wal", "-shm"))
        )


def _add(archive: tarfile.TarFile, path: Path, name: str) -> str:
    """Add one file from memory, so that what is summed is what is stored; answers its SHA-256."""
    body = path.read_bytes()
    info = tarfile.TarInfo(name)
    info.size = len(body)
    info.mode = 0o600
    info.mtime = int(path.stat().st_mtime)
    archive.addfile(info, io.BytesIO(body))
    return hashlib.sha256(body).hexdigest()


def _add_manifest(archive: tarfile.TarFile, sums: dict[str, str]) -> None:
    manifest = {"version": __version__, "made_at": datetime.now(tz=UTC).isoformat(), "files": sums}
    body = json.dumps(manifest, indent=1).encode()
    info = tarfile.TarInfo(MANIFEST)
    info.size = len(body)
    info.mode = 0o600
    archive.addfile(info, io.BytesIO(body))


def _verify(source: Path) -> tuple[str, dict[str, dict[str, str]] | None]:
    """(problem, manifest): reads the whole archive and compares every checksum."""
    sums: dict[str, str] = {}
    manifest: dict[str, dict[str, str]] | None = None
    try:
        with tarfile.open(source, "r:gz") as archive:
            for member in archive:
                file = archive.extractfile(member)
                body = file.read() if file else b""
                if member.name == MANIFEST:
                    manifest = json.loads(body)
                else:
                    sums[member.name] = hashlib.sha256(body).hexdigest()
    except (OSError, tarfile.TarError, EOFError, ValueError) as error:
        return str(error), None
    if manifest is None:
        return "no manifest", None
    wrong = [name for name, value in manifest["files"].items() if sums.get(name) != value]
    extra = sorted(set(sums) - set(manifest["files"]))
    return (f"{(wrong + extra)[0]} does not fit its checksum", None) if wrong or extra else ("", manifest)
