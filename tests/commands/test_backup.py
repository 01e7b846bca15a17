"""Backup: whole or not at all, sound or said so; restore: verified, into an empty place only, and quiet until released."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from instance import Instance, grown_instance, scratch_database

from yantuan.commands import archive, backup, sealed
from yantuan.health import backups

FACTS = "SELECT COUNT(*), SUM(total_fen), SUM(paid_fen), SUM(refunded_fen) FROM orders_order"


@pytest.fixture(scope="module")
def shop(
    grown: Instance, durable_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instance]:
    """A shop of this version with orders, pictures and a secret of its own."""
    data = tmp_path_factory.mktemp("backup") / "shop"
    with grown_instance(grown, durable_server, "backed_up", data) as made:
        (made.data / "secret_key").write_text("s" * 48)
        yield made


@pytest.fixture(scope="module")
def good(shop: Instance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One backup, verified while it was made."""
    target = tmp_path_factory.mktemp("good") / "yantuan.tar.gz"
    done = shop.run("backup", str(target), "--verify")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "verified" in done.stdout
    return target


@pytest.fixture
def fresh(durable_server: str, tmp_path: Path) -> Iterator[Instance]:
    """An empty place to restore into."""
    with scratch_database(durable_server, f"fresh_{secrets.token_hex(4)}") as url:
        yield Instance(tmp_path / "fresh", url)


def _is_empty(instance: Instance) -> bool:
    tables = (
        instance.rows("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'")[0][0]
        if instance.url
        else 0
    )
    return not tables and (not instance.data.exists() or not any(instance.data.iterdir()))


def test_what_goes_in_comes_out(shop: Instance, good: Path, fresh: Instance) -> None:
    assert good.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in good.parent.iterdir()] == [good.name]
    done = fresh.run("restore", str(good))
    assert done.returncode == 0, done.stderr
    assert fresh.rows(FACTS) == shop.rows(FACTS)
    assert fresh.rows(FACTS)[0][0] == 13
    assert (fresh.data / "secret_key").read_text() == "s" * 48
    assert (fresh.data / "secret_key").stat().st_mode & 0o777 == 0o600
    pictures = sorted(p.relative_to(shop.data) for p in (shop.data / "media").rglob("*.webp"))
    assert len(pictures) == 56
    assert all((fresh.data / p).read_bytes() == (shop.data / p).read_bytes() for p in pictures)
    assert fresh.violations() == []
    kept = fresh.rows("SELECT seq, hash FROM kernel_auditentry ORDER BY seq")
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError), match="append-only"):
        fresh.write("DELETE FROM kernel_auditentry")
    assert kept and fresh.rows("SELECT seq, hash FROM kernel_auditentry ORDER BY seq") == kept


def test_the_shop_remembers_its_last_verified_backup(shop: Instance, good: Path) -> None:
    told = json.loads((shop.data / backups.STATE).read_text())["verified"]
    assert told["file"] == str(good)
    assert told["bytes"] == good.stat().st_size
    assert told["problem"] == ""


