"""`yantuan backup`, `verify`, `restore`, `release`: one archive with everything worth keeping, and its way back."""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from yantuan import __version__
from yantuan.commands import archive, checking, copy, dumps, sealed
from yantuan.health import backups
from yantuan.kernel import faults, held
from yantuan.kernel.clock import now
from yantuan.kernel.config import config, data_folder
from yantuan.kernel.errors import AppError

_KEPT = ("secret_key", "yantuan.toml")
_KEPT_FOLDERS = ("media", "exports", "simulator")
STALE_SECONDS = 12 * 3600
_PACKAGE = Path(__file__).resolve().parent.parent


def backup(options: argparse.Namespace) -> int:
    """Make a backup (and verify it, and let old ones go). Exit 0 good, 1 made but not sound, 2 not made."""
    if options.new_key:
        sealed.new_key(Path(options.new_key))
        sys.stdout.write(f"{options.new_key}: 请另外妥善保管 (keep it apart from the backups)\n")
        return 0
    return _saying(lambda: _backup(options))


def verify(options: argparse.Namespace) -> int:
    """Restore into a scratch place and check there. Exit 0 sound, 1 not, 2 could not try."""

    def work() -> int:
        trial = trial_of(Path(options.file))
        sys.stdout.write(f"{options.file}: {trial.words}\n")
        return 1 if trial.problem else 0

    return _saying(work)


def restore(options: argparse.Namespace) -> int:
    """Check everything, then put it into an empty place, held back until `yantuan release`."""
    return _saying(
        lambda: copy.restore(options) if options.from_copy is not None else _restore(Path(options.file))
    )


def release(options: argparse.Namespace) -> int:
    """Let a restored copy speak and pay again."""
    if held.release():
        sys.stdout.write("已解除：消息、退款和支付恢复工作 (released)\n")
    else:
        sys.stdout.write("没有处于恢复状态 (was not held)\n")
    return 0


def _saying(work: Callable[[], int]) -> int:
    try:
        return work()
    except AppError as error:
        sys.stderr.write(f"{error.zh}\n{error.en}\n")
    except (OSError, ValueError, sqlite3.Error, psycopg.Error) as error:
        sys.stderr.write(f"没有完成：{type(error).__name__}: {error}\n")
    return 2


def _backup(options: argparse.Namespace) -> int:
    folder = Path(options.to or config().backup_dir or ".")
    key = _key()
    target = Path(options.file) if options.file else folder / backups.name_for(now(), sealed=key is not None)
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    manifest = make(target, key)
    told: backups.Told = {"file": str(target), "at": manifest.made_at, "bytes": target.stat().st_size}
    trial = Trial()
    if options.verify:
        try:
            trial = trial_of(target)
        except AppError as error:
            trial = Trial(error.zh)
        told |= {"verified": now().isoformat(), "problem": trial.problem, "findings": trial.findings}
    problem = trial.problem
    backups.remember(told)
    size = f"{target.stat().st_size / 1_000_000:.1f} MB"
    state = trial.words if options.verify else "未核对 (not verified)"
    sys.stdout.write(f"{target}: {len(manifest.files)} files, {size}, {state}\n")
    # An unsound backup never makes a sound one go.
    if options.prune and not problem:
        for gone in backups.prune(target.parent, config().backup_keep_daily, config().backup_keep_weekly):
            sys.stdout.write(f"{gone.name}: removed\n")
    return 1 if problem else 0


