"""Writing messages, switching channels, counting permits."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from yantuan.gateways.errors import GatewayInvalid
from yantuan.gateways.wecom import robot_key
from yantuan.identity.models import Person
from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import Invalid
from yantuan.kernel.ids import new_id
from yantuan.kernel.tokens import seal
from yantuan.notices import buyers, permits
from yantuan.notices.models import Delivery, InboxMessage, LeaderChannel, StoreHours
from yantuan.notices.rules import CHANNEL_NAMES, Words, after_night, allowed_at, due_at
from yantuan.notices.schemas import ChannelIn, HoursIn, ReadIn
from yantuan.stores.models import Store

_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,20}")


def post(
    person_id: int,
    role: str,
    kind: str,
    words: Words,
    dedupe: str,
    *,
    store_id: int | None = None,
    order_id: int | None = None,
    link: str = "",
) -> bool:
    """Put a message into a person's in-app inbox; the same `dedupe` is written once. True if it is new."""
    message = InboxMessage(
        person_id=person_id,
        store_id=store_id,
        role=role,
        kind=kind,
        title=words.title[:60],
        body=words.body[:300],
        order_id=order_id,
        link=link,
        dedupe=dedupe,
        created_at=now(),
    )
    with transaction.atomic():
        InboxMessage.objects.bulk_create([message], ignore_conflicts=True)
    return InboxMessage.objects.filter(id=message.id).exists()


def tell_leader(
    store: Store, kind: str, words: Words, event_key: str, *, order_id: int | None = None, link: str = ""
) -> None:
    """Tell a store's leader in the app and by every channel that is switched on, each once per `event_key`."""
    person_id = store.leader.person_id
    post(
        person_id,
        "leader",
        kind,
        words,
        f"leader:{store.id}:{event_key}",
        store_id=store.id,
        order_id=order_id,
        link=link,
    )
    tell_channels(store.id, kind, words, event_key, order_id=order_id)


def tell_channels(
    store_id: int, kind: str, words: Words, event_key: str, *, order_id: int | None = None
) -> None:
    """Queue a message for every channel a store has switched on."""
    for channel in LeaderChannel.objects.filter(store_id=store_id, enabled=True).order_by("kind"):
        queue(store_id, channel.kind, str(store_id), kind, words, event_key, order_id=order_id)


def tell_buyer(
    person_id: int,
    kind: str,
    words: Words,
    event_key: str,
    *,
    store_id: int,
    order_id: int | None = None,
    link: str = "",
    at_night: bool = True,
) -> bool:
    """Tell a buyer in the app, and by a subscription message when it has a template and a permit may go for it; each once.

    Not `at_night`: that message waits for the morning. Answers whether WeChat will be asked to show it.
    """
    post(
        person_id,
        "buyer",
        kind,
        words,
        f"buyer:{person_id}:{event_key}",
        store_id=store_id,
        order_id=order_id,
        link=link,
    )
    found = buyers.template_of(kind)
    if found is not None and buyers.may_tell(person_id, *found):
        recipient = f"{person_id}/{found[0]}"
        queue(store_id, "buyer", recipient, kind, words, event_key, order_id=order_id, at_night=at_night)
        return True
    return False


def queue(
    store_id: int,
    channel: str,
    recipient: str,
    kind: str,
    words: Words,
    event_key: str,
    *,
    order_id: int | None = None,
    at_night: bool = True,
) -> Delivery:
    """Write one delivery; a burst to one recipient is held back so that it goes out as one message."""
    moment = now()
    planned = _planned(channel, recipient, moment)
    if not at_night:
        planned = after_night(planned)
    if channel in CHANNEL_NAMES:
        planned = _wanted(store_id, channel, kind, planned)
    with transaction.atomic():
        delivery = Delivery(
            id=new_id(),
            store_id=store_id,
            channel=channel,
            recipient=recipient,
            kind=kind,
            event_key=event_key,
            title=words.title[:60],
            body=words.body[:1000],
            amount_fen=words.amount_fen,
            order_id=order_id,
            due_at=planned,
            created_at=moment,
        )
        Delivery.objects.bulk_create([delivery], ignore_conflicts=True)
        if Delivery.objects.filter(id=delivery.id).exists():
            delay = max(0.0, (planned - moment).total_seconds())
            outbox.emit(
                "notice.deliver", {"channel": channel, "recipient": recipient}, store_id=store_id, delay=delay
            )
    return delivery


