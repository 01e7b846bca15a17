"""What WeChat knows of each payment's shipping, and what it told us about itself."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.kernel.models import Row
from yantuan.orders.models import Order
from yantuan.payments.models import PaymentAttempt
from yantuan.shipinfo.states import SHIPPING


class ShippingInfo(Row):
    """发货信息: one payment of the mini-program, from shipping to the settlement of its money."""

    attempt = models.OneToOneField(PaymentAttempt, on_delete=models.PROTECT, related_name="shipping_info")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipping_infos")
    store_id = models.BigIntegerField()
    transaction_id = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=16, default="unshipped")
    problem = models.CharField(max_length=20, default="", blank=True)
    """A key of `states.ADVICE`; empty: none."""
    provider_code = models.CharField(max_length=12, default="", blank=True)
    mode = models.PositiveSmallIntegerField(default=0)
    """delivery_mode of the accepted uploads (1 unified, 2 split); 0: none yet. A change would cost the one chance."""
    uploaded = models.JSONField(default=list)
    """[[carrier, number], …] as the platform has them; one empty pair for goods handed out."""
    complete = models.BooleanField(default=False)
    """The platform was told that nothing more follows."""
    chance_used = models.BooleanField(default=False)
    agreed = models.JSONField(default=list)
    """The pairs the leader agreed to spend the one correction on."""
    arrived_at = models.DateTimeField(null=True)
    """Pick-up: the goods are at the point; told to the platform before anybody fetches them."""
    upload_time = models.DateTimeField(null=True)
    """upload_time of the last try; the next must be later."""
    uploaded_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    """The buyer's receipt, at WeChat."""
    settles_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    waiting_since = models.DateTimeField(null=True)
    next_ask_at = models.DateTimeField(null=True)
    """When to ask the platform how far the payment is; its pushes may be lost."""
    signed_at = models.DateTimeField(null=True)
    """The carrier's signing, of which the buyer is to be reminded at WeChat."""
    remind_at = models.DateTimeField(null=True)
    """When to try that reminder; None: nothing to do."""
    late_told_at = models.DateTimeField(null=True)
    """The leader was told that shipping is late."""
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "微信发货信息"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=SHIPPING.states), name="shipinfo_state_known"),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], name="shipinfo_due", condition=Q(state="waiting")),
            models.Index(
                fields=["next_ask_at"], name="shipinfo_to_ask", condition=Q(next_ask_at__isnull=False)
            ),
            models.Index(
                fields=["remind_at"], name="shipinfo_to_remind", condition=Q(remind_at__isnull=False)
            ),
            models.Index(
                fields=["store_id"],
                name="shipinfo_trouble",
                condition=Q(state__in=["carrier_unknown", "failed", "changed"]),
            ),
        ]


class PlatformFact(models.Model):
    """What the platform answered about itself, shared by all processes: kept a day, used longer when it is silent."""

    name = models.CharField(max_length=64, primary_key=True)
    value = models.JSONField()
    fetched_at = models.DateTimeField()
