"""认领: the orders become those of the person they were for, once, with all that names their buyer; the leader takes it back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from proxyworld import Shop, client_of, healthy, order_of, token_of

import factories as make
from yantuan.groupbuys.models import GroupCounter, Offer
from yantuan.identity.models import Person
from yantuan.kernel.models import AuditEntry
from yantuan.members.models import Member
from yantuan.orders.models import LimitUse, Order, Participation
from yantuan.proxies.jobs import count_members_anew
from yantuan.proxies.models import Claim, StandIn
from yantuan.stores.models import BlockedBuyer

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return Shop()


def claim(shop: Shop, row: Any, person: Person) -> Any:
    return shop.post(f"/api/proxy-links/{token_of(row)}/claim", None, client_of(person))


def undo(shop: Shop, web: Client | None = None) -> Any:
    return shop.post(f"/api/leader/proxy-claims/{Claim.objects.latest('id').id}/undo", None, web)


def used(person_id: int) -> dict[int, int]:
    rows = LimitUse.objects.filter(person_id=person_id, quantity__gt=0)
    return dict(rows.values_list("offer_id", "quantity"))


def footprint() -> list[Any]:
    return [
        list(Order.objects.order_by("id").values_list("id", "person_id", "number", "participation_id", "version")),
        list(Participation.objects.order_by("id").values_list("id", "person_id", "number")),
        list(LimitUse.objects.order_by("id").values_list("person_id", "offer_id", "quantity")),
        Claim.objects.count(),
    ]  # fmt: skip


def test_the_orders_and_the_number_become_theirs(shop: Shop) -> None:
    row = shop.booked("王姐", blueberries=2)
    me = make.person("王大雁")
    answer = claim(shop, row, me)
    assert (answer.status_code, answer.json()) == (200, {"number": 1, "order_ids": [row["order_id"]]})
    assert claim(shop, row, me).json() == answer.json()
    order = order_of(row)
    assert (order.person_id, order.participation.person_id) == (me.id, me.id)
    assert used(me.id) == {shop.blueberry.id: 2}
    assert used(StandIn.objects.get().person_id) == {}
    mine = client_of(me).get(f"/api/orders/{order.id}").json()
    assert (mine["timeline"][0]["text"], mine["number"]) == ("本人认领了团长代下的订单", 1)
    # The link is no use any more, and the leader sees who has it.
    assert Client().get(f"/api/proxy-links/{token_of(row)}").status_code == 404
    [listed] = shop.web.get(shop.path).json()
    assert (listed["claimed_by"], listed["link"]) == ("王大雁", "")
    assert AuditEntry.objects.filter(action="proxy.claim").count() == 1
    assert healthy()


def test_nobody_else_claims_what_is_claimed(shop: Shop) -> None:
    row = shop.booked("王姐", bananas=1)
    claim(shop, row, make.person())
    before = footprint()
    answer = claim(shop, row, make.person())
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert footprint() == before


def test_who_takes_part_already_keeps_their_own_number(shop: Shop) -> None:
    me = make.person("老客")
    own = make.order(shop.sale, me, method="pickup")
    row = shop.booked("王姐", bananas=2)
    assert claim(shop, row, me).json()["number"] == own.number == 1
    order = order_of(row)
    assert (order.number, order.participation_id) == (1, own.participation_id)
    assert used(me.id) == {shop.blueberry.id: 1, shop.banana.id: 3}
    assert Participation.objects.get(number=2).person_id == StandIn.objects.get().person_id
    assert healthy()
    assert undo(shop).status_code == 200
    order.refresh_from_db()
    assert (order.number, order.person_id) == (2, StandIn.objects.get().person_id)
    own.refresh_from_db()
    assert (own.number, own.person_id) == (1, me.id)
    assert used(me.id) == {shop.blueberry.id: 1, shop.banana.id: 1}
    assert healthy()


def test_agreeing_again_after_a_claim_books_nothing(shop: Shop) -> None:
    wish = shop.wish("王姐", bananas=1)
    [row] = shop.agree(wish)
    me = make.person()
    claim(shop, row, me)
    [again] = shop.agree(wish)
    assert (again["order_id"], again["link"]) == (row["order_id"], "")
    # More for the same number is more for the person who has it now.
    [more] = shop.agree(shop.wish("王姐", bananas=1, number=row["number"], seen=1))
    assert order_of(more).person_id == me.id
    assert Order.objects.count() == 2


def test_the_leader_takes_a_wrong_claim_back(shop: Shop) -> None:
    row = shop.booked("王姐", bananas=1)
    wrong = make.person("认错的人")
    claim(shop, row, wrong)
    # Meanwhile they order something of their own, and the leader adds for the neighbour.
    own = make.order(shop.sale, wrong, method="pickup")
    [more] = shop.agree(shop.wish("王姐", blueberries=1, number=1, seen=2))
    assert {own.number, order_of(more).number} == {1}
    for _ in range(2):
        assert undo(shop).status_code == 200
    stand_in = StandIn.objects.get()
    for one in (row, more):
        assert (order_of(one).number, order_of(one).person_id) == (1, stand_in.person_id)
    own.refresh_from_db()
    assert (own.number, own.person_id) == (2, wrong.id)
    assert GroupCounter.objects.get(group_buy_id=shop.sale.id).last_number == 2
    assert used(wrong.id) == {shop.blueberry.id: 1, shop.banana.id: 1}
    assert healthy()
    # The old link is burnt, the new one works for the right person.
    assert claim(shop, row, wrong).status_code == 404
    fresh = next(one for one in shop.web.get(shop.path).json() if one["order_id"] == row["order_id"])
    assert fresh["claim_id"] is None
    right = make.person("王姐本人")
    assert claim(shop, fresh, right).status_code == 200
    assert AuditEntry.objects.filter(action="proxy.claim_undo").count() == 1
    assert healthy()


def test_a_phone_the_leader_gave_must_be_theirs(shop: Shop) -> None:
    me, other = make.person(), make.person()
    row = shop.booked("王姐", bananas=1, phone="13800009999")
    before = footprint()
    refused = claim(shop, row, other)
    assert (refused.status_code, refused.json()["code"]) == (409, "claim_phone")
    assert footprint() == before
    Person.objects.filter(id=me.id).update(phone_hash=StandIn.objects.get().phone_hash)
    assert claim(shop, row, me).status_code == 200


def test_limits_and_blocks_hold_for_claims(shop: Shop) -> None:
    Offer.objects.filter(id=shop.banana.id).update(limit_per_person=2)
    me = make.person()
    make.order(shop.sale, me, method="pickup")
    row = shop.booked("王姐", bananas=2)
    before = footprint()
    assert claim(shop, row, me).json()["code"] == "limit_reached"
    blocked = make.person()
    BlockedBuyer.objects.create(
        store=shop.store, person_id=blocked.id, blocked_at=me.created_at, blocked_by=shop.leader.id
    )
    assert claim(shop, row, blocked).json()["code"] == "not_served"
    assert footprint() == before


def test_what_came_back_to_stock_is_not_counted_again(shop: Shop) -> None:
    [row] = shop.agree(shop.wish("王姐", bananas=3, paid=True))
    line = order_of(row).lines.get()
    body = {"lines": [{"order_line_id": str(line.id), "quantity": 1}], "reason": "少拿一件", "restock": True}
    refund = shop.post(f"/api/leader/orders/{row['order_id']}/refund", body).json()["refunds"][0]
    shop.post(f"/api/leader/refunds/{refund['id']}/offline-done")
    me = make.person()
    assert claim(shop, row, me).status_code == 200
    assert used(me.id) == {shop.banana.id: 2}
    assert healthy()


def test_figures_of_members_follow(shop: Shop) -> None:
    [row] = shop.agree(shop.wish("王姐", bananas=1, paid=True))
    stand_in, me = StandIn.objects.get(), make.person()
    people = [stand_in.person_id, me.id]
    moved = {"store_id": shop.store.id, "people": people}
    count_members_anew(moved)
    assert dict(Member.objects.values_list("person_id", "orders")) == {stand_in.person_id: 1}
    claim(shop, row, me)
    count_members_anew(moved)
    assert dict(Member.objects.values_list("person_id", "orders")) == {stand_in.person_id: 0, me.id: 1}
    undo(shop)
    count_members_anew(moved)
    assert dict(Member.objects.values_list("person_id", "orders")) == {stand_in.person_id: 1, me.id: 0}


def test_only_the_leader_of_the_sale_undoes(shop: Shop) -> None:
    row = shop.booked("王姐", bananas=1)
    me = make.person()
    claim(shop, row, me)
    before = footprint()
    for web in (client_of(me), client_of(make.leader("别的团长"))):
        assert undo(shop, web).status_code == 404
    assert footprint() == before
