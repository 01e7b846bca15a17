"""售后: one case about one order."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.aftersales.states import CASE
from yantuan.kernel.models import Row
from yantuan.orders.models import Order, OrderLine


class AfterSale(Row):
    """One case with its lines, reason, evidence, decision and refund. States and edges: `aftersales.states`."""

    class Kind(models.TextChoices):
        REFUND_ONLY = "refund_only", "仅退款"
        RETURN_REFUND = "return_refund", "退货退款"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="aftersales")
    store_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    kind = models.CharField(max_length=14, choices=Kind.choices)
    reason = models.CharField(max_length=32)
    """Code of `aftersales.reasons`."""
    description = models.CharField(max_length=500, default="", blank=True)
    media_ids = models.JSONField(default=list)
    state = models.CharField(max_length=20, default="requested")
    requested_fen = models.BigIntegerField()
    agreed_fen = models.BigIntegerField(null=True)
    """What the leader agreed to or offered, or the operator decided."""
    answer = models.CharField(max_length=300, default="", blank=True)
    """Leader's words: reason of a refusal or of a lower offer."""
    return_snapshot = models.JSONField(default=dict)
    """Where the goods go back to: name, phone, address."""
    return_carrier_name = models.CharField(max_length=40, default="", blank=True)
    return_tracking_no = models.CharField(max_length=40, default="", blank=True)
    escalation = models.CharField(max_length=300, default="", blank=True)
    decision = models.CharField(max_length=300, default="", blank=True)
    refund_id = models.BigIntegerField(null=True)
    due_at = models.DateTimeField(null=True)
    """When silence decides; null in states without a timer."""
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "售后单"
        constraints = [
            models.CheckConstraint(condition=Q(requested_fen__gte=1), name="aftersale_amount_positive"),
            models.CheckConstraint(
                condition=Q(agreed_fen__isnull=True) | Q(agreed_fen__gte=0),
                name="aftersale_agreed_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["refund_only", "return_refund"]), name="aftersale_kind_known"
            ),
            models.CheckConstraint(condition=Q(state__in=list(CASE.states)), name="aftersale_state_known"),
        ]
        indexes = [
            models.Index(fields=["store_id", "-id"], name="aftersale_of_store"),
            models.Index(fields=["person_id", "-id"], name="aftersale_of_person"),
            models.Index(fields=["due_at"], name="aftersale_due", condition=Q(due_at__isnull=False)),
        ]


class Allowance(Row):
    """Small claims a leader lets settle themselves: what they may be, and how much a month."""

    store_id = models.BigIntegerField(unique=True)
    enabled = models.BooleanField(default=False)
    month_fen = models.BigIntegerField()
    """At most so much per month of Beijing's calendar."""
    claim_fen = models.BigIntegerField()
    """At most so much per claim."""
    percent = models.PositiveSmallIntegerField()
    """At most this part of what the claimed lines cost."""
    reasons = models.JSONField(default=list)
    """Codes of `aftersales.reasons`."""
    needs_picture = models.BooleanField(default=True)
    claims_per_buyer = models.PositiveSmallIntegerField()
    """Claims of one buyer settled in this way within 30 days."""
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(month_fen__gte=0, claim_fen__gte=1, percent__gte=1, percent__lte=100),
                name="allowance_bounds",
            )
        ]


class AllowanceUse(Row):
    """One claim that settled itself; the case's id makes it the only one."""

    case_id = models.BigIntegerField(unique=True)
    store_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    amount_fen = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gte=1), name="allowance_use_positive"),
        ]
        indexes = [models.Index(fields=["store_id", "at"], name="allowance_use_of_store")]


class AfterSaleLine(Row):
    """Units and amount claimed of one line; `open` while the case is, so that a line has one open case at most."""

    aftersale = models.ForeignKey(AfterSale, on_delete=models.PROTECT, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="aftersale_lines")
    quantity = models.PositiveIntegerField()
    goods_fen = models.BigIntegerField()
    freight_fen = models.BigIntegerField(default=0)
    open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order_line"], condition=Q(open=True), name="one_open_case_per_line"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, goods_fen__gte=0, freight_fen__gte=0), name="case_line_sane"
            ),
        ]
