"""Backup: whole or not at all; restore: verified, and only into an empty folder."""

from __future__ import annotations

import argparse
import hashlib
import os
import sqlite3
from pathlib import Path

import pytest

from yantuan.commands import backup as module
from yantuan.kernel.config import config


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small data folder on SQLite with a picture and a secret."""
    monkeypatch.setattr(config(), "database_url", "")
    folder = tmp_path / "shop"
    (folder / "media" / "ab").mkdir(parents=True)
    (folder / "media" / "ab" / "abc.webp").write_bytes(os.urandom(4000))
    (folder / "secret_key").write_text("s" * 40)
    database = sqlite3.connect(folder / "yantuan.sqlite3")
    database.execute("CREATE TABLE t (n INTEGER)")
    database.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(500)])
    database.commit()
    database.close()
    monkeypatch.setattr(module, "data_folder", lambda: folder)
    return folder


def _restore_into(folder: Path, archive: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(module, "data_folder", lambda: folder)
    return module.restore(argparse.Namespace(file=str(archive)))


def test_what_goes_in_comes_out(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "b.tar.gz"
    assert module.backup(argparse.Namespace(file=str(archive))) == 0
    assert archive.stat().st_mode & 0o777 == 0o600
    fresh = tmp_path / "fresh"
    assert _restore_into(fresh, archive, monkeypatch) == 0
    assert (fresh / "secret_key").read_text() == "s" * 40
    before, after = (
        hashlib.sha256((f / "media/ab/abc.webp").read_bytes()).hexdigest() for f in (shop, fresh)
    )
    assert before == after
    database = sqlite3.connect(fresh / "yantuan.sqlite3")
    assert database.execute("SELECT count(*), sum(n) FROM t").fetchone() == (500, 124_750)
    database.close()


@pytest.mark.parametrize("damage", ["cut", "flip"])
def test_a_damaged_archive_is_refused(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    archive = tmp_path / "b.tar.gz"
    module.backup(argparse.Namespace(file=str(archive)))
    body = bytearray(archive.read_bytes())
    if damage == "cut":
        body = body[: len(body) // 2]
    else:
        body[len(body) // 2] ^= 0xFF
    archive.write_bytes(bytes(body))
    fresh = tmp_path / "fresh"
    assert _restore_into(fresh, archive, monkeypatch) == 2
    assert not fresh.exists() or not any(fresh.iterdir())


def test_a_shop_in_use_is_never_overwritten(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "b.tar.gz"
    module.backup(argparse.Namespace(file=str(archive)))
    before = (shop / "yantuan.sqlite3").read_bytes()
    assert _restore_into(shop, archive, monkeypatch) == 2
    assert (shop / "yantuan.sqlite3").read_bytes() == before
