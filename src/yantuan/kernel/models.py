"""Rows that know nothing of the trade: outbox, idempotency, audit, rate counters."""

from __future__ import annotations

from django.db import models

from yantuan.kernel.ids import new_id


class Row(models.Model):
    """Every row of the trade: a 64-bit id made without coordination."""

    id = models.BigIntegerField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True


class OutboxEvent(Row):
    """Work that must happen after the commit that wrote it. Done at least once; handlers deduplicate at the effect."""

    class State(models.TextChoices):
        PENDING = "pending", "待处理"
        DONE = "done", "已完成"
        DEAD = "dead", "已放弃"

    topic = models.CharField(max_length=64)
    key = models.CharField(max_length=120, null=True, unique=True)
    payload = models.JSONField(default=dict)
    store_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    available_at = models.DateTimeField()
    last_error = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "待办事件"
        indexes = [
            models.Index(
                fields=["available_at", "id"], name="outbox_due", condition=models.Q(state="pending")
            ),
        ]


class IdempotencyRecord(Row):
    """The stored answer of a write that moves money or stock; `scope` names the caller and the route."""

    scope = models.CharField(max_length=120)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_once")]


class AuditEntry(Row):
    """Append-only chain of what people did with rights or personal data; `hash` covers the row and the previous hash."""

    seq = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=64)
    target_kind = models.CharField(max_length=32)
    target_id = models.BigIntegerField(null=True)
    store_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=500, blank=True, default="")
    data = models.JSONField(default=dict)
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "审计日志"
        indexes = [models.Index(fields=["target_kind", "target_id"], name="audit_target")]


class RateCount(models.Model):
    """How often `key` was seen in the window that began at `window` (Unix seconds)."""

    key = models.CharField(max_length=160)
    window = models.BigIntegerField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "window"], name="rate_once")]


class TimedRun(models.Model):
    """When a piece of timed work may start next, in whichever worker; also the workers' heartbeat."""

    name = models.CharField(max_length=120, primary_key=True)
    next_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "定时任务"
