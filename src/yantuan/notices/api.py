"""Routes of messages, channels and the delivery log."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.identity.auth import signed_in
from yantuan.kernel import ratelimit
from yantuan.kernel.errors import Invalid
from yantuan.kernel.http import IdIn, Ok, Page
from yantuan.notices import actions, asking, queries
from yantuan.notices.schemas import (
    ChannelIn,
    ChannelKind,
    ChannelOut,
    ConsentIn,
    DeliveryOut,
    HoursIn,
    HoursOut,
    MessageOut,
    ReadIn,
    RemindedOut,
    Role,
    SubscribeTemplates,
    UnreadOut,
)
from yantuan.orders.access import access_order_as_leader
from yantuan.stores.access import access_store, person_of

router = Router(tags=["notices"], auth=signed_in)


@router.get("/messages", response=Page[MessageOut])
def list_messages(request: HttpRequest, role: Role = "buyer", cursor: str = "") -> Page[MessageOut]:
    return queries.messages(person_of(request), role, cursor)


@router.get("/messages/unread", response=UnreadOut)
def count_unread(request: HttpRequest) -> UnreadOut:
    return queries.unread(person_of(request).id)


@router.post("/messages/read", response=UnreadOut)
def mark_messages_read(request: HttpRequest, body: ReadIn) -> UnreadOut:
    person = person_of(request)
    actions.mark_read(person, body)
    return queries.unread(person.id)


@router.get("/subscribe/templates", response=SubscribeTemplates)
def list_subscribe_templates(request: HttpRequest) -> SubscribeTemplates:
    return queries.templates()


@router.post("/subscribe/consents", response=Ok)
def add_subscribe_consent(request: HttpRequest, body: ConsentIn) -> Ok:
    known = queries.templates()
    if body.template_id not in known.leader + known.buyer:
        raise Invalid(
            "template_unknown", "没有这个消息模板", "There is no such template.", field="template_id"
        )
    person = person_of(request)
    ratelimit.hit(f"consent/{person.id}", limit=60, seconds=3600)
    actions.add_consent(person, body.template_id, body.accepted)
    return Ok()


@router.get("/leader/stores/{store_id}/channels", response=list[ChannelOut])
def list_channels(request: HttpRequest, store_id: IdIn) -> list[ChannelOut]:
    return queries.channels(access_store(person_of(request), store_id))


@router.put("/leader/stores/{store_id}/channels/{kind}", response=ChannelOut)
def save_channel(request: HttpRequest, store_id: IdIn, kind: ChannelKind, body: ChannelIn) -> ChannelOut:
    person = person_of(request)
    store = access_store(person, store_id)
    actions.save_channel(person, store, kind, body)
    return queries.channel_out(store, kind)


@router.post("/leader/stores/{store_id}/channels/{kind}/test", response=DeliveryOut)
def test_channel(request: HttpRequest, store_id: IdIn, kind: ChannelKind) -> DeliveryOut:
    store = access_store(person_of(request), store_id)
    ratelimit.hit(f"channel-test/{store.id}", limit=5, seconds=60)
    return queries.delivery_out(actions.send_test(store, kind))


@router.get("/leader/stores/{store_id}/notice-hours", response=HoursOut)
def read_notice_hours(request: HttpRequest, store_id: IdIn) -> HoursOut:
    return queries.hours(access_store(person_of(request), store_id))


@router.put("/leader/stores/{store_id}/notice-hours", response=HoursOut)
def save_notice_hours(request: HttpRequest, store_id: IdIn, body: HoursIn) -> HoursOut:
    person = person_of(request)
    store = access_store(person, store_id)
    actions.save_hours(person, store, body)
    return queries.hours(store)


@router.get("/leader/stores/{store_id}/deliveries", response=Page[DeliveryOut])
def list_deliveries(request: HttpRequest, store_id: IdIn, cursor: str = "") -> Page[DeliveryOut]:
    return queries.deliveries(access_store(person_of(request), store_id), cursor)


@router.post("/leader/orders/{order_id}/remind", response=RemindedOut)
def remind_unpaid_order(request: HttpRequest, order_id: IdIn) -> RemindedOut:
    """The buyer of an unpaid order hears of it, at most once in twenty hours."""
    person = person_of(request)
    return RemindedOut(told=asking.remind(person, access_order_as_leader(person, order_id).id))
