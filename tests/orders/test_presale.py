"""预售: the promised day is shown, kept with the order, and looked at when it is over."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from orderworld import World, order_of
from test_demands import offer_demand

from yantuan.groupbuys.queries import group_buy_page
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.models import OutboxEvent
from yantuan.notices.models import InboxMessage
from yantuan.notices.promises import promise_due
from yantuan.orders import actions
from yantuan.orders.models import Order
from yantuan.orders.placing import place_orders
from yantuan.orders.presale import end_of, promised_days, still_promised
from yantuan.orders.queries import order_detail

pytestmark = pytest.mark.django_db


def ordered(world: World, day: date) -> Order:
    offer_demand(world, ships_on=day)
    return order_of(place_orders([world.draft()])[0])


def test_the_promise_is_shown_and_kept_although_the_leader_changes_it(world: World) -> None:
    day = now().astimezone(CHINA).date() + timedelta(days=9)
    order = ordered(world, day)
    shown = group_buy_page(world.group_buy.code).products[0].offers[0].limits
    assert shown is not None and shown.ships_on == day
    offer_demand(world)
    assert promised_days([order.id]) == {order.id: day}
    texts = [(line.text, line.text_en) for line in order_detail(order, "buyer").timeline]
    assert texts == [
        (f"提交订单 ¥47.90，约定 {day} 前发货", f"Order placed ¥47.90, to be sent by {day}"),
    ]
    [event] = OutboxEvent.objects.filter(topic="order.promised")
    assert (event.payload["order_id"], event.available_at) == (order.id, end_of(day))


def test_an_order_of_goods_at_hand_promises_nothing(world: World) -> None:
    order = order_of(place_orders([world.draft()])[0])
    assert promised_days([order.id]) == {}
    assert not OutboxEvent.objects.filter(topic="order.promised").exists()


def test_only_what_was_paid_and_not_sent_is_told(world: World) -> None:
    day = now().astimezone(CHINA).date() + timedelta(days=1)
    order = ordered(world, day)
    promise_due({"order_id": order.id})
    assert not InboxMessage.objects.filter(kind="shipping_late").exists()
    with transaction.atomic():
        actions.mark_paid(order.id, order.total_fen, SYSTEM)
    for _ in range(2):
        promise_due({"order_id": order.id})
    told = InboxMessage.objects.get(kind="shipping_late")
    assert told.title == f"预售订单 #{order.number} 过了约定的发货日"
    Order.objects.filter(id=order.id).update(delivery="shipped")
    InboxMessage.objects.all().delete()
    promise_due({"order_id": order.id})
    assert not InboxMessage.objects.exists()


def test_it_is_not_late_until_the_day_is_over_in_beijing(world: World) -> None:
    day = now().astimezone(CHINA).date() + timedelta(days=3)
    order = ordered(world, day)
    assert end_of(date(2026, 11, 30)).isoformat() == "2026-12-01T00:00:00+08:00"
    assert still_promised([order.id], end_of(day) - timedelta(seconds=1)) == {order.id}
    assert still_promised([order.id], end_of(day)) == set()
