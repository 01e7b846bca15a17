"""The contact of the last order to be fetched, for the next checkout."""

from __future__ import annotations

import pytest
from django.test import Client

import factories as make
from yantuan.identity import sessions
from yantuan.orders.models import Order

pytestmark = pytest.mark.django_db


def test_the_point_first_then_any_and_only_ones_own() -> None:
    store = make.store(make.leader("林小满"))
    sale = make.group_buy(store, [make.product(store)])
    buyer = make.person("陈阿姨")
    client = Client()
    client.cookies[sessions.COOKIE] = sessions.start(buyer, "h5")
    assert client.get("/api/me/last-pickup").json() is None
    make.order(sale, make.person("别人"), method="pickup")
    assert client.get("/api/me/last-pickup").json() is None
    here, later = (make.order(sale, buyer, method="pickup") for _ in range(2))
    point = Order.objects.get(id=here.id).pickup_point_id
    Order.objects.filter(id=here.id).update(room="1201")
    Order.objects.filter(id=later.id).update(room="902", pickup_point_id=point + 1)
    make.order(sale, buyer)
    at_point = client.get(f"/api/me/last-pickup?pickup_point_id={point}").json()
    anywhere = client.get(f"/api/me/last-pickup?pickup_point_id={point + 2}").json()
    assert (at_point["room"], at_point["here"]) == ("1201", True)
    assert (anywhere["room"], anywhere["here"]) == ("902", False)
    assert at_point["phone"].isdigit() and len(at_point["phone"]) == 11
