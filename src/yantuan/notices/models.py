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
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store_id", "kind"], name="channel_kind_once")]


class Delivery(Row):
    """One message for one channel: what, when, how it went. Unique per (event, channel)."""

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENT = "sent", "已送达"
        GATHERED = "gathered", "已合并"
        FAILED = "failed", "发送失败"

    store_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=10)
    """`wecom`, `email`, `subscribe`."""
    recipient = models.CharField(max_length=80)
    """Store id or person id: never a phone or an address."""
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
        ]


class Consent(Row):
    """Subscription-message permits: one acceptance is one message."""

    person_id = models.BigIntegerField()
    template_id = models.CharField(max_length=64)
    permits = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person_id", "template_id"], name="consent_once")]
