"""The continuous copy of an SQLite database: Litestream, run beside the server with settings made here, and its way back.

Litestream reads every commit out of the write-ahead log within a second and keeps it as a file in a folder or an
S3-compatible bucket. It holds a read lock so that no checkpoint by us can skip what it has not read.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from yantuan.commands import checking
from yantuan.health.copies import DATABASE, is_folder
from yantuan.kernel import held
from yantuan.kernel.clock import now
from yantuan.kernel.config import config, data_folder
from yantuan.kernel.errors import AppError

FOLDER = "database"
"""Below the chosen place; pictures lie beside it under `media`."""
HELD_WORDS = "恢复的实例不会发消息、退款或调用支付，确认后运行 yantuan release (held until `yantuan release`)"


def program() -> str:
    """Litestream's binary, beside this Python or on the path. Raises AppError `tool_missing`."""
    beside = Path(sys.executable).parent / "litestream"
    found = str(beside) if beside.exists() else shutil.which("litestream")
    if found is None:
        raise AppError(
            "tool_missing",
            "连续复制需要 litestream，请安装：pip install 'yantuan[copy]'",
            "The continuous copy needs litestream: pip install 'yantuan[copy]'.",
        )
    return found


def settings(place: str, database: Path) -> dict[str, object]:
    """Litestream's configuration. Keys come from LITESTREAM_ACCESS_KEY_ID / _SECRET_ACCESS_KEY (or AWS_…), never from here."""
    replica: dict[str, object] = {"sync-interval": "1s"}
    if is_folder(place):
        replica |= {"type": "file", "path": str(Path(place).resolve() / FOLDER)}
    else:
        parts = urlsplit(place)
        if parts.scheme != "s3" or not parts.netloc:
            raise AppError(
                "copy_place_invalid",
                "YANTUAN_COPY_TO 应为文件夹或 s3://桶名/路径",
                "YANTUAN_COPY_TO must be a folder or s3://bucket/path.",
            )
        path = f"{parts.path.strip('/')}/{FOLDER}".lstrip("/")
        replica |= {"type": "s3", "bucket": parts.netloc, "path": path}
        if config().copy_s3_endpoint:
            replica |= {"endpoint": config().copy_s3_endpoint, "force-path-style": True}
        if config().copy_s3_region:
            replica |= {"region": config().copy_s3_region}
    return {
        "logging": {"level": "warn", "type": "text", "stderr": True},
        "snapshot": {"interval": "24h", "retention": "168h"},
        "dbs": [{"path": str(database), "busy-timeout": "10s", "replica": replica}],
    }


def write_settings(target: Path, place: str, database: Path) -> None:
    """JSON is YAML; 0600 although it holds no key."""
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(settings(place, database), file, indent=1)


def copying(options: argparse.Namespace) -> int:
    """`yantuan copy`: become Litestream; `yantuan up` keeps it running."""
    try:
        place, data = config().copy_to, data_folder()
        if not place or config().database_url:
            raise AppError(
                "copy_not_set",
                "连续复制只用于 SQLite，并需要设置 YANTUAN_COPY_TO；PostgreSQL 请用它自带的复制",
                "The continuous copy is for SQLite and needs YANTUAN_COPY_TO; PostgreSQL has its own replication.",
            )
        if is_folder(place):
            Path(place).mkdir(parents=True, exist_ok=True, mode=0o700)
        target = data / "litestream.yml"
        write_settings(target, place, data / DATABASE)
        binary = program()
    except AppError as error:
        sys.stderr.write(f"{error.zh}\n{error.en}\n")
        return 2
    return _become(binary, ["replicate", "-config", str(target), "-no-expand-env"])


def _become(binary: str, arguments: list[str]) -> NoReturn:
    os.execv(binary, [binary, *arguments])


def refuse_used(data: Path) -> None:
    """Raise AppError `folder_not_empty` unless the folder is missing or empty."""
    if data.exists() and any(data.iterdir()):
        raise AppError(
            "folder_not_empty",
            f"数据文件夹 {data} 不是空的，没有恢复。请换一个空文件夹（--data）",
            f"{data} is not empty; nothing was restored. Choose an empty folder with --data.",
        )


def restore(options: argparse.Namespace) -> int:
    """Build the newest (or, with `--at`, an earlier) state out of the copy, into an empty data folder, held back, and run the
    whole self-check there. Exit 1 when its money or stock doesn't agree; it stays restored for somebody to look at."""
    place = str(options.from_copy or config().copy_to)
    data = data_folder()
    refuse_used(data)
    data.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".restore-", dir=data.parent))
    try:
        write_settings(work / "litestream.yml", place, data / DATABASE)
        command = [program(), "restore", "-config", str(work / "litestream.yml"), "-no-expand-env"]
        command += ["-integrity-check", "full", "-o", str(work / DATABASE)]
        command += ["-timestamp", options.at] if options.at else []
        done = subprocess.run([*command, str(data / DATABASE)], capture_output=True, text=True, check=False)
        if done.returncode or not (work / DATABASE).exists():
            words = ((done.stderr or done.stdout).strip().splitlines() or ["?"])[-1][:300]
            raise AppError(
                "copy_unusable", f"无法从副本恢复：{words}", f"The copy can't be restored: {words}"
            )
        (work / "litestream.yml").unlink()
        if is_folder(place):
            _files_back(Path(place), work)
        (work / DATABASE).chmod(0o600)
        held.hold({"source": place, "made_at": options.at or "", "restored_at": now().isoformat()}, work)
        if data.exists():
            data.rmdir()
        work.rename(data)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    sys.stdout.write(f"{data}: restored from {place}\n{HELD_WORDS}\n")
    return _told(data)


def _told(data: Path) -> int:
    """Say what the self-check finds in the restored place."""
    try:
        found = checking.checked(os.environ | {"YANTUAN_DATA": str(data)})
    except checking.CouldNotCheck as error:
        sys.stdout.write(f"自检没有运行，先 yantuan migrate 再 yantuan check (not checked): {error}\n")
        return 0
    words = "、".join(f"{rule}[{weight}] ×{n}" for (rule, weight), n in sorted(Counter(found).items()))
    sys.stdout.write(f"自检：{words or '全部一致 (clean)'}\n")
    return 1 if any(weight == "S1" for _, weight in found) else 0


def _files_back(place: Path, work: Path) -> None:
    for name in ("media", "exports"):
        if (place / name).is_dir():
            shutil.copytree(place / name, work / name, ignore=shutil.ignore_patterns("*.part"))
    if (place / "secret_key").exists():
        shutil.copyfile(place / "secret_key", work / "secret_key")
        (work / "secret_key").chmod(0o600)
