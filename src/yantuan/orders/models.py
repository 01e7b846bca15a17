"""Orders on three axes, their lines, events, and the counters placing needs."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.db.models import F, Q

from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.identity.models import Person
from yantuan.kernel.models import Row
from yantuan.orders.states import AFTERSALE, DELIVERY, PAYMENT
from yantuan.stores.models import Store

PAYMENT_METHODS: Final = ("wechatpay", "offline", "zero")
DELIVERY_METHODS: Final = ("courier", "pickup")

_SHARED: dict[str, Any] = {"on_delete": models.PROTECT, "db_constraint": False, "db_index": False}
"""A reference to a row that many orders share (store, group buy, offer) or that is never deleted (person).

A constraint would lock and look up that one row for every order, so a hot sale would queue on it; placing reads the row
in the same transaction, nothing deletes it while orders name it, and the self-check looks for orphans (rule D1).
"""


class Participation(Row):
    """跟团: one buyer in one group buy, with the public number (跟团号)."""

    store = models.ForeignKey(Store, **_SHARED)
    group_buy = models.ForeignKey(GroupBuy, related_name="participations", **_SHARED)
    person = models.ForeignKey(Person, related_name="participations", **_SHARED)
    number = models.BigIntegerField()
    anonymous = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group_buy", "person"], name="participation_once"),
            models.UniqueConstraint(fields=["group_buy", "number"], name="participation_number_once"),
        ]


class LimitUse(models.Model):
    """Units of one offer one person holds in live orders; the per-person limit is checked against this row."""

    id = models.BigAutoField(primary_key=True)
    offer_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    quantity = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer_id", "person_id"], name="limit_use_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="limit_use_not_negative"),
        ]


class Order(Row):
    """What one checkout promised. Three axes; the label people read is computed in `orders.states`."""

    store = models.ForeignKey(Store, related_name="orders", **_SHARED)
    group_buy = models.ForeignKey(GroupBuy, related_name="orders", **_SHARED)
    person = models.ForeignKey(Person, related_name="orders", **_SHARED)
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="orders")
    number = models.BigIntegerField()
    """The 跟团号, copied from the participation for lists."""

    payment = models.CharField(max_length=24, default="unpaid")
    delivery = models.CharField(max_length=16, default="none")
    aftersale = models.CharField(max_length=8, default="none")

    payment_method = models.CharField(max_length=10)
    """One of PAYMENT_METHODS; `zero` is an order with nothing to pay."""
    delivery_method = models.CharField(max_length=8)
    """One of DELIVERY_METHODS."""
    pickup_point_id = models.BigIntegerField(null=True)
    pickup_snapshot = models.JSONField(default=dict)
    pickup_code = models.CharField(max_length=8, default="", blank=True)

    recipient_name = models.CharField(max_length=50)
    phone_sealed = models.CharField(max_length=200)
    phone_last4 = models.CharField(max_length=4)
    province = models.CharField(max_length=20, default="", blank=True)
    city = models.CharField(max_length=20, default="", blank=True)
    district = models.CharField(max_length=20, default="", blank=True)
    detail = models.CharField(max_length=120, default="", blank=True)
    building = models.CharField(max_length=20, default="", blank=True)
    unit = models.CharField(max_length=20, default="", blank=True)
    room = models.CharField(max_length=20, default="", blank=True)

    goods_fen = models.BigIntegerField()
    freight_fen = models.BigIntegerField(default=0)
    discount_fen = models.BigIntegerField(default=0)
    total_fen = models.BigIntegerField()
    deductions = models.JSONField(null=True)
    """Why `discount_fen` (and any freight waived), as the buyer was told: [{"kind", "fen", "text", "text_en"}]."""
    paid_fen = models.BigIntegerField(default=0)
    refunded_fen = models.BigIntegerField(default=0)
    """Refunds that have succeeded."""

    remark = models.CharField(max_length=200, default="", blank=True)
    answers = models.JSONField(default=list)
    """[{"label": …, "answer": …}] as asked when the order was placed."""
    private_note = models.CharField(max_length=300, default="", blank=True)
    anonymous = models.BooleanField(default=False)
    share_id = models.BigIntegerField(null=True)
    goods_text = models.CharField(max_length=300, default="", blank=True)
    """Short list of goods for search and messages."""
    idempotency_key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    flags = models.JSONField(default=list)
    """Words of caution for the leader, e.g. ["proof_reused"]."""
    version = models.PositiveIntegerField(default=0)

    placed_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=40, default="", blank=True)
    shipped_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    auto_receive_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "订单"
        constraints = [
            models.UniqueConstraint(fields=["person", "idempotency_key", "store"], name="order_once_per_key"),
            models.CheckConstraint(
                condition=Q(total_fen=F("goods_fen") + F("freight_fen") - F("discount_fen")),
                name="order_total_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(goods_fen__gte=0, freight_fen__gte=0, discount_fen__gte=0, total_fen__gte=0),
                name="order_money_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(refunded_fen__gte=0) & Q(refunded_fen__lte=F("paid_fen")),
                name="order_refund_within_paid",
            ),
            # Two guards and not five: SQLite copies the whole table for each.
            models.CheckConstraint(
                condition=Q(
                    payment__in=PAYMENT.states, delivery__in=DELIVERY.states, aftersale__in=AFTERSALE.states
                ),
                name="order_axes_known",
            ),
            models.CheckConstraint(
                condition=Q(payment_method__in=PAYMENT_METHODS, delivery_method__in=DELIVERY_METHODS),
                name="order_methods_known",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-id"], name="order_of_store"),
            models.Index(fields=["person", "-id"], name="order_of_person"),
            models.Index(fields=["store", "delivery", "-id"], name="order_by_delivery"),
            models.Index(fields=["store", "payment", "-id"], name="order_by_payment"),
            models.Index(fields=["store", "phone_last4", "-id"], name="order_by_phone"),
            models.Index(fields=["store", "recipient_name", "-id"], name="order_by_name"),
            models.Index(fields=["store", "room", "-id"], name="order_by_room"),
            models.Index(fields=["store", "number", "-id"], name="order_by_number"),
            models.Index(fields=["group_buy", "-id"], name="order_of_groupbuy"),
            # Holds all that sums over a span of time need, so that they never turn to the wide rows.
            models.Index(
                fields=["store", "paid_at", "person", "share_id", "paid_fen"],
                name="order_by_payment_time",
                condition=Q(paid_at__isnull=False),
            ),
            models.Index(
                fields=["store", "pickup_code"], name="order_by_pickup_code", condition=~Q(pickup_code="")
            ),
            models.Index(fields=["expires_at"], name="order_expiring", condition=Q(payment="unpaid")),
            models.Index(
                fields=["auto_receive_at"],
                name="order_auto_receive",
                condition=Q(delivery__in=["shipped", "part_shipped"]),
            ),
            models.Index(fields=["store", "-id"], name="order_with_aftersale", condition=Q(aftersale="open")),
        ]


class OrderLine(Row):
    """One offer in one order, with everything shown kept as it was promised."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    store_id = models.BigIntegerField()
    offer = models.ForeignKey(Offer, related_name="lines", on_delete=models.PROTECT, db_constraint=False)
    pool_id = models.BigIntegerField()
    product_id = models.BigIntegerField()
    position = models.PositiveIntegerField(default=0)
    title = models.CharField(max_length=100)
    sku_name = models.CharField(max_length=60, default="", blank=True)
    sku_code = models.CharField(max_length=32, default="", blank=True)
    picture_media_id = models.BigIntegerField(null=True)
    price_fen = models.BigIntegerField()
    quantity = models.PositiveIntegerField()
    amount_fen = models.BigIntegerField()
    """price × quantity."""
    discount_share_fen = models.BigIntegerField(default=0)
    freight_share_fen = models.BigIntegerField(default=0)
    shipped_quantity = models.PositiveIntegerField(default=0)
    picked_quantity = models.PositiveIntegerField(default=0)
    refunded_quantity = models.PositiveIntegerField(default=0)
    """Units given back by refunds in flight or done; never more than quantity."""
    refunded_goods_fen = models.BigIntegerField(default=0)
    refunded_freight_fen = models.BigIntegerField(default=0)
    snapshot_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(amount_fen=F("price_fen") * F("quantity")), name="line_amount_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(shipped_quantity__lte=F("quantity"))
                & Q(picked_quantity__lte=F("quantity"))
                & Q(refunded_quantity__lte=F("quantity")),
                name="line_counts_within_quantity",
            ),
            models.CheckConstraint(
                condition=Q(refunded_goods_fen__gte=0)
                & Q(refunded_goods_fen__lte=F("amount_fen") - F("discount_share_fen"))
                & Q(refunded_freight_fen__gte=0)
                & Q(refunded_freight_fen__lte=F("freight_share_fen")),
                name="line_refund_within_share",
            ),
        ]


