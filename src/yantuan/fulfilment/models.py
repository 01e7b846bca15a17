"""Parcels and hand-outs."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.fulfilment.imports.models import ShipImport, ShipImportRow
from yantuan.kernel.models import Row
from yantuan.orders.models import Order, OrderLine

__all__ = ["PickupCheck", "ShipImport", "ShipImportRow", "Shipment", "ShipmentLine"]


class Shipment(Row):
    """包裹: one parcel with carrier and tracking number."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments")
    store_id = models.BigIntegerField()
    carrier = models.CharField(max_length=12)
    """Code of `fulfilment.carriers`; `OTHER` with a free name."""
    carrier_name = models.CharField(max_length=40)
    tracking_no = models.CharField(max_length=40)
    note = models.CharField(max_length=100, default="", blank=True)
    created_at = models.DateTimeField()
    corrected_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    import_row_id = models.BigIntegerField(null=True)
    """The row of an imported sheet it was entered by."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["import_row_id", "order"],
                condition=Q(import_row_id__isnull=False),
                name="shipment_once_per_row",
            )
        ]
        indexes = [models.Index(fields=["store_id", "tracking_no"], name="shipment_by_number")]


class ShipmentLine(Row):
    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="shipment_lines")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shipment", "order_line"], name="shipment_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="shipment_line_positive"),
        ]


class PickupCheck(Row):
    """核销: proof that units of a line were handed out."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="pickup_checks")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="pickup_checks")
    store_id = models.BigIntegerField()
    quantity = models.PositiveIntegerField()
    actor_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(quantity__gte=1), name="pickup_check_positive")]
