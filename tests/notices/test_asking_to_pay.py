"""A leader asks for the payment of an order: once in twenty hours, at night quietly, and never after the money came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from test_buyer_messages import ONE, allow, inbox, order, wechat

import factories as make
from yantuan.kernel import outbox
from yantuan.kernel.clock import CHINA, frozen, now
from yantuan.kernel.errors import Conflict
from yantuan.notices import asking, jobs, reminding
from yantuan.notices.models import Consent, Delivery, InboxMessage
from yantuan.orders.models import Order, OrderEvent

__all__ = ["order", "wechat"]
pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=CHINA).astimezone(UTC)
NIGHT = datetime(2026, 11, 24, 23, 30, tzinfo=CHINA).astimezone(UTC)


def ask(order: Order) -> str:
    told = asking.remind(order.store.leader.person, order.id)
    outbox.drain()
    return told


def messages(order: Order) -> int:
    return InboxMessage.objects.filter(order_id=order.id, kind="order_unpaid").count()


def test_once_in_twenty_hours(wechat: Any, order: Order) -> None:
    allow(wechat, order, 4)
    with frozen(NOON):
        assert ask(order) == "wechat"
        with pytest.raises(Conflict) as refused:
            ask(order)
        assert refused.value.code == "reminded_lately"
    assert (messages(order), len(inbox(wechat))) == (1, 1)
    message = InboxMessage.objects.get(order_id=order.id, kind="order_unpaid")
    assert message.title == f"订单 #{order.number} 还没有付款" and "团长提醒你付款" in message.body
    with frozen(NOON + timedelta(hours=19, minutes=59)), pytest.raises(Conflict):
        ask(order)
    with frozen(NOON + asking.APART):
        assert ask(order) == "wechat"
    assert (messages(order), len(inbox(wechat))) == (2, 2)
    events = OrderEvent.objects.filter(order_id=order.id, axis="note", event="reminded")
    assert [one.actor_kind for one in events] == ["leader", "leader"]


def test_what_the_clock_said_counts_too(order: Order) -> None:
    Order.objects.filter(id=order.id).update(
        payment_method="wechatpay",
        expires_at=NOON + timedelta(minutes=4),
        placed_at=NOON - timedelta(hours=1),
    )
    with frozen(NOON):
        assert reminding.remind_unpaid() == 1
        with pytest.raises(Conflict) as refused:
            ask(order)
    assert refused.value.code == "reminded_lately" and messages(order) == 1


def test_without_a_permit_only_the_app_tells(wechat: Any, order: Order) -> None:
    assert ask(order) == "app"
    assert (messages(order), Delivery.objects.count()) == (1, 0)


def test_at_night_wechat_waits_for_the_morning(wechat: Any, order: Order) -> None:
    allow(wechat, order, 2)
    with frozen(NIGHT):
        assert ask(order) == "morning"
    row = Delivery.objects.get(channel="buyer")
    assert row.due_at.astimezone(CHINA) == datetime(2026, 11, 25, 8, 0, tzinfo=CHINA)
    with frozen(NIGHT + timedelta(hours=8)):
        jobs.deliver_due()
    assert inbox(wechat) == [] and messages(order) == 1
    with frozen(NIGHT + timedelta(hours=8, minutes=31)):
        jobs.deliver_due()
    assert len(inbox(wechat)) == 1


def test_paid_before_the_morning_nothing_is_sent(wechat: Any, order: Order) -> None:
    allow(wechat, order, 2)
    with frozen(NIGHT):
        ask(order)
    make.paid(order)
    with frozen(NIGHT + timedelta(hours=9)):
        jobs.deliver_due()
    row = Delivery.objects.get(channel="buyer", kind="order_unpaid")
    assert (row.state, row.permit_bound) == ("failed", False) and "不用再提醒" in row.error
    assert inbox(wechat) == [] and Consent.objects.get(template_id=ONE).permits == 2


@pytest.mark.parametrize("how", ["paid", "proven", "closed"])
def test_who_owes_nothing_is_left_alone(order: Order, how: str) -> None:
    if how == "closed":
        Order.objects.filter(id=order.id).update(payment="closed", closed_at=now())
    else:
        getattr(make, how)(order)
    before = OrderEvent.objects.count()
    with pytest.raises(Conflict) as refused:
        ask(order)
    assert refused.value.code == "order_not_unpaid"
    assert messages(order) == 0 and OrderEvent.objects.count() == before
