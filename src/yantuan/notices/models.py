"""Messages to people, the channels leaders switched on, and the log of every delivery."""

from __future__ import annotations

from django.db import models

from yantuan.kernel.models import Row


class InboxMessage(Row):
    """A message inside the app; the source of live events (the id is the event id)."""

    person_id = models.BigIntegerField()
    store_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=8)
    """`leader` or `buyer`: which side of the person it is for."""
    kind = models.CharField(max_length=32)
    title = models.CharField(max_length=60)
    body = models.CharField(max_length=300, default="", blank=True)
    order_id = models.BigIntegerField(null=True)
    link = models.CharField(max_length=200, default="", blank=True)
    dedupe = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["person_id", "-id"], name="message_of_person")]


class LeaderChannel(Row):
    """One outside channel of a store's leader: `wecom` (robot key), `email` (address) or `subscribe` (WeChat subscription message)."""

    store_id = models.BigIntegerField()
    kind = models.CharField(max_length=10)
    target_sealed = models.CharField(max_length=600, default="", blank=True)
    target_hint = models.CharField(max_length=80, default="", blank=True)
    enabled = models.BooleanField(default=True)
    digest = models.CharField(max_length=6, default="none", db_default="none")
    """`none`: at once; `hourly`, `daily`: gathered into one message."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store_id", "kind"], name="channel_kind_once")]


class StoreHours(Row):
    """When a store's leader wants to be left alone by every channel; messages wait till the end of it."""

    store_id = models.BigIntegerField(unique=True)
    quiet_from = models.PositiveSmallIntegerField(null=True)
    """Minutes after midnight, Beijing time; null with `quiet_to`: never quiet. It may lie after it: over midnight."""
    quiet_to = models.PositiveSmallIntegerField(null=True)
    urgent_passes = models.BooleanField(default=True)
    """What can't wait (trouble with a refund, selling suspended) comes all the same."""
    updated_at = models.DateTimeField()


class Delivery(Row):
    """One message for one channel: what, when, how it went. Unique per (event, channel)."""

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENT = "sent", "已送达"
        GATHERED = "gathered", "已合并"
        FAILED = "failed", "发送失败"

    store_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=10)
    """`wecom`, `email`, `subscribe` to a leader; `buyer`: a subscription message to a buyer."""
    recipient = models.CharField(max_length=80)
    """Store id, or `person id/event` of a buyer: never a phone or an address."""
    kind = models.CharField(max_length=32)
    event_key = models.CharField(max_length=120)
    title = models.CharField(max_length=60)
    body = models.CharField(max_length=1000)
    amount_fen = models.BigIntegerField(null=True)
    order_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, default="", blank=True)
    into_id = models.BigIntegerField(null=True)
    """The delivery this one was gathered into."""
    provider_id = models.CharField(max_length=40, default="", db_default="", blank=True)
    """What WeChat calls a subscription message it took; its later word on it names this."""
    permit_bound = models.BooleanField(default=False, db_default=False)
    """A subscription message's: one of its person's permits is taken for it, to be used by it alone."""
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "消息发送记录"
        constraints = [
            models.UniqueConstraint(fields=["channel", "recipient", "event_key"], name="delivery_once")
        ]
        indexes = [
            models.Index(fields=["due_at"], name="delivery_due", condition=models.Q(state="waiting")),
            models.Index(fields=["store_id", "-id"], name="delivery_of_store"),
            models.Index(
                fields=["provider_id"], name="delivery_at_provider", condition=~models.Q(provider_id="")
            ),
        ]


class Consent(Row):
    """Subscription-message permits: one acceptance is one message."""

    person_id = models.BigIntegerField()
    template_id = models.CharField(max_length=64)
    permits = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person_id", "template_id"], name="consent_once")]


class ConsentMark(Row):
    """One acceptance as one of two witnesses told it: the app (`app`) or WeChat's push (`push`).

    Both tell of the same tap, in either order; a mark of one that meets an open mark of the other is the same acceptance.
    """

    person_id = models.BigIntegerField()
    template_id = models.CharField(max_length=64)
    source = models.CharField(max_length=4)
    key = models.CharField(max_length=80, unique=True)
    """So that the same word told twice counts once."""
    met = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["person_id", "template_id"], name="consent_mark_of")]


class TemplateTrouble(Row):
    """A template WeChat will not take any more (deleted, ability withdrawn): nothing is sent by it until the operator mends it."""

    template_id = models.CharField(max_length=64, unique=True)
    code = models.CharField(max_length=10)
    since = models.DateTimeField()


class RobotPace(Row):
    """When one robot was called in the last minute, by whichever process or store: WeCom takes twenty a minute."""

    robot = models.CharField(max_length=64, unique=True)
    """Keyed hash of its key."""
    calls = models.JSONField(default=list)
    """Unix seconds, oldest first."""


class ServiceCard(Row):
    """The card WeChat shows a buyer after a payment in the mini-program, followed from paid to done."""

    class State(models.TextChoices):
        WAITING = "waiting", "待推送"
        SHOWN = "shown", "已推送"
        OVER = "over", "已结束"
        FAILED = "failed", "推送失败"

    order_id = models.BigIntegerField(unique=True)
    store_id = models.BigIntegerField()
    transaction_id = models.CharField(max_length=40)
    openid = models.CharField(max_length=128)
    kind = models.PositiveSmallIntegerField()
    """2001 goods on their way, 2002 to be picked up."""
    amount_fen = models.BigIntegerField()
    paid_at = models.DateTimeField()
    wanted = models.PositiveSmallIntegerField()
    """The step (`cur_status`) the card should show."""
    shown = models.PositiveSmallIntegerField(default=0)
    """The step it shows; 0: no card yet."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    error = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], name="service_card_due", condition=models.Q(state="waiting"))
        ]
