"""Group sales and what they offer."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.catalog.models import Product, Sku
from yantuan.kernel.models import Row
from yantuan.stores.models import Store


class GroupBuy(Row):
    """团购: one dated sale, or the store's permanent shelf (`kind` shelf, no end)."""

    class Kind(models.TextChoices):
        DATED = "dated", "团购"
        SHELF = "shelf", "卖场货架"

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        PUBLISHED = "published", "已发布"
        CLOSED = "closed", "已截单"

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="group_buys")
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.DATED)
    code = models.CharField(max_length=16, unique=True)
    title = models.CharField(max_length=60)
    blocks = models.JSONField(default=list)
    """Content: [{"kind": "text", "text": …} | {"kind": "picture", "media_id": "…"}]."""
    cover_media_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    courier_enabled = models.BooleanField(default=True)
    pickup_enabled = models.BooleanField(default=False)
    pickup_point_ids = models.JSONField(default=list)
    questions = models.JSONField(default=list)
    """[{"id": "q1", "label": "楼栋房号", "required": true, "kind": "text" | "choice", "choices": […]}]."""
    show_joined = models.BooleanField(default=True)
    options = models.JSONField(default=dict)
    """What it demands beyond the columns (`groupbuys.options`); empty for most."""
    publish_at = models.DateTimeField(null=True)
    """定时发布: when the worker publishes this draft; None where its leader does."""
    published_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    copied_from_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "团购"
        constraints = [
            models.UniqueConstraint(fields=["store"], condition=Q(kind="shelf"), name="one_shelf_per_store"),
            models.CheckConstraint(
                condition=Q(kind="shelf") | Q(ends_at__isnull=False), name="dated_sale_ends"
            ),
            models.CheckConstraint(condition=Q(kind__in=["dated", "shelf"]), name="groupbuy_kind_known"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "published", "closed"]), name="groupbuy_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-id"], name="groupbuy_of_store"),
            models.Index(
                fields=["publish_at"], name="groupbuy_to_publish", condition=Q(publish_at__isnull=False)
            ),
        ]


class Offer(Row):
    """团内商品: one SKU inside one group buy."""

    group_buy = models.ForeignKey(GroupBuy, on_delete=models.PROTECT, related_name="offers")
    store_id = models.BigIntegerField()
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="offers")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="offers")
    price_fen = models.BigIntegerField()
    limit_per_person = models.PositiveIntegerField(default=0)
    """Most units one person may hold in this group buy; 0: no limit."""
    pool_id = models.BigIntegerField(db_index=True)
    """The SKU's pool (shared stock) or a pool of this offer's own."""
    own_stock = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=0)
    removed_at = models.DateTimeField(null=True)
    options = models.JSONField(default=dict)
    """What it demands beyond the columns (`groupbuys.options`); empty for most."""

    class Meta:
        verbose_name = verbose_name_plural = "团内商品"
        constraints = [
            models.UniqueConstraint(fields=["group_buy", "sku"], name="offer_once"),
            models.CheckConstraint(condition=Q(price_fen__gte=0), name="offer_price_not_negative"),
        ]


class GroupCounter(models.Model):
    """Narrow hot row beside a group buy: the next 跟团号 and the public totals."""

    group_buy_id = models.BigIntegerField(primary_key=True)
    last_number = models.BigIntegerField(default=0)
    orders = models.BigIntegerField(default=0)
    """Placed and not closed."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_number__gte=0, orders__gte=0), name="group_counter_not_negative"
            )
        ]
