"""Imported sheets of goods and their rows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.catalog.imports.states import GOODS_IMPORT, OPEN
from yantuan.kernel.models import Row
from yantuan.kernel.sheets.batches import SheetBatch


class GoodsImport(SheetBatch):
    """商品导入: one sheet of goods, from the preview to the library."""

    state = models.CharField(max_length=10, default="preview")
    others = models.JSONField(default=list)
    """Names of further sheets, which were not read."""
    picture_media_id = models.BigIntegerField(null=True)
    """For goods without a picture of their own."""
    stock = models.PositiveIntegerField(null=True)
    """For rows that say no stock."""

    class Meta:
        verbose_name = verbose_name_plural = "商品导入"
        constraints = [
            models.UniqueConstraint(
                fields=["store_id", "digest"], condition=Q(state__in=OPEN), name="goods_import_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=GOODS_IMPORT.states), name="goods_import_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["store_id", "-id"], name="goods_import_of_store"),
            models.Index(fields=["seen_at"], name="goods_import_unfinished", condition=Q(state__in=OPEN)),
        ]


class GoodsImportRow(Row):
    """One row of a sheet with its outcome."""

    batch = models.ForeignKey(GoodsImport, on_delete=models.CASCADE, related_name="rows")
    place = models.PositiveIntegerField()
    """From zero, in the order of the sheet."""
    row = models.PositiveIntegerField()
    """As the sheet counts."""
    good = models.PositiveIntegerField()
    """Rows with one number are variants of one product."""
    title = models.CharField(max_length=100, default="", blank=True)
    spec = models.CharField(max_length=30, default="", blank=True)
    values = models.JSONField(default=dict)
    """{"price_fen", "market_fen", "cost_fen", "stock", "limit", "code", "note", "weight_g"}."""
    pictures = models.JSONField(default=list)
    """Names inside the file."""
    severity = models.CharField(max_length=8)
    """`error`, `confirm`, `ok`, `note` (in the library already)."""
    problems = models.JSONField(default=list)
    """[[code, data], …], the weightiest first."""
    product_id = models.BigIntegerField(null=True)
    sku_id = models.BigIntegerField(null=True)
    """The library's, found or made."""
    result = models.CharField(max_length=10, default="", blank=True)
    """Empty before the confirmation; `waiting`, `skipped`, `made`, `known` (somebody else made it meanwhile, or it was there), `refused`."""
    refusal = models.CharField(max_length=32, default="", blank=True)
    """Code of the refusal at booking."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "place"], name="goods_import_row_once")]
        indexes = [models.Index(fields=["batch", "result", "place"], name="goods_import_row_result")]
