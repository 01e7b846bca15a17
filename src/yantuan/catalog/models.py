"""The product library, its variants and the stock pools."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yantuan.catalog.imports.models import GoodsImport, GoodsImportRow
from yantuan.kernel.models import Row
from yantuan.stores.models import Store

__all__ = ["GoodsImport", "GoodsImportRow", "Product", "Sku", "StockMovement", "StockPool"]


class Product(Row):
    """商品: reusable goods of a store."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="products")
    title = models.CharField(max_length=100)
    description = models.TextField(max_length=2000, default="", blank=True)
    picture_media_ids = models.JSONField(default=list)
    """Ordered; the first is the cover."""
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "商品"
        indexes = [models.Index(fields=["store", "-id"], name="product_of_store")]


class Sku(Row):
    """规格: one variant with price and code. `cost_fen` is private to the leader."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="skus")
    store_id = models.BigIntegerField()
    name = models.CharField(max_length=60, default="", blank=True)
    """Empty when the product has one variant only."""
    code = models.CharField(max_length=32, default="", blank=True)
    price_fen = models.BigIntegerField()
    cost_fen = models.BigIntegerField(null=True)
    limit_per_person = models.PositiveIntegerField(default=0)
    """0: no limit."""
    weight_g = models.PositiveIntegerField(db_default=0, default=0)
    """Of one piece in grams, for freight by weight; 0: not weighed."""
    pool_id = models.BigIntegerField(unique=True)
    """The SKU's own stock pool; a number, not a foreign key, to keep the hot row free of share locks."""
    position = models.PositiveIntegerField(default=0)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "规格"
        constraints = [
            models.CheckConstraint(condition=Q(price_fen__gte=0), name="sku_price_not_negative"),
            models.CheckConstraint(
                condition=Q(cost_fen__isnull=True) | Q(cost_fen__gte=0), name="sku_cost_not_negative"
            ),
        ]


class StockPool(Row):
    """The narrow hot row that one or several offers draw from. Changed only by `catalog.stock` and `orders.book`, by deltas.

    available + held + sold = total at every commit; `held` are unpaid orders' units, `sold` are paid ones not restocked.
    """

    store_id = models.BigIntegerField()
    total = models.BigIntegerField(default=0)
    available = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    sold = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "库存"
        constraints = [
            models.CheckConstraint(
                condition=Q(available__gte=0) & Q(held__gte=0) & Q(sold__gte=0), name="stock_never_negative"
            ),
            models.CheckConstraint(
                condition=Q(total=F("available") + F("held") + F("sold")), name="stock_conserved"
            ),
        ]


class StockMovement(Row):
    """Why a pool changed. Unique per (order line, kind), so that nothing is released or restocked twice."""

    class Kind(models.TextChoices):
        ADJUST = "adjust", "调整"
        HOLD = "hold", "占用"
        RELEASE = "release", "释放"
        SELL = "sell", "售出"
        RESTOCK = "restock", "退回"

    store_id = models.BigIntegerField()
    pool_id = models.BigIntegerField(db_index=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    quantity = models.BigIntegerField()
    """Units; positive, except for `adjust` which may lower the stock."""
    order_line_id = models.BigIntegerField(null=True)
    cause_id = models.BigIntegerField(default=0)
    """0; for a restock the refund line (a line can be restocked in parts); 1 for a hold taken anew by late money."""
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order_line_id", "kind", "cause_id"],
                condition=Q(order_line_id__isnull=False),
                name="movement_once_per_line",
            ),
            models.CheckConstraint(
                condition=Q(kind="adjust", order_line_id__isnull=True)
                | Q(kind__in=["hold", "release", "sell", "restock"], order_line_id__isnull=False),
                name="movement_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="adjust") | Q(quantity__gte=1), name="movement_quantity_positive"
            ),
        ]
