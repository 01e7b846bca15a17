"""What a sale settles when it closes: whether it formed, who gets how much of a carton, and the money that goes back."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.models import Row
from yantuan.orders.models import Order, OrderLine


class Formation(models.Model):
    """成团: the group axis of a sale that settles something. There is none before its first paid order."""

    class State(models.TextChoices):
        WAITING = "waiting", "未成团"
        FORMED = "formed", "已成团"
        FAILED = "failed", "未成团，已退款"

    group_buy = models.OneToOneField(
        GroupBuy, on_delete=models.PROTECT, primary_key=True, related_name="formation"
    )
    store_id = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    people = models.PositiveIntegerField(default=0)
    pieces = models.PositiveIntegerField(default=0)
    fen = models.BigIntegerField(default=0)
    """What it was judged by: buyers, pieces and money of goods that were paid and kept."""
    formed_at = models.DateTimeField(null=True)
    judged_at = models.DateTimeField(null=True)
    """When the closed sale was judged; everything to settle was written down with it."""
    tiers = models.JSONField(default=dict)
    """{offer id: {"have": count, "price_fen": the price everybody pays in the end}}."""

    class Meta:
        verbose_name = verbose_name_plural = "成团"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "formed", "failed"]), name="formation_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | Q(judged_at__isnull=False), name="formation_fails_when_judged"
            ),
        ]
        indexes = [
            models.Index(fields=["group_buy"], name="formation_open", condition=Q(judged_at__isnull=True))
        ]


class CartonShare(models.Model):
    """拼箱: what one order line wants of an offer's cartons, and what it got."""

    order_line = models.OneToOneField(
        OrderLine, on_delete=models.PROTECT, primary_key=True, related_name="carton_share"
    )
    group_buy_id = models.BigIntegerField()
    offer_id = models.BigIntegerField()
    wish = models.PositiveIntegerField()
    number = models.BigIntegerField(null=True)
    most = models.PositiveIntegerField(null=True)
    """Pieces it would have taken when the cartons were split."""
    got = models.PositiveIntegerField(null=True)
    """None until the split, and for orders that were paid after it."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(wish__gte=1), name="carton_wish_positive"),
            models.CheckConstraint(
                condition=Q(got__isnull=True) | Q(got__lte=F("most")), name="carton_share_within"
            ),
        ]
        indexes = [models.Index(fields=["group_buy_id", "number"], name="carton_share_of_sale")]


class Settlement(Row):
    """One order's part in what a sale gives back, for one reason; its refund is started exactly once."""

    class Kind(models.TextChoices):
        UNFORMED = "unformed", "未成团退款"
        UNFILLED = "unfilled", "拼箱余数退款"
        TIER = "tier", "阶梯价差退回"

    class State(models.TextChoices):
        DUE = "due", "待退"
        STARTED = "started", "已发起"
        SKIPPED = "skipped", "未退"

    store_id = models.BigIntegerField()
    group_buy_id = models.BigIntegerField()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="settlements")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    parts = models.JSONField(default=list)
    """[[order line id, pieces not filled]] or [[order line id, fen back for each piece]]; empty: everything."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    refund_id = models.BigIntegerField(null=True)
    amount_fen = models.BigIntegerField(default=0)
    """What the refund that was started comes to."""
    why = models.CharField(max_length=40, default="", blank=True)
    """Of one skipped: `nothing` was left to give back, or the code of the refusal."""
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "截单结算"
        constraints = [
            models.UniqueConstraint(fields=["order", "kind"], name="settlement_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["unformed", "unfilled", "tier"]), name="settlement_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state="started", refund_id__isnull=False)
                | (Q(state__in=["due", "skipped"]) & Q(refund_id__isnull=True)),
                name="settlement_has_refund",
            ),
        ]
        indexes = [
            models.Index(fields=["group_buy_id", "id"], name="settlement_due", condition=Q(state="due")),
            models.Index(fields=["group_buy_id", "kind", "id"], name="settlement_of_sale"),
        ]


class Weighing(models.Model):
    """称重: the real weight of one order line, and what was given back for it."""

    order_line = models.OneToOneField(
        OrderLine, on_delete=models.PROTECT, primary_key=True, related_name="weighing"
    )
    store_id = models.BigIntegerField()
    grams = models.PositiveIntegerField()
    back_fen = models.BigIntegerField(default=0)
    person_id = models.BigIntegerField()
    weighed_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "称重"
        constraints = [
            models.CheckConstraint(condition=Q(grams__gte=1), name="weighing_positive"),
            models.CheckConstraint(condition=Q(back_fen__gte=0), name="weighing_back_not_negative"),
        ]
