"""The house itself: outbox, audit chain, files, schema, durability."""

from __future__ import annotations

import shutil
from datetime import timedelta

from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey

from yantuan.kernel.audit import entry_hash
from yantuan.kernel.config import data_folder
from yantuan.kernel.models import AuditEntry
from yantuan.kernel.schema import schema_state
from yantuan.media.files import path_of
from yantuan.reports import append_only
from yantuan.reports.rules.base import GRACE, MAX_IDS, Finding, Reader, finding, first_id, rule

SKEW_SECONDS = 2
FREE_SHARE = 10
"""Percent of the disk that should stay free…"""
FREE_BYTES = 2 * 1024**3
"""…unless this many bytes are free anyway."""


@rule("N1", "S2", "待办事件和消息按时处理", house=True)
def nothing_waits(read: Reader) -> list[Finding]:
    late = read.at(read.moment - GRACE)
    events = read.probe(
        "SELECT id, topic, attempts, last_error FROM kernel_outboxevent WHERE state = 'pending' AND available_at < %s",
        late,
        expected="事件到时后五分钟内处理",
        suggestion="检查后台任务（worker）是否在运行",
    )
    messages = read.probe(
        "SELECT id, channel, kind, error FROM notices_delivery WHERE state = 'waiting' AND due_at < %s",
        late,
        expected="消息到时后五分钟内发出",
        suggestion="检查后台任务（worker）是否在运行",
    )
    return events + messages


@rule("D1", "S1", "没有指向不存在的行的引用", house=True)
def no_orphans(read: Reader) -> list[Finding]:
    pools = read.probe(
        """
        SELECT x.id, x.pool_id FROM (
            SELECT id, pool_id FROM catalog_sku UNION ALL SELECT id, pool_id FROM groupbuys_offer
            UNION ALL SELECT pool_id, pool_id FROM (SELECT pool_id FROM catalog_stockmovement GROUP BY pool_id) used
        ) x LEFT JOIN catalog_stockpool p ON p.id = x.pool_id WHERE p.id IS NULL
        """,
        expected="库存行存在",
        suggestion="从备份恢复缺失的库存行",
    )
    counters = read.probe(
        """
        SELECT g.id, g.state FROM groupbuys_groupbuy g
        LEFT JOIN groupbuys_groupcounter c ON c.group_buy_id = g.id WHERE c.group_buy_id IS NULL
        """,
        expected="每个团购有计数行",
        suggestion="从备份恢复缺失的计数行",
    )
    return (
        pools
        + counters
        + _unguarded(read)
        + finding(
            append_only.missing(connection),
            expected="订单经过和审计日志只增不改，由数据库的触发器守住",
            suggestion="查明谁拿掉了触发器，从备份核对 O1 和 V2，再补上触发器",
        )
        + (_sqlite_orphans(read) if read.sqlite else _postgres_constraints(read))
    )


def _unguarded(read: Reader) -> list[Finding]:
    """References the database itself does not guard, because a foreign key would lock a hot row."""
    found: list[Finding] = []
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            parent = field.related_model
            if (
                not isinstance(field, ForeignKey)
                or getattr(field, "db_constraint", True)
                or isinstance(parent, str)
                or parent is None
            ):
                continue
            found += read.probe(
                f"""
                SELECT x.id, x.{field.column} FROM {model._meta.db_table} x
                LEFT JOIN {parent._meta.db_table} p ON p.id = x.{field.column}
                WHERE {read.recent("x.id")} AND x.{field.column} IS NOT NULL AND p.id IS NULL
                """,
                expected=f"{model._meta.db_table}.{field.column} 指向存在的行",
                suggestion="从备份恢复缺失的行",
            )
    return found


def _postgres_constraints(read: Reader) -> list[Finding]:
    """PostgreSQL guards its references itself, as long as each constraint and index is valid and no trigger is off."""
    return read.probe(
        """
        SELECT conname, 'constraint' FROM pg_constraint WHERE NOT convalidated
        UNION ALL SELECT c.relname, 'index' FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid
        UNION ALL SELECT tgname, 'trigger' FROM pg_trigger WHERE tgenabled = 'D'
        """,
        expected="所有约束、索引有效，触发器都开着",
        suggestion="用 VALIDATE CONSTRAINT、REINDEX 或 ENABLE TRIGGER 恢复，再跑一次自检",
    )