class OrderEvent(Row):
    """The timeline: one row per legal transition, and per remark-worthy act that changes no axis."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    store_id = models.BigIntegerField()
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    axis = models.CharField(max_length=10)
    """`payment`, `delivery`, `aftersale`, or `note`."""
    event = models.CharField(max_length=32)
    before = models.CharField(max_length=24, default="", blank=True)
    after = models.CharField(max_length=24, default="", blank=True)
    data = models.JSONField(default=dict)


class AddressRecord(models.Model):
    """How often an order's destination was changed, and which of them last left the shop on a label, a list or in a sheet.

    Counted and not timed: paper is stale exactly when fewer changes were known to what it was made of, however close
    printing and changing came to each other.
    """

    order = models.OneToOneField(
        Order, on_delete=models.CASCADE, primary_key=True, related_name="address_record"
    )
    store_id = models.BigIntegerField()
    group_buy_id = models.BigIntegerField()
    changes = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(null=True)
    printed_changes = models.PositiveIntegerField(null=True)
    """`changes` as the newest paper knew it; None: on no paper yet."""
    printed_kind = models.CharField(max_length=12, default="", blank=True)
    """What the paper was: `labels`, `bags`, `sheet` or `export`."""
    printed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["group_buy_id"],
                name="address_on_stale_paper",
                condition=Q(printed_changes__lt=F("changes")),
            )
        ]

    @property
    def stale(self) -> bool:
        """The newest paper names an address that holds no more."""
        return self.printed_changes is not None and self.printed_changes < self.changes


class LocalDelivery(models.Model):
    """How far an order goes and what was promised for that, where its sale brings by distance (`stores.distance`).

    The buyer's point itself is not kept: the leader brings goods to an address, not to coordinates.
    """

    order = models.OneToOneField(
        Order, on_delete=models.CASCADE, primary_key=True, related_name="local_delivery"
    )
    store_id = models.BigIntegerField()
    metres = models.IntegerField()
    """Straight line between where goods leave from and the address."""
    up_to_m = models.IntegerField()
    """Border of the band that counted, in metres."""
    fee_fen = models.BigIntegerField()
    """What that band asks where nothing makes it free."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(metres__gte=0, metres__lte=F("up_to_m"), fee_fen__gte=0),
                name="local_delivery_within_band",
            )
        ]


class ExportChoice(models.Model):
    """Which columns a store's sheets of orders hold, in which order; a store without a row has the usual ones."""

    store = models.OneToOneField(
        Store, on_delete=models.CASCADE, primary_key=True, related_name="export_choice"
    )
    columns = models.JSONField(default=list)
    """Keys of `reports.columns`."""
