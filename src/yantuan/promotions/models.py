"""优惠券: what a leader issues, who took a copy, and in which order it was used. Never a reward for sharing."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yantuan.identity.models import Person
from yantuan.kernel.models import Row
from yantuan.stores.models import Store


class Coupon(Row):
    """One issue of coupons. Its counters move only under its row lock; amounts in fen, 0 as a bound means none."""

    class Kind(models.TextChoices):
        FIXED = "fixed", "满减券"
        PERCENT = "percent", "折扣券"
        FREIGHT = "freight", "免运费券"

    class Audience(models.TextChoices):
        ALL = "all", "所有人"
        EARLIER = "earlier", "老客"
        NEW = "new", "新客"

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="coupons")
    group_buy_id = models.BigIntegerField(null=True)
    """None: good in every sale of the store."""
    kind = models.CharField(max_length=8, choices=Kind.choices)
    minus_fen = models.BigIntegerField(default=0)
    percent_off = models.PositiveSmallIntegerField(default=0)
    cap_fen = models.BigIntegerField(default=0)
    threshold_fen = models.BigIntegerField(default=0)
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.ALL)
    code = models.CharField(max_length=12, default="", blank=True)
    """Empty: shown on the pages; else only who knows it takes a copy."""
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    per_person = models.PositiveSmallIntegerField(default=1)
    total = models.PositiveIntegerField(default=0)
    budget_fen = models.BigIntegerField(default=0)
    claimed = models.PositiveIntegerField(default=0)
    used = models.PositiveIntegerField(default=0)
    used_fen = models.BigIntegerField(default=0)
    stopped_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "优惠券"
        constraints = [
            models.UniqueConstraint(
                fields=["store", "code"], condition=~Q(code=""), name="coupon_code_once_per_store"
            ),
            models.CheckConstraint(
                condition=Q(used__lte=F("claimed")) & (Q(total=0) | Q(claimed__lte=F("total"))),
                name="coupon_within_count",
            ),
            models.CheckConstraint(
                condition=Q(used_fen__gte=0) & (Q(budget_fen=0) | Q(used_fen__lte=F("budget_fen"))),
                name="coupon_within_budget",
            ),
            models.CheckConstraint(
                condition=Q(kind="fixed", minus_fen__gte=1)
                | Q(kind="percent", percent_off__gte=1, percent_off__lte=99)
                | Q(kind="freight"),
                name="coupon_worth_something",
            ),
        ]
        indexes = [models.Index(fields=["store", "-id"], name="coupon_of_store")]


class CouponClaim(Row):
    """One copy in one person's hands."""

    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="claims")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="coupons")
    nth = models.PositiveSmallIntegerField()
    """1…`per_person`: the same copy is never taken twice."""
    claimed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["coupon", "person", "nth"], name="coupon_claim_once"),
        ]


class CouponUse(Row):
    """A copy reserved by an unpaid order or spent by a paid one. Gone when the order closes unpaid."""

    claim = models.OneToOneField(CouponClaim, on_delete=models.PROTECT, related_name="use")
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="uses")
    order_id = models.BigIntegerField(unique=True)
    """At most one coupon per order."""
    fen = models.BigIntegerField()
    """What it took off, freight included."""
    used_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(fen__gte=0), name="coupon_use_not_negative")]


class CouponReturn(models.Model):
    """A copy once came back from this order: late money takes it again only from here."""

    order_id = models.BigIntegerField(primary_key=True)
    claim = models.ForeignKey(CouponClaim, on_delete=models.PROTECT, related_name="returns")
    fen = models.BigIntegerField()