def _sqlite_orphans(read: Reader) -> list[Finding]:
    if not read.sums:
        return []
    rows = read.rows("PRAGMA foreign_key_check")[:MAX_IDS]
    return finding(
        [(f"{table}:{row}", parent) for table, row, parent, _ in rows],
        expected="外键都指向存在的行",
        suggestion="从备份比对这些行",
    )


@rule("V2", "S1", "审计日志首尾相连，没有缺失或改动", house=True)
def audit_chain_whole(read: Reader) -> list[Finding]:
    wrong: list[tuple[object, ...]] = []
    before, number = _chain_begins(read)
    for entry in AuditEntry.objects.filter(seq__gt=number).order_by("seq").iterator(chunk_size=2000):
        number += 1
        broken = entry.seq != number or entry.prev_hash != before or entry.hash != entry_hash(entry)
        if broken:
            wrong.append((entry.id, entry.seq, entry.action))
            if len(wrong) == MAX_IDS:
                break
        before, number = entry.hash, entry.seq
    return finding(
        wrong, expected="序号连续，每条的摘要覆盖前一条", suggestion="保全数据库和备份，查明谁改了审计日志"
    )


def _chain_begins(read: Reader) -> tuple[str, int]:
    """Hash and number the chain is followed from: its beginning, or the last entry older than the run looks at."""
    if read.scope.since is None:
        return "", 0
    older = AuditEntry.objects.filter(id__lt=first_id(read.scope.since)).order_by("-seq")
    found = older.values_list("hash", "seq").first()
    return found or ("", 0)


@rule("FL1", "S2", "每张图片都有完整的文件", house=True)
def files_there(read: Reader) -> list[Finding]:
    wrong: list[tuple[object, ...]] = []
    for media_id, key, size in read.stream(
        f"SELECT id, key, size FROM media_media WHERE removed_at IS NULL AND {read.recent('id')} AND id > {{after}} ORDER BY id"
    ):
        path = path_of(key)
        found = path.stat().st_size if path.exists() else None
        if found != size or not path_of(key, thumb=True).exists():
            wrong.append((media_id, key, size, found))
            if len(wrong) == MAX_IDS:
                break
    return finding(wrong, expected="文件存在且大小相符", suggestion="从备份恢复 media 文件夹")


@rule("D2", "S1", "数据库结构、落盘设置、时钟和磁盘正常", house=True)
def house_sound(read: Reader) -> list[Finding]:
    # By file names: the migrations themselves would cost the worker 15 MiB for good.
    waiting = [(step,) for step in schema_state().missing]
    found = finding(waiting, expected="数据库结构与程序版本一致", suggestion="运行 yantuan migrate")
    settings = _postgres_settings(read) if connection.vendor == "postgresql" else _sqlite_settings(read)
    found += finding(settings, expected="断电不丢已提交的数据", suggestion="改回数据库的默认落盘设置")
    return found + _disk()


def _postgres_settings(read: Reader) -> list[tuple[str, str]]:
    rows = read.rows(
        "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"
    )
    wrong = [(str(name), str(value)) for name, value in rows if value == "off"]
    ahead = read.rows("SELECT EXTRACT(EPOCH FROM clock_timestamp() - %s)", read.moment)[0][0]
    # The run began a little before this question, so the database may only be ahead by that.
    if not -SKEW_SECONDS <= float(ahead) <= timedelta(minutes=10).total_seconds():
        wrong.append(("clock", f"{ahead} s"))
    return wrong


def _sqlite_settings(read: Reader) -> list[tuple[str, str]]:
    # 2 is FULL, 3 EXTRA; below that a power cut may lose a commit.
    level = int(read.rows("PRAGMA synchronous")[0][0])
    keys = int(read.rows("PRAGMA foreign_keys")[0][0])
    wrong = [("synchronous", str(level))] if level < 2 else []
    return wrong + ([("foreign_keys", str(keys))] if keys != 1 else [])


def _disk() -> list[Finding]:
    disk = shutil.disk_usage(data_folder())
    if disk.free * 100 >= disk.total * FREE_SHARE or disk.free >= FREE_BYTES:
        return []
    return finding(
        [(str(data_folder()), f"{disk.free // 1024**2} MB")],
        expected="数据盘有足够的剩余空间",
        suggestion="清理磁盘或扩容",
    )