def _planned(channel: str, recipient: str, moment: datetime) -> datetime:
    """When the next message to this recipient may go out."""
    gather = timedelta(seconds=config().notice_gather_seconds)
    recent = Delivery.objects.filter(
        channel=channel, recipient=recipient, created_at__gte=moment - 3 * gather
    )
    last = recent.exclude(state="failed").aggregate(at=Max("due_at"))["at"]
    planned = last if last is not None and last > moment else due_at(moment, last, gather)
    # A row being sent just now carries the end of its claim; nothing waits longer than one gathering for it.
    return min(planned, moment + gather)


def _wanted(store_id: int, channel: str, kind: str, planned: datetime) -> datetime:
    """When the leader wants it: gathered by the hour or day, and not in the quiet hours."""
    digest = LeaderChannel.objects.filter(store_id=store_id, kind=channel).values_list("digest", flat=True)
    hours = StoreHours.objects.filter(store_id=store_id).first()
    quiet = (hours.quiet_from, hours.quiet_to) if hours else (None, None)
    passes = hours.urgent_passes if hours else True
    return allowed_at(planned, kind, digest.first() or "none", quiet, passes)


def save_hours(person: Person, store: Store, body: HoursIn) -> StoreHours:
    """Set when a store's leader is left alone."""
    moment = now()
    with transaction.atomic():
        hours, _ = StoreHours.objects.update_or_create(
            store_id=store.id,
            defaults={
                "quiet_from": body.quiet_from,
                "quiet_to": body.quiet_to,
                "urgent_passes": body.urgent_passes,
                "updated_at": moment,
            },
        )
        actor = Actor("leader", person.id)
        audit.record(actor, "channel.hours", "store", store.id, store_id=store.id, **body.model_dump())
    return hours


def mark_read(person: Person, body: ReadIn) -> None:
    """Everything up to and including one message, on one side, is read."""
    waiting = InboxMessage.objects.filter(
        person_id=person.id, role=body.role, id__lte=body.up_to, read_at=None
    )
    waiting.update(read_at=now())


def save_channel(person: Person, store: Store, kind: str, body: ChannelIn) -> LeaderChannel:
    """Switch a channel on or off and set where it goes. Raises Invalid for a target that can't be one."""
    if kind not in CHANNEL_NAMES:
        raise Invalid("channel_unknown", "没有这种通知方式", "There is no such channel.", field="kind")
    sealed, hint = _target(kind, body.target)
    moment = now()
    with transaction.atomic():
        channel, _ = LeaderChannel.objects.get_or_create(
            store_id=store.id,
            kind=kind,
            defaults={"created_at": moment, "updated_at": moment, "enabled": False},
        )
        if sealed:
            channel.target_sealed, channel.target_hint = sealed, hint
        if body.enabled and kind != "subscribe" and not channel.target_sealed:
            raise Invalid(
                "channel_target_needed", "请先填写接收地址", "Fill in where to send first.", field="target"
            )
        channel.enabled = body.enabled
        channel.digest = body.digest or channel.digest
        channel.updated_at = moment
        channel.save()
        audit.record(
            Actor("leader", person.id),
            "channel.save",
            "store",
            store.id,
            store_id=store.id,
            kind=kind,
            enabled=body.enabled,
        )
    return channel


def _target(kind: str, text: str) -> tuple[str, str]:
    """(sealed, hint) of what the leader typed; the hint shows no secret."""
    if not text or kind == "subscribe":
        return "", ""
    if kind == "email":
        if not _EMAIL.fullmatch(text):
            raise Invalid("email_invalid", "邮箱地址格式不对", "Not an e-mail address.", field="target")
        name, _, host = text.partition("@")
        return seal("channel", text), f"{name[:2]}***@{host}"
    try:
        key = robot_key(text)
    except GatewayInvalid:
        raise Invalid(
            "robot_key_invalid",
            "请粘贴群机器人的完整 Webhook 地址",
            "Paste the robot's whole webhook address.",
            field="target",
        ) from None
    return seal("channel", key), f"…{key[-4:]}"


def add_consent(person: Person, template_id: str, accepted: bool) -> None:
    """One acceptance in the mini-program is one message that may be sent."""
    if accepted:
        permits.accepted(person.id, template_id, "app", f"app:{new_id()}")


def send_test(store: Store, kind: str) -> Delivery:
    """Queue a test message for one channel, whether or not it is switched on."""
    if not LeaderChannel.objects.filter(store_id=store.id, kind=kind).exists():
        raise Invalid(
            "channel_target_needed", "请先保存这个通知方式", "Save this channel first.", field="target"
        )
    words = Words("测试消息", f"{store.name}：收到这条消息，说明通知已经接通。")
    return queue(store.id, kind, str(store.id), "test", words, f"test:{new_id()}")
