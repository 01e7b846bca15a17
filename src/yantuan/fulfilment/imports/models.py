"""Imported sheets and their rows. Names and phones of the sheet are compared and forgotten; what is kept of them is masked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.fulfilment.imports.states import IMPORT, OPEN
from yantuan.kernel.models import Row
from yantuan.kernel.sheets.batches import SheetBatch


class ShipImport(SheetBatch):
    """导入批次: one sheet of tracking numbers, from the upload to its booking or its withdrawal."""

    state = models.CharField(max_length=10, default="reading")
    carrier = models.CharField(max_length=12, default="", blank=True)
    """Code for rows that name no carrier; empty: guess."""
    shifts = models.JSONField(default=list)
    """[[first row, last row, offset], …] of rows that slipped."""
    accepted = models.JSONField(default=list)
    """Doubts the leader agreed to."""
    error = models.JSONField(default=dict)
    """Why the file was refused: {"code": …, "zh": …, "en": …}."""
    undone_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "批量发货"
        constraints = [
            models.UniqueConstraint(
                fields=["store_id", "digest"], condition=Q(state__in=OPEN), name="ship_import_once"
            ),
            models.CheckConstraint(condition=Q(state__in=IMPORT.states), name="ship_import_state_known"),
        ]
        indexes = [
            models.Index(fields=["store_id", "-id"], name="ship_import_of_store"),
            models.Index(
                fields=["seen_at"], name="ship_import_unfinished",
                condition=Q(state__in=["reading", "preview", "booking", "undoing"]),
            ),
        ]  # fmt: skip


class ShipImportRow(Row):
    """One row of a sheet with its outcome."""

    batch = models.ForeignKey(ShipImport, on_delete=models.CASCADE, related_name="rows")
    place = models.PositiveIntegerField()
    """From zero, in the order of the sheet."""
    row = models.PositiveIntegerField()
    """As the sheet counts."""
    order_id = models.BigIntegerField(null=True)
    number = models.BigIntegerField(null=True)
    """The order's 跟团号."""
    said = models.CharField(max_length=40, default="", blank=True)
    """What the row gives as the order, where none was found."""
    carrier = models.CharField(max_length=12, default="", blank=True)
    carrier_name = models.CharField(max_length=40, default="", blank=True)
    tracking_no = models.CharField(max_length=40, default="", blank=True)
    action = models.CharField(max_length=8)
    """`none`, `ship`, `correct`, `same`, `joined` (goes with an earlier row)."""
    severity = models.CharField(max_length=8)
    """`error`, `confirm`, `ok`, `note`."""
    problems = models.JSONField(default=list)
    """[[code, data], …], the weightiest first."""
    pieces = models.JSONField(default=list)
    """[[order line, units], …]; empty: everything left when it is booked."""
    orders = models.JSONField(default=list)
    """[[order, changes of its address the preview knew], …] of all that leave in the parcel, the row's own first."""
    parcel_id = models.BigIntegerField(null=True)
    """The parcel to correct, or that has this number already."""
    before = models.JSONField(default=dict)
    """A corrected parcel as it was: carrier, carrier_name, tracking_no."""
    result = models.CharField(max_length=10, default="", blank=True)
    """Empty before the confirmation and where there is nothing to do; `waiting`, `skipped`, `booked`, `partly` (not all of the parcel's orders), `corrected`,
    `same`, `refused`;
    after a withdrawal `undone` or `kept`."""
    refusal = models.CharField(max_length=32, default="", blank=True)
    """Code of the refusal at booking, why not all of its orders left, or why it is kept."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "place"], name="ship_import_row_once")]
        indexes = [models.Index(fields=["batch", "result", "place"], name="ship_import_row_result")]
