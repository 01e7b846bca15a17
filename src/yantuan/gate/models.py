"""What phones at a gate did, each act with exactly one outcome."""

from __future__ import annotations

from django.db import models

from yantuan.identity.models import Person
from yantuan.kernel.models import Row
from yantuan.orders.models import Order


class GateEntry(Row):
    """One hand-out, or the taking back of one, as a phone noted it; told again, it is answered from here."""

    key = models.CharField(max_length=40)
    """Made by the phone; unique within a store."""
    store_id = models.BigIntegerField()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="gate_entries")
    person_id = models.BigIntegerField()
    """Who stood at the gate."""
    kind = models.CharField(max_length=8)
    """`hand_out` or `undo`."""
    undoes = models.CharField(max_length=40, default="", blank=True)
    outcome = models.CharField(max_length=12)
    """One of `rules.OUTCOMES`."""
    booked = models.JSONField(default=dict)
    """Pieces by order line that were booked."""
    checks = models.JSONField(default=list)
    """Ids of the `PickupCheck` rows it wrote."""
    other_id = models.BigIntegerField(null=True)
    """Who had handed the same pieces out before."""
    pass_id = models.BigIntegerField(null=True)
    """The `PickupPass` a friend showed."""
    friend = models.CharField(max_length=8, default="", db_default="", blank=True)
    """What became of it, one of `rules.FRIENDS`; empty where the buyer came."""
    handed_at = models.DateTimeField()
    """When it happened, by the phone's clock; never in the future."""
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store_id", "key"], name="gate_entry_once")]
        indexes = [models.Index(fields=["store_id", "other_id", "-id"], name="gate_entry_clash")]


class PickupPass(Row):
    """代取码: lets a friend fetch chosen orders on one day. Only hashes of its code are kept."""

    store_id = models.BigIntegerField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="pickup_passes")
    """The buyer who made it."""
    friend = models.CharField(max_length=20, default="", blank=True)
    """What the buyer calls the friend; shown masked at the gate."""
    code_hash = models.CharField(max_length=64)
    salt = models.CharField(max_length=16)
    digest = models.CharField(max_length=8)
    """Short digest of the code under `salt`, for gates without a line; see `rules.CODE_DIGITS`."""
    valid_on = models.DateField()
    """The day in China it is good for."""
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "代取码"
        constraints = [models.UniqueConstraint(fields=["store_id", "code_hash"], name="pickup_pass_once")]
        indexes = [models.Index(fields=["valid_on"], name="pickup_pass_by_day")]


class PassOrder(Row):
    """One order a pass is for; each is fetched by it once."""

    passed = models.ForeignKey(PickupPass, on_delete=models.CASCADE, related_name="orders")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="passes")
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["passed", "order"], name="pass_order_once")]
