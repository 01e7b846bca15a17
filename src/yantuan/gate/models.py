"""What phones at a gate did, each act with exactly one outcome."""

from __future__ import annotations

from django.db import models

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
    handed_at = models.DateTimeField()
    """When it happened, by the phone's clock; never in the future."""
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store_id", "key"], name="gate_entry_once")]
        indexes = [models.Index(fields=["store_id", "other_id", "-id"], name="gate_entry_clash")]
