"""Who hands out at a pick-up point, and what arrived there."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.identity.models import Person
from yantuan.kernel.invitations import Invitation, ends_once
from yantuan.kernel.models import Row
from yantuan.stores.models import PickupPoint


class PointHost(Row):
    """自提点负责人: a person who counts and hands out at one pick-up point, and sees nothing else of the store."""

    store_id = models.BigIntegerField()
    point = models.ForeignKey(PickupPoint, on_delete=models.PROTECT, related_name="hosts")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="hosted_points")
    note = models.CharField(max_length=20, default="", blank=True)
    """What the leader calls them."""
    invited_by = models.BigIntegerField()
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "自提点负责人"
        constraints = [
            models.UniqueConstraint(
                fields=["point", "person"], condition=Q(revoked_at=None), name="host_once_per_point"
            )
        ]
        indexes = [
            models.Index(fields=["person", "point"], condition=Q(revoked_at=None), name="host_of_person"),
            models.Index(fields=["store_id", "-id"], name="hosts_of_store"),
        ]


class HostInvite(Invitation):
    """An invitation for one person; only the hash of its token is kept."""

    point = models.ForeignKey(PickupPoint, on_delete=models.PROTECT, related_name="host_invites")

    class Meta:
        verbose_name = verbose_name_plural = "自提点负责人邀请"
        constraints = [ends_once("host_invite_ends_once")]


class Arrival(Row):
    """到货: the goods of one sale at one pick-up point. Locked while anything about them is written."""

    store_id = models.BigIntegerField()
    group_buy = models.ForeignKey(GroupBuy, on_delete=models.PROTECT, related_name="arrivals")
    point = models.ForeignKey(PickupPoint, on_delete=models.PROTECT, related_name="arrivals")
    counts = models.PositiveIntegerField(default=0)
    """How often it was counted; the newest `ArrivalCount` has this number."""
    told_at = models.DateTimeField(null=True)
    """When the buyers were told that the goods are there."""
    told_by = models.BigIntegerField(null=True)
    reminders = models.PositiveSmallIntegerField(default=0, db_default=0)
    reminded_at = models.DateTimeField(null=True)
    """When those who had not come were last reminded."""
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "到货"
        constraints = [
            models.UniqueConstraint(fields=["group_buy", "point"], name="arrival_once_per_point"),
            models.CheckConstraint(condition=Q(told_at=None) | Q(counts__gte=1), name="arrival_told_counted"),
        ]


class ArrivalCount(Row):
    """清点: one count, or a correction of the one before. Never changed afterwards."""

    arrival = models.ForeignKey(Arrival, on_delete=models.PROTECT, related_name="history")
    number = models.PositiveIntegerField()
    person_id = models.BigIntegerField()
    note = models.CharField(max_length=100, default="", blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["arrival", "number"], name="arrival_count_once")]


class ArrivalLine(Row):
    """One kind of goods in a count; what is missing is `due` − `came`."""

    count = models.ForeignKey(ArrivalCount, on_delete=models.PROTECT, related_name="lines")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    due = models.PositiveIntegerField()
    """Paid and not refunded when it was counted."""
    came = models.PositiveIntegerField()
    damaged = models.PositiveIntegerField(default=0)
    """Of those that came, unfit to be handed out."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["count", "offer"], name="arrival_line_once"),
            models.CheckConstraint(condition=Q(damaged__lte=F("came")), name="arrival_damaged_came"),
        ]


class UncollectedRule(Row):
    """未取规则: what becomes of goods nobody fetches, as buyers read it before they order. Never changed: a newer one follows.

    It holds for orders placed after it; nothing happens by itself but one reminder.
    """

    class Then(models.TextChoices):
        KEEP = "keep", "继续保留"
        REFUND = "refund", "取回商品并全额退款"

    store_id = models.BigIntegerField()
    group_buy = models.ForeignKey(GroupBuy, on_delete=models.PROTECT, related_name="uncollected_rules")
    days = models.PositiveSmallIntegerField()
    """Days after the announcement until the reminder."""
    then = models.CharField(max_length=8, choices=Then.choices)
    person_id = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "未取规则"
        constraints = [
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=30), name="uncollected_days"),
            models.CheckConstraint(condition=Q(then__in=["keep", "refund"]), name="uncollected_then_known"),
        ]
        indexes = [models.Index(fields=["group_buy", "-id"], name="uncollected_rule_of_sale")]
