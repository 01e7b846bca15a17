"""A neighbour who was ordered for is a person: they can leave, and nothing of them is kept for longer than it is needed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from proxyworld import Shop, order_of, token_of

from yantuan.identity.models import Person
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import frozen, now
from yantuan.orders.models import Order
from yantuan.privacy import scrub
from yantuan.privacy.forgetting import forget
from yantuan.privacy.jobs import forget_idle_stand_ins
from yantuan.proxies.models import StandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_who_leaves_takes_name_phone_and_link_along(shop: Shop) -> None:
    row = shop.booked("王大姐", blueberries=1, phone="13900001111", room="301")
    shop.post(f"/api/leader/orders/{row['order_id']}/cancel-proxy")
    stand_in = StandIn.objects.get()
    before = stand_in.who
    forget(stand_in.person_id, "本人要求", Actor("operator", 1))
    stand_in.refresh_from_db()
    assert stand_in.who != before
    assert (stand_in.phone_hash, stand_in.token_sealed) == ("", "")
    order = order_of(row)
    assert (order.recipient_name, order.phone_sealed, order.room) == (scrub.GONE, "", "")
    assert shop.web.get(f"/api/proxy-links/{token_of(row)}").status_code == 404


def test_names_nobody_needs_go_after_a_month(shop: Shop) -> None:
    kept = shop.booked("留下的", bananas=1)
    gone = shop.agree(shop.wish("太贵的", bananas=1) | {"expected_total_fen": 1})
    assert gone[0]["order_id"] is None
    with frozen(now() + timedelta(days=29)):
        assert forget_idle_stand_ins() == 0
    with frozen(now() + timedelta(days=31)):
        assert forget_idle_stand_ins() == 1
        assert forget_idle_stand_ins() == 0
    assert not Person.objects.filter(nickname="太贵的").exists()
    assert Person.objects.filter(nickname="留下的").exists()
    # Once its order is cleared as well, the other one goes too.
    Order.objects.filter(id=int(kept["order_id"])).update(recipient_name=scrub.GONE)
    with frozen(now() + timedelta(days=31)):
        assert forget_idle_stand_ins() == 1
    assert not Person.objects.filter(nickname="留下的").exists()
