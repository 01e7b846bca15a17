"""The continuous copy, seen from outside: how far behind it is, and the files Litestream doesn't copy."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

DATABASE = "yantuan.sqlite3"


def is_folder(place: str) -> bool:
    """Whether the copy goes to a folder of this machine rather than to a bucket."""
    return "://" not in place


def copy_files(place: Path, data: Path) -> int:
    """Bring pictures and the secret to a folder copy: new ones only, each whole or not at all. Answers how many came."""
    came = 0
    for path in [data / "secret_key", *(data / "media").rglob("*"), *(data / "exports").rglob("*")]:
        if not path.is_file() or path.suffix in (".part", ".tmp"):
            continue
        target = place / path.relative_to(data)
        try:
            if target.exists() and target.stat().st_size == path.stat().st_size:
                continue
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = target.with_name(target.name + ".part")
            shutil.copyfile(path, draft)
        except FileNotFoundError:
            continue
        draft.chmod(0o600)
        draft.replace(target)
        came += 1
    return came


def drop_files(place: Path, data: Path, files: Iterable[Path]) -> int:
    """Destroy the copies of files (paths below `data`) that are gone for good; answers how many there were."""
    gone = 0
    for path in files:
        target = place / path.relative_to(data)
        if target.exists():
            target.unlink(missing_ok=True)
            gone += 1
    return gone


def lag_seconds(data: Path) -> float | None:
    """How far the copy may be behind: the age of the newest commit Litestream has not taken up. None when there is no copy.

    Litestream keeps what it has read beside the database; the log's own time says when the last commit was.
    """
    taken = max(
        (p.stat().st_mtime for p in (data / f".{DATABASE}-litestream" / "ltx" / "0").glob("*.ltx")),
        default=None,
    )
    log = data / f"{DATABASE}-wal"
    if taken is None or not log.exists():
        return None
    return max(0.0, time.time() - taken) if log.stat().st_mtime > taken + 1 else 0.0
