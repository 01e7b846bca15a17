"""Reads of messages, channels and the delivery log."""

from __future__ import annotations

from typing import cast

from django.db.models import Count

from yantuan.identity.models import Person
from yantuan.kernel.config import config
from yantuan.kernel.http import Page, after_id
from yantuan.notices import buyers
from yantuan.notices.models import Consent, Delivery, InboxMessage, LeaderChannel, StoreHours
from yantuan.notices.rules import CHANNEL_NAMES
from yantuan.notices.schemas import (
    ChannelKind,
    ChannelOut,
    DeliveryOut,
    Digest,
    HoursOut,
    MessageOut,
    Role,
    SubscribeTemplates,
    UnreadOut,
)
from yantuan.stores.models import Store

PAGE = 20
ASKED_FIRST = ("arrived", "shipped", "refunded", "aftersale", "unpaid", "paid")
"""Whose templates a buyer is asked for first: older clients take three at once."""
MOST_ASKED = 3


def unread(person_id: int) -> UnreadOut:
    """Unread messages on both sides."""
    rows = (
        InboxMessage.objects.filter(person_id=person_id, read_at=None)
        .values_list("role")
        .annotate(n=Count("id"))
    )
    counts = dict(rows)
    return UnreadOut(leader=counts.get("leader", 0), buyer=counts.get("buyer", 0))


def message_out(row: InboxMessage) -> MessageOut:
    return MessageOut(
        id=str(row.id),
        role=cast(Role, row.role),
        kind=row.kind,
        title=row.title,
        body=row.body,
        link=row.link,
        order_id=str(row.order_id) if row.order_id else None,
        created_at=row.created_at,
        read=row.read_at is not None,
    )


def messages(person: Person, role: str, cursor: str | None) -> Page[MessageOut]:
    """Newest first."""
    rows = InboxMessage.objects.filter(person_id=person.id, role=role).order_by("-id")
    before = after_id(cursor)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: PAGE + 1])
    more = str(found[PAGE - 1].id) if len(found) > PAGE else None
    return Page(items=[message_out(r) for r in found[:PAGE]], next=more)


def delivery_out(row: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=str(row.id),
        channel=row.channel,
        channel_name=CHANNEL_NAMES.get(cast(ChannelKind, row.channel), row.channel),
        kind=row.kind,
        title=row.title,
        body=row.body,
        state=row.state,
        state_label=Delivery.State(row.state).label,
        error=row.error,
        tries=row.tries,
        created_at=row.created_at,
        sent_at=row.sent_at,
    )


def deliveries(store: Store, cursor: str | None) -> Page[DeliveryOut]:
    """The store's delivery log, newest first."""
    rows = Delivery.objects.filter(store_id=store.id).exclude(channel="buyer").order_by("-id")
    before = after_id(cursor)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: PAGE + 1])
    more = str(found[PAGE - 1].id) if len(found) > PAGE else None
    return Page(items=[delivery_out(r) for r in found[:PAGE]], next=more)


def channels(store: Store) -> list[ChannelOut]:
    """Every kind of channel, set up or not."""
    return [channel_out(store, kind) for kind in CHANNEL_NAMES]


def channel_out(store: Store, kind: ChannelKind) -> ChannelOut:
    cfg = config()
    row = LeaderChannel.objects.filter(store_id=store.id, kind=kind).first()
    available = {
        "wecom": True,
        "email": bool(cfg.smtp_host),
        "subscribe": bool(cfg.wechat_mini_appid and buyers.working([cfg.wechat_template_new_order])),
    }[kind]
    permits = 0
    if kind == "subscribe":
        mine = Consent.objects.filter(
            person_id=store.leader.person_id, template_id=cfg.wechat_template_new_order
        )
        permits = mine.values_list("permits", flat=True).first() or 0
    return ChannelOut(
        kind=kind,
        name=CHANNEL_NAMES[kind],
        enabled=bool(row and row.enabled),
        target_hint=row.target_hint if row else "",
        available=available,
        permits=permits,
        digest=cast(Digest, row.digest if row else "none"),
        problem=_problem(store, kind) if row else "",
    )


def _problem(store: Store, kind: ChannelKind) -> str:
    newest = (
        Delivery.objects.filter(store_id=store.id, channel=kind).exclude(state="gathered").order_by("-id")
    )
    found = newest.values_list("state", "error").first()
    return found[1] if found is not None and found[0] != "sent" else ""


def templates() -> SubscribeTemplates:
    """Template ids the mini-program may ask consent for."""
    cfg = config()
    if not cfg.wechat_mini_appid:
        return SubscribeTemplates(leader=[], buyer=[])
    chosen = [cfg.wechat_templates[event].id for event in ASKED_FIRST if event in cfg.wechat_templates]
    leader = buyers.working([cfg.wechat_template_new_order])
    return SubscribeTemplates(leader=leader, buyer=buyers.working(chosen)[:MOST_ASKED])


def hours(store: Store) -> HoursOut:
    """When the store's leader is left alone."""
    row = StoreHours.objects.filter(store_id=store.id).first()
    if row is None:
        return HoursOut(quiet_from=None, quiet_to=None, urgent_passes=True)
    return HoursOut(quiet_from=row.quiet_from, quiet_to=row.quiet_to, urgent_passes=row.urgent_passes)