def _cut(body: bytearray) -> bytearray:
    return body[: len(body) // 2]


def _cut_the_end(body: bytearray) -> bytearray:
    return body[:-20]


def _flip(body: bytearray) -> bytearray:
    body[len(body) // 2] ^= 1
    return body


def _add(body: bytearray) -> bytearray:
    return body + b"more"


@pytest.mark.parametrize("harm", [_cut, _cut_the_end, _flip, _add])
def test_a_damaged_archive_is_seen_and_refused(
    shop: Instance, good: Path, fresh: Instance, tmp_path: Path, harm: Callable[[bytearray], bytearray]
) -> None:
    damaged = tmp_path / "damaged.tar.gz"
    damaged.write_bytes(harm(bytearray(good.read_bytes())))
    seen = shop.run("verify", str(damaged))
    assert seen.returncode == 1
    assert "已损坏" in seen.stdout
    done = fresh.run("restore", str(damaged))
    assert done.returncode == 2
    assert "备份文件已损坏或不完整，没有恢复任何内容" in done.stderr
    assert _is_empty(fresh)


def test_a_copy_of_a_broken_shop_is_not_called_sound(shop: Instance, tmp_path: Path) -> None:
    broken = "UPDATE orders_order SET paid_fen = paid_fen {} 1 WHERE id = (SELECT MIN(id) FROM orders_order)"
    shop.write(broken.format("+"))
    try:
        done = shop.run("backup", str(tmp_path / "broken.tar.gz"), "--verify")
    finally:
        shop.write(broken.format("-"))
    assert done.returncode == 1
    assert "自检发现不一致" in done.stdout


def test_a_shop_in_use_is_never_overwritten(shop: Instance, good: Path, tmp_path: Path) -> None:
    before = shop.rows(FACTS)
    done = shop.run("restore", str(good))
    assert done.returncode == 2
    assert "不是空的" in done.stderr
    assert shop.rows(FACTS) == before
    if shop.url:
        # An empty folder, but the database in use: refused as well.
        other = Instance(tmp_path / "other", shop.url)
        assert other.run("restore", str(good)).returncode == 2
        assert shop.rows(FACTS) == before


def test_an_encrypted_backup_opens_only_with_its_key(shop: Instance, fresh: Instance, tmp_path: Path) -> None:
    key, other = tmp_path / "key", tmp_path / "other-key"
    for path in (key, other):
        assert shop.run("backup", "--new-key", str(path)).returncode == 0
        assert path.stat().st_mode & 0o777 == 0o600
    owner = Instance(shop.data, shop.url, {"YANTUAN_BACKUP_KEY_FILE": str(key)})
    done = owner.run("backup", "--to", str(tmp_path / "out"), "--verify")
    assert done.returncode == 0, done.stdout + done.stderr
    (target,) = (tmp_path / "out").iterdir()
    assert target.suffix == ".sealed"
    assert b"SQLite" not in target.read_bytes() and b"ustar" not in target.read_bytes()
    for settings in ({}, {"YANTUAN_BACKUP_KEY_FILE": str(other)}):
        fresh.settings = settings
        assert fresh.run("restore", str(target)).returncode == 2
        assert _is_empty(fresh)
    fresh.settings = {"YANTUAN_BACKUP_KEY_FILE": str(key)}
    assert fresh.run("restore", str(target)).returncode == 0
    assert fresh.rows(FACTS) == shop.rows(FACTS)


@pytest.mark.parametrize("size", [0, 1, sealed.CHUNK - 1, sealed.CHUNK, sealed.CHUNK + 1, 3 * sealed.CHUNK])
def test_sealing_keeps_every_byte_and_notices_a_missing_chunk(tmp_path: Path, size: int) -> None:
    plain, path = secrets.token_bytes(size), tmp_path / "sealed"
    with path.open("wb") as sink:
        sealer = sealed.Sealer(sink, b"k" * 32)
        sealer.write(plain)
        sealer.close()
    with path.open("rb") as source:
        assert sealed.Opener(source, b"k" * 32).read() == plain
    body = path.read_bytes()
    path.write_bytes(body[: max(0, len(body) - sealed.CHUNK - 16)] if size > sealed.CHUNK else body[:-1])
    with path.open("rb") as source, pytest.raises(sealed.Damaged):
        sealed.Opener(source, b"k" * 32).read()


def test_old_backups_go_by_policy_and_nothing_else_does(tmp_path: Path) -> None:
    names = [f"yantuan-202605{day:02d}-0400{n:02d}.tar.gz" for day in range(1, 29) for n in range(2)]
    for name in [*names, "yantuan.sqlite3", "holiday.tar.gz", ".backup-x"]:
        (tmp_path / name).touch()
    backups.prune(tmp_path, daily=3, weekly=3)
    left = sorted(p.name for p in tmp_path.iterdir())
    # The newest of the 26th to 28th, and of each week: Thursday the 28th, Sundays the 24th and 17th.
    kept = [f"yantuan-202605{day}-040001.tar.gz" for day in (17, 24, 26, 27, 28)]
    assert left == sorted([*kept, "yantuan.sqlite3", "holiday.tar.gz", ".backup-x"])


def test_what_a_killed_backup_left_is_swept_away(tmp_path: Path) -> None:
    old, young = tmp_path / ".restore-old", tmp_path / ".backup-young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "yantuan.sqlite3").touch()
    long_ago = time.time() - backup.STALE_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    backup._sweep(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [".backup-young"]


def test_a_backup_of_a_newer_version_is_refused(shop: Instance, fresh: Instance, tmp_path: Path) -> None:
    target = tmp_path / "newer.tar.gz"
    manifest = archive.Manifest(
        "9.0", "2026-05-12T04:00:00+00:00", "postgresql" if shop.url else "sqlite", ["orders.0999_future"]
    )
    archive.write(target, manifest, iter([]), None)
    done = fresh.run("restore", str(target))
    assert done.returncode == 2
    assert "请先升级程序再恢复" in done.stderr
    assert _is_empty(fresh)


_CALL = """
import django; django.setup()
from yantuan.gateways.errors import GatewayUnavailable
from yantuan.gateways.http import HttpCaller
from yantuan.gateways.email import EmailSettings, SmtpClient
calls = []
import httpx
class Spy(httpx.BaseTransport):
    def handle_request(self, request): calls.append(request); return httpx.Response(200)
for work in (lambda: HttpCaller("wechatpay", ["http://x"], transport=Spy()).send("GET", "/"),
             lambda: SmtpClient(EmailSettings("127.0.0.1", 1, "a@b.c", "plain")).send("d@e.f", "s", "t")):
    try: work(); print("sent")
    except GatewayUnavailable as error: print(error.reason, error.sent)
print(len(calls))
"""


def test_a_restored_shop_keeps_quiet_until_released(good: Path, fresh: Instance) -> None:
    assert fresh.run("restore", str(good)).returncode == 0
    held = "a restored copy, not released False"
    assert fresh.python(_CALL).splitlines() == [held, held, "0"]
    assert fresh.run("release").returncode == 0
    said = fresh.python(_CALL).splitlines()
    assert said[0] == "sent" and said[2] == "1"
    assert said[1] != held
    shutil.rmtree(fresh.data)


def test_a_program_never_serves_a_schema_it_does_not_know(shop: Instance, tmp_path: Path) -> None:
    added = "INSERT INTO django_migrations (app, name, applied) VALUES ('orders', '0999_future', CURRENT_TIMESTAMP)"
    shop.write(added)
    try:
        for command in ("migrate", "worker"):
            done = shop.run(command)
            assert done.returncode == 3, done.stderr
            assert "数据库由更新版本的雁团升级过" in done.stderr
    finally:
        shop.write("DELETE FROM django_migrations WHERE name = '0999_future'")
    shop.write("UPDATE django_migrations SET app = 'reports_hidden' WHERE app = 'reports'")
    try:
        done = shop.run("worker")
        assert done.returncode == 3
        assert "请先运行 yantuan migrate" in done.stderr
    finally:
        shop.write("UPDATE django_migrations SET app = 'reports' WHERE app = 'reports_hidden'")


def test_a_check_that_fell_over_in_the_scratch_place_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with 1, as a check that found something does, but has nothing to tell."""
    fell = [sys.executable, "-c", "import sys; sys.exit('MemoryError')"]
    run = subprocess.run
    monkeypatch.setattr(backup.subprocess, "run", lambda _words, **how: run(fell, **how))
    told = backup._tried(tmp_path, "", ({}, []), archive.Manifest("1", "now", "sqlite"))
    assert (told.problem, told.findings) == ("试恢复后 migrate 无法运行：MemoryError", {})


def test_lesser_findings_are_told_and_refuse_nothing() -> None:
    told = backup.Trial("", {"N1": 3, "W1": 1})
    assert told.words == "核对通过 (verified)；自检另有提示：N1 ×3、W1 ×1"
    assert backup.Trial().words == "核对通过 (verified)"
    assert backup.Trial("坏了", {"P1": 1}).words == "坏了"
