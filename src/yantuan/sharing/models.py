"""Shares: where opens and orders came from, never who sent to whom."""

from __future__ import annotations

from django.db import models

from yantuan.kernel.models import Row
from yantuan.stores.models import Store


class Share(Row):
    """One act of sharing by the leader: a link, code, poster or text with a token of its own."""

    class Kind(models.TextChoices):
        LINK = "link", "链接"
        CARD = "card", "小程序卡片"
        POSTER = "poster", "海报"
        TEXT = "text", "文案"

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="shares")
    group_buy_id = models.BigIntegerField(null=True)
    """None: the store page."""
    token = models.CharField(max_length=16, unique=True)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    label = models.CharField(max_length=40, default="", blank=True)
    """The leader's own word, e.g. 三期业主群."""
    opens = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["store", "-id"], name="share_of_store")]


class AppLink(Row):
    """A link into the mini-program that WeChat made for a share; handed out until shortly before it ends."""

    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="app_links")
    kind = models.CharField(max_length=5)
    """`url` or `short`."""
    version = models.CharField(max_length=40)
    """AppID and version of the mini-program it opens."""
    link = models.CharField(max_length=200)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["share", "kind", "version"], name="app_link_once")]


class LiveCard(Row):
    """The activity WeChat keeps for a sale's cards: what every copy of them says in the chats is changed through it.

    One serves all who share the sale, so that a busy sale costs one change in five minutes and not one per chat.
    """

    class State(models.TextChoices):
        ASKING = "asking", "申请中"
        LIVE = "live", "更新中"
        CLOSED = "closed", "已到齐"
        LOST = "lost", "已失效"
        REFUSED = "refused", "微信未受理"

    store_id = models.BigIntegerField()
    group_buy_id = models.BigIntegerField()
    version = models.CharField(max_length=40)
    """AppID and version of the mini-program it belongs to."""
    activity_id = models.CharField(max_length=128, default="", blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKING)
    members = models.PositiveIntegerField(default=0)
    """What the cards say: so many have joined …"""
    room = models.PositiveIntegerField(default=0)
    """… of at most so many."""
    expires_at = models.DateTimeField(null=True)
    """When WeChat forgets it; empty until there is one."""
    next_at = models.DateTimeField()
    """Live: the next look at the sale. Refused: not asked again before."""
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group_buy_id"], name="live_card_asked_once", condition=models.Q(state="asking")
            )
        ]
        indexes = [
            models.Index(fields=["next_at"], name="live_card_due", condition=models.Q(state="live")),
            models.Index(fields=["group_buy_id", "-id"], name="live_card_of_sale"),
        ]


class ShareOpen(models.Model):
    """One visitor counted once per share per day; the visitor is a keyed hash that changes daily."""

    share = models.ForeignKey(Share, on_delete=models.CASCADE)
    day = models.DateField()
    visitor = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["share", "day", "visitor"], name="open_once_a_day")]


class ShareDay(models.Model):
    """How often a share was opened on one Beijing day; holds nothing about anybody and is kept."""

    id = models.BigAutoField(primary_key=True)
    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="days")
    store_id = models.BigIntegerField()
    day = models.DateField()
    opens = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["share", "day"], name="share_day_once")]
        indexes = [models.Index(fields=["store_id", "day"], name="share_days_of_store")]