def _sweep(folder: Path) -> None:
    """Remove what a backup or its verification left when it was killed: scratch folders nobody has touched for long."""
    for pattern in (".backup-*", ".restore-*"):
        for path in folder.glob(pattern):
            if path.is_dir() and time.time() - path.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def make(target: Path, key: bytes | None) -> archive.Manifest:
    """Write beside the name, sync, then rename: what carries the name is whole."""
    data = data_folder()
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.resolve().parent) as work:
        url = config().database_url
        name = dumps.POSTGRES_NAME if url else dumps.SQLITE_NAME
        database = Path(work) / name
        made_at = now().isoformat()
        if url:
            facts, steps = dumps.dump_postgres(url, database)
        else:
            facts, steps = dumps.dump_sqlite(data / dumps.SQLITE_NAME, database)
        faults.point("backup.dumped")
        manifest = archive.Manifest(__version__, made_at, "postgresql" if url else "sqlite", steps, facts)
        draft = Path(work) / "archive"
        # Pictures come after the database: a picture is written before the row that names it.
        archive.write(draft, manifest, _files(database, data), key)
        faults.point("backup.before_rename")
        draft.replace(target)
    folder = os.open(target.resolve().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return manifest


def _files(database: Path, data: Path) -> Iterator[tuple[Path, str]]:
    yield database, database.name
    for name in _KEPT:
        if (data / name).is_file():
            yield data / name, name
    for folder in _KEPT_FOLDERS:
        for path in sorted((data / folder).rglob("*")):
            if path.is_file() and not path.name.endswith((".tmp", ".part", "-wal", "-shm")):
                yield path, str(path.relative_to(data))


def _key() -> bytes | None:
    path = config().backup_key_file
    return sealed.read_key(Path(path)) if path else None


@contextmanager
def _unpacked(source: Path, beside: Path) -> Iterator[tuple[Path, archive.Manifest]]:
    """The whole archive, checked, in a folder of its own that goes away unless it is moved."""
    beside.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".restore-", dir=beside))
    try:
        try:
            manifest = archive.read(source, _key(), lambda name: work / name)
        except sealed.Damaged as error:
            raise AppError(
                "backup_damaged",
                f"备份文件已损坏或不完整，没有恢复任何内容（{error}）",
                f"The backup is damaged or incomplete; nothing was restored ({error}).",
            ) from error
        _refuse_misfit(manifest)
        yield work, manifest
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _refuse_misfit(manifest: archive.Manifest) -> None:
    if (manifest.engine == "postgresql") != bool(config().database_url):
        raise AppError(
            "other_engine",
            "备份与当前数据库类型不同，请按备份时的方式设置 YANTUAN_DATABASE_URL",
            f"The backup is of {manifest.engine}: set YANTUAN_DATABASE_URL as it was then.",
        )
    own = {f"{p.parent.parent.name}.{p.stem}" for p in _PACKAGE.glob("*/migrations/0*.py")}
    labels = {step.split(".", 1)[0] for step in own}
    newer = [s for s in manifest.schema if s.split(".", 1)[0] in labels and s not in own]
    if newer:
        raise AppError(
            "schema_newer",
            f"备份来自更新版本的雁团（{manifest.version}，{newer[0]}），请先升级程序再恢复",
            f"The backup is of a newer version ({manifest.version}, {newer[0]}): upgrade the program first.",
        )


def _restore(source: Path) -> int:
    data = data_folder()
    copy.refuse_used(data)
    with _unpacked(source, data.parent) as (work, manifest):
        # Held before the first row is there, so that no process ever starts without noticing.
        held.hold(
            {"source": source.name, "made_at": manifest.made_at, "restored_at": now().isoformat()}, work
        )
        work.chmod(0o700)
        if data.exists():
            data.rmdir()
        work.rename(data)
    if manifest.engine == "postgresql":
        dump = data / dumps.POSTGRES_NAME
        dumps.restore_postgres(config().database_url, dump)
        dump.unlink()
    sys.stdout.write(
        f"{data}: restored {len(manifest.files)} files of {manifest.made_at}\n{copy.HELD_WORDS}\n"
    )
    return 0


@dataclass(frozen=True)
class Trial:
    """What restoring into a scratch place showed. `problem`: why the backup is not sound, or empty. `findings`: every rule of
    the self-check that found something there, with how often."""

    problem: str = ""
    findings: dict[str, int] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """For people."""
        told = "、".join(f"{rule} ×{count}" for rule, count in sorted(self.findings.items()))
        if self.problem or not told:
            return self.problem or "核对通过 (verified)"
        return f"核对通过 (verified)；自检另有提示：{told}"


def trial_of(source: Path) -> Trial:
    """Restore into a scratch place and run the whole self-check there."""
    try:
        with _unpacked(source, source.resolve().parent) as (work, manifest):
            held.hold({"source": source.name}, work)
            if manifest.engine == "sqlite":
                return _tried(work, "", dumps.facts_sqlite(work / dumps.SQLITE_NAME), manifest)
            with dumps.scratch_postgres(config().database_url) as url:
                dumps.restore_postgres(url, work / dumps.POSTGRES_NAME)
                return _tried(work, url, dumps.facts_postgres(url), manifest)
    except AppError as error:
        if error.code == "backup_damaged":
            return Trial(error.zh)
        raise
    except sqlite3.DatabaseError as error:
        return Trial(f"备份里的数据库已损坏（{error}）")


def _tried(work: Path, url: str, facts: dumps.Facts, manifest: archive.Manifest) -> Trial:
    if facts != (manifest.facts, manifest.schema):
        return Trial("恢复出的数量或金额与备份时不一致")
    environment = os.environ | {"YANTUAN_DATA": str(work), "YANTUAN_DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, "-m", "yantuan", "migrate"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return Trial(f"试恢复后 migrate 无法运行：{done.stderr.strip()[-300:]}")
    try:
        found = checking.checked(environment)
    except checking.CouldNotCheck as error:
        return Trial(f"试恢复后 check 无法运行：{error}")
    # Rules of less weight are about work left waiting, which a copy of yesterday naturally has: told, but no reason to refuse.
    grave = sorted(rule for rule, severity in found if severity == "S1")
    problem = f"试恢复后自检发现不一致：{'、'.join(dict.fromkeys(grave))}" if grave else ""
    return Trial(problem, dict(Counter(rule for rule, _ in found)))
