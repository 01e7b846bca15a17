"""The permanent storefront of a leader and its pick-up points."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.kernel.models import Row
from yantuan.leaders.models import Leader


class Store(Row):
    """卖场. Everything a leader sells hangs on one store; `store_id` is the tenant key of every row of the trade."""

    class PayRoute(models.TextChoices):
        OPERATOR = "operator", "平台商户号"
        OWN = "own", "自己的商户号"
        NONE = "none", "没有可用的商户号"

    class Freight(models.TextChoices):
        FLAT = "flat", "固定运费"
        FREE_ABOVE = "free_above", "满额包邮"
        TEMPLATE = "template", "按地区计费"

    leader = models.ForeignKey(Leader, on_delete=models.PROTECT, related_name="stores")
    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=40)
    cover_media_id = models.BigIntegerField(null=True)
    introduction = models.TextField(max_length=2000, default="", blank=True)
    notice = models.CharField(max_length=300, default="", blank=True)
    contact_wechat = models.CharField(max_length=40, default="", blank=True)
    contact_phone = models.CharField(max_length=20, default="", blank=True)
    aftersale_policy = models.TextField(max_length=2000, default="", blank=True)
    courier_enabled = models.BooleanField(default=True)
    freight_kind = models.CharField(max_length=10, choices=Freight.choices, default=Freight.FLAT)
    freight_fen = models.BigIntegerField(default=0)
    free_above_fen = models.BigIntegerField(default=0)
    freight_template = models.JSONField(null=True)
    """`stores.freight.FreightTemplate`; counts where `freight_kind` is `template`."""
    coupons_until = models.DateTimeField(null=True)
    """When the last of its coupons ends; None while there are none. Kept by `promotions`, so that pages needn't ask."""
    pickup_enabled = models.BooleanField(default=False)
    wechatpay_enabled = models.BooleanField(default=True)
    pay_route = models.CharField(
        max_length=8, choices=PayRoute.choices, default=PayRoute.OPERATOR, db_default=PayRoute.OPERATOR
    )
    """Whose merchant account takes this store's WeChat payments now; kept by `merchants.routing`, which is asked again
    before every payment."""
    offline_enabled = models.BooleanField(default=False)
    collection_code_media_id = models.BigIntegerField(null=True)
    offline_note = models.CharField(max_length=200, default="", blank=True)
    return_name = models.CharField(max_length=40, default="", blank=True)
    return_phone = models.CharField(max_length=20, default="", blank=True)
    return_address = models.CharField(max_length=200, default="", blank=True)
    suspended_at = models.DateTimeField(null=True)
    suspend_reason = models.CharField(max_length=200, default="", blank=True)
    halted_at = models.DateTimeField(null=True)
    """Stopped by the self-check: its money or stock didn't agree. Selling and refunds wait until an operator releases it."""
    halt_reason = models.CharField(max_length=300, default="", blank=True)
    halt_accepted = models.JSONField(default=list)
    """Findings (`rule:id`) the operator released the store in spite of; they don't stop it again."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "卖场"
        constraints = [
            models.CheckConstraint(
                condition=Q(freight_fen__gte=0) & Q(free_above_fen__gte=0), name="store_freight_not_negative"
            )
        ]


class PickupPoint(Row):
    """自提点."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="pickup_points")
    name = models.CharField(max_length=40)
    address = models.CharField(max_length=200)
    hours = models.CharField(max_length=100, default="", blank=True)
    contact_name = models.CharField(max_length=40, default="", blank=True)
    contact_phone = models.CharField(max_length=20, default="", blank=True)
    position = models.PositiveIntegerField(default=0)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "自提点"


class BlockedBuyer(models.Model):
    """Somebody a store takes no orders from. Read with every order placed, so it stays narrow."""

    id = models.BigAutoField(primary_key=True)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="blocked", db_index=False)
    person_id = models.BigIntegerField()
    reason = models.CharField(max_length=100, default="", blank=True)
    """For the leader; the person reads a polite sentence."""
    blocked_at = models.DateTimeField()
    blocked_by = models.BigIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "不接单的买家"
        constraints = [models.UniqueConstraint(fields=["store", "person_id"], name="blocked_once_per_store")]
