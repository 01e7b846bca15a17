"""Buyers as one store sees them: what the leader wrote of them, and figures counted from their orders."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yantuan.identity.models import Person
from yantuan.kernel.models import Row


class Member(Row):
    """团员: a person with at least one paid order in a store. The figures are counted from orders and can be counted again."""

    store_id = models.BigIntegerField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    note = models.CharField(max_length=200, default="", blank=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="twins")
    """The same person's other account, chosen by the leader; only the view is joined, orders stay where they are."""
    orders = models.BigIntegerField(default=0)
    """Paid orders, with those of accounts merged into this one."""
    paid_fen = models.BigIntegerField(default=0)
    refunded_fen = models.BigIntegerField(default=0)
    refunds = models.BigIntegerField(default=0)
    """Orders something was given back of."""
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    share_id = models.BigIntegerField(null=True)
    """The share the first order came by."""
    door = models.CharField(max_length=64, default="", blank=True)
    """Building, unit and room of the newest order."""

    class Meta:
        verbose_name = verbose_name_plural = "团员"
        constraints = [
            models.UniqueConstraint(fields=["store_id", "person"], name="member_once_per_store"),
            models.CheckConstraint(
                condition=Q(orders__gte=0, refunded_fen__gte=0, refunded_fen__lte=F("paid_fen")),
                name="member_figures_possible",
            ),
        ]
        indexes = [
            models.Index(fields=["store_id", "-last_at", "-id"], name="member_by_last_order"),
            models.Index(fields=["store_id", "-paid_fen", "-id"], name="member_by_paid"),
            models.Index(fields=["store_id", "-orders", "-id"], name="member_by_orders"),
        ]


class MemberTag(models.Model):
    """One word on one member."""

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="tags")
    store_id = models.BigIntegerField()
    name = models.CharField(max_length=12)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "name"], name="member_tag_once")]
        indexes = [models.Index(fields=["store_id", "name"], name="member_tags_of_store")]


class MemberLevels(models.Model):
    """How a store calls those who buy much: the first step whose sums a member reaches, the highest first."""

    store_id = models.BigIntegerField(primary_key=True)
    steps = models.JSONField(default=list)
    """[{"name": "老客", "orders": 5, "paid_fen": 0}], from the lowest."""


class Counted(models.Model):
    """Up to which order event the figures are counted; one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    event_id = models.BigIntegerField(default=0)
