"""Refunds of one spoiled batch: what the leader agreed to, and one row per order it is carried out for."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.models import Row
from yantuan.orders.models import Order


class BatchRefund(Row):
    """批量退款: chosen goods of one sale, a share of their price, and everybody it concerns, as previewed and agreed to."""

    class State(models.TextChoices):
        RUNNING = "running", "进行中"
        STOPPED = "stopped", "已停止"
        DONE = "done", "已完成"

    class Kind(models.TextChoices):
        SHARE = "share", "按比例"
        UNITS = "units", "按件数"

    store_id = models.BigIntegerField()
    group_buy = models.ForeignKey(GroupBuy, on_delete=models.PROTECT, related_name="batch_refunds")
    person_id = models.BigIntegerField()
    """Who agreed to it."""
    offer_ids = models.JSONField(default=list)
    percent = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.SHARE, db_default="share")
    """A share of what is left of each line, or pieces that nobody will hand out."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    orders = models.PositiveIntegerField()
    total_fen = models.BigIntegerField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "批量退款"
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=1, percent__lte=100), name="batch_refund_percent"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["running", "stopped", "done"]), name="batch_refund_state_known"
            ),
            models.CheckConstraint(condition=Q(kind__in=["share", "units"]), name="batch_refund_kind_known"),
            models.CheckConstraint(condition=Q(total_fen__gte=1), name="batch_refund_positive"),
        ]
        indexes = [models.Index(fields=["group_buy", "-id"], name="batch_refund_of_sale")]


class BatchRefundItem(Row):
    """One order's part; it is started exactly once, or left out with the reason."""

    class State(models.TextChoices):
        WAITING = "waiting", "等待"
        STARTED = "started", "已发起"
        SKIPPED = "skipped", "跳过"

    batch = models.ForeignKey(BatchRefund, on_delete=models.PROTECT, related_name="items")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="batch_refund_items")
    number = models.BigIntegerField()
    wishes = models.JSONField(default=list)
    """[[order line id, units, fen], …] as previewed."""
    amount_fen = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    refund_id = models.BigIntegerField(null=True)
    why = models.CharField(max_length=60, default="", blank=True)
    """A code of `rules.WHY`, for those left out."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "order"], name="batch_refund_order_once"),
            models.CheckConstraint(
                condition=Q(state="started", refund_id__isnull=False)
                | (Q(state__in=["waiting", "skipped"]) & Q(refund_id__isnull=True)),
                name="batch_refund_item_has_refund",
            ),
            models.CheckConstraint(condition=Q(amount_fen__gte=1), name="batch_refund_item_positive"),
        ]
        indexes = [models.Index(fields=["batch", "state", "id"], name="batch_refund_items_due")]
