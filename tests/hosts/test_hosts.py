"""A pick-up host: invited, inside one point only, out at once; and what they count and tell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fulfilment.tradeworld import Caller, Shop, Trade, books_add_up, caller, footprint, make_shop
from orders.orderworld import make_person
from yantuan.hosts import inviting
from yantuan.hosts.models import Arrival, ArrivalCount, PointHost
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.ids import new_id
from yantuan.kernel.models import AuditEntry
from yantuan.notices.models import InboxMessage
from yantuan.orders.models import Order
from yantuan.stores.models import PickupPoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop(offers=2, stock_units=500)


def another_point(shop: Shop) -> PickupPoint:
    return PickupPoint.objects.create(
        store=shop.world.store, name="西门", address="文三路 9 号西门", created_at=now()
    )


def host_of(shop: Shop, point: PickupPoint, name: str = "东门老周") -> Caller:
    link = shop.boss.ok("POST", f"/leader/pickup-points/{point.id}/host-invites", {"note": "老周"})["url"]
    who = caller(make_person(name))
    who.ok("POST", f"/host-invites/{link.split('token=')[1]}/accept")
    return who


def at(shop: Shop, point: PickupPoint, rest: str = "") -> str:
    return f"/host/points/{point.id}/sales/{shop.world.group_buy.id}{rest}"


def counted(shop: Shop, *units: tuple[int, int], base: int = 0, **more: Any) -> dict[str, Any]:
    lines = [
        {"offer_id": str(offer.id), "came": came, "damaged": damaged}
        for offer, (came, damaged) in zip(shop.world.offers, units, strict=False)
    ]
    return {"base": base, "lines": lines, **more}


def entry(trade: Trade, *pieces: dict[str, Any]) -> dict[str, Any]:
    return {"key": f"entry-{new_id()}", "order_id": str(trade.id), "kind": "hand_out", "lines": list(pieces), "at": now()}  # fmt: skip


def test_from_the_invitation_to_the_end(shop: Shop) -> None:
    point = shop.world.point
    made = shop.boss.ok("POST", f"/leader/pickup-points/{point.id}/host-invites", {"note": "老周"})
    token = made["url"].split("token=")[1]
    who = caller(make_person("周师傅"))
    seen = who.ok("GET", f"/host-invites/{token}")
    assert (seen["point_name"], seen["store_name"], seen["mine"]) == ("东门", "雁来小铺", False)
    assert who.ok("POST", f"/host-invites/{token}/accept")["id"] == str(point.id)
    assert who.ok("POST", f"/host-invites/{token}/accept")["id"] == str(point.id)
    assert PointHost.objects.count() == 1
    late = caller(make_person("捡到链接的人"))
    assert late.refused("POST", f"/host-invites/{token}/accept") == (422, "host_invite_invalid")
    assert shop.boss.refused("POST", f"/host-invites/{token}/accept") == (422, "host_invite_invalid")
    assert [p["name"] for p in who.ok("GET", "/me")["points"]] == ["东门"]

    listed = shop.boss.ok("GET", f"/leader/stores/{shop.world.store.id}/hosts")
    host = listed[0]["hosts"][0]
    assert (host["nickname"], host["note"], listed[0]["invites"]) == ("周师傅", "老周", [])
    shop.order(pickup=True)
    assert who.ok("GET", at(shop, point))["title"] == "秋天的第一箱苹果"
    shop.boss.ok("DELETE", f"/leader/stores/{shop.world.store.id}/hosts/{host['id']}")
    assert who.refused("GET", at(shop, point)) == (404, "not_found")
    assert who.refused("POST", f"/host-invites/{token}/accept") == (422, "host_invite_invalid")
    assert who.ok("GET", "/me")["points"] == []
    actions = set(AuditEntry.objects.filter(action__startswith="host.").values_list("action", flat=True))
    assert actions == {"host.invite", "host.accept", "host.revoke"}


def test_a_cancelled_invitation_and_a_full_point(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    point, store = shop.world.point, shop.world.store.id
    made = shop.boss.ok("POST", f"/leader/pickup-points/{point.id}/host-invites", {})
    shop.boss.ok("DELETE", f"/leader/stores/{store}/host-invites/{made['id']}")
    stranger = caller(make_person())
    token = made["url"].split("token=")[1]
    assert stranger.refused("GET", f"/host-invites/{token}") == (422, "host_invite_invalid")
    monkeypatch.setattr(inviting, "MAX_HOSTS", 1)
    host = host_of(shop, point)
    full = shop.boss.refused("POST", f"/leader/pickup-points/{point.id}/host-invites", {})
    assert full == (409, "too_many_hosts")
    host.ok("DELETE", f"/me/points/{point.id}")
    assert host.refused("DELETE", f"/me/points/{point.id}") == (404, "not_found")
    assert PointHost.objects.filter(revoked_at=None).count() == 0


def test_a_host_sees_one_point_without_money_rooms_and_phones(shop: Shop) -> None:
    west = another_point(shop)
    east, there = shop.order(2, pickup=True), shop.order(pickup=True)
    Order.objects.filter(id=there.id).update(pickup_point_id=west.id)
    host = host_of(shop, shop.world.point)
    sales = host.ok("GET", f"/host/points/{shop.world.point.id}/sales")
    assert [(s["orders"], s["waiting"], s["counted"]) for s in sales["sales"]] == [(1, 1, False)]
    listed = host.ok("POST", at(shop, shop.world.point, "/gate-list"))
    assert [(r["id"], r["name"], r["t"], r["room"]) for r in listed["orders"]] == [
        (str(east.id), "王小雁", "1234", "")
    ]
    sheet = host.ok("GET", at(shop, shop.world.point))
    for text in (json.dumps(sheet), json.dumps(sales), json.dumps(listed)):
        assert "fen" not in text and '"501"' not in text and "13812341234" not in text
        assert "西门" not in text
    for path in (at(shop, west), f"/host/points/{west.id}/sales"):
        assert host.refused("GET", path) == (404, "not_found")
    for rest in ("/gate-list", "/count", "/tell"):
        body = {"counts": 1, "people": 1} if rest == "/tell" else counted(shop, (1, 0))
        assert host.refused("POST", at(shop, west, rest), body) == (404, "not_found")
    assert host.refused("GET", f"/leader/stores/{shop.world.store.id}/orders") == (404, "not_found")
    assert host.refused("GET", f"/leader/orders/{east.id}") == (404, "not_found")
    assert host.refused("POST", f"/leader/orders/{east.id}/pickup", {}) == (404, "not_found")


def test_a_host_hands_out_at_their_point_only(shop: Shop) -> None:
    west = another_point(shop)
    here, there = shop.order(pickup=True), shop.order(pickup=True)
    Order.objects.filter(id=there.id).update(pickup_point_id=west.id)
    host = host_of(shop, shop.world.point)
    token = host.ok("POST", at(shop, shop.world.point, "/gate-list"))["token"]
    entries = [entry(here, here.piece()), entry(there, there.piece())]
    body = {"token": token, "entries": entries}
    answer = host.ok("POST", f"/host/points/{shop.world.point.id}/gate-entries", body)
    assert [row["outcome"] for row in answer["entries"]] == ["done", "unknown"]
    assert (here.row.delivery, there.row.delivery) == ("picked", "awaiting_pickup")
    leaders = f"/leader/stores/{shop.world.store.id}/gate-entries"
    assert host.refused("POST", leaders, body) == (404, "not_found")
    books_add_up()


def test_what_is_due_is_what_was_paid_and_not_given_back(shop: Shop) -> None:
    shop.order(3, 1, pickup=True)
    part, gone, unpaid = shop.order(2, pickup=True), shop.order(5, pickup=True), None
    unpaid = shop.order(7, pickup=True, paid=False)
    shop.order(9)
    part.hand_out(part.piece(0, 1))
    part.refund(part.piece(0, 1))
    gone.refund()
    goods = shop.boss.ok("GET", at(shop, shop.world.point))["goods"]
    assert [(g["due"], g["picked"], g["came"]) for g in goods] == [(4, 1, None), (1, 0, None)]
    assert unpaid.row.payment == "unpaid"


def test_counted_once_and_corrected_with_history(shop: Shop) -> None:
    shop.order(3, 2, pickup=True)
    host = host_of(shop, shop.world.point)
    path = at(shop, shop.world.point, "/count")
    first = counted(shop, (3, 0), (2, 1), note="一箱压坏")
    seen = host.ok("POST", path, first, key="count-1")
    assert [(g["came"], g["damaged"], g["missing"]) for g in seen["goods"]] == [(3, 0, 0), (2, 1, 0)]
    assert host.ok("POST", path, first, key="count-1")["counts"] == 1
    assert host.refused("POST", path, counted(shop, (3, 0), (2, 0))) == (409, "count_changed")
    fixed = shop.boss.ok("POST", path, counted(shop, (2, 0), (3, 0), base=1))
    assert [(s["number"], s["by"], s["text"]) for s in fixed["history"]] == [
        (2, "李团长", "红富士苹果0 5斤 少 1；红富士苹果1 5斤 多 1"),
        (1, "东门老周", "红富士苹果1 5斤 破损 1"),
    ]
    for wrong, code in (
        (counted(shop, (3, 0), base=2), "count_incomplete"),
        (counted(shop, (3, 4), (2, 0), base=2), "damaged_more_than_came"),
    ):
        assert host.refused("POST", path, wrong) == (422, code)
    assert (ArrivalCount.objects.count(), Arrival.objects.get().counts) == (2, 2)


def messages(kind: str = "order_arrived") -> list[tuple[int, str]]:
    rows = InboxMessage.objects.filter(kind=kind).order_by("id")
    return list(rows.values_list("person_id", "title"))


def test_each_buyer_is_told_once(shop: Shop) -> None:
    pair = shop.world.buyer()
    one, two = shop.order(pickup=True, pair=pair), shop.order(pickup=True, pair=pair)
    other, picked = shop.order(pickup=True), shop.order(pickup=True)
    picked.hand_out()
    shop.order(pickup=True, paid=False)
    host, path = host_of(shop, shop.world.point), at(shop, shop.world.point, "/tell")
    assert host.refused("POST", path, {"counts": 1, "people": 2}) == (409, "not_counted_yet")
    host.ok("POST", at(shop, shop.world.point, "/count"), counted(shop, (4, 0)))
    shown = host.ok("GET", at(shop, shop.world.point))
    assert (shown["people"], [h["last4"] for h in shown["hearers"]]) == (2, ["1234", "1234"])
    assert host.refused("POST", path, {"counts": 1, "people": 3}) == (409, "hearers_changed")
    assert messages() == [] and Arrival.objects.get().told_at is None
    told = host.ok("POST", path, {"counts": 1, "people": 2})
    assert told["told_by"] == "东门老周"
    outbox.drain()
    assert messages() == [
        (one.buyer.who.id, f"订单 #{one.row.number} 已到自提点"),
        (other.buyer.who.id, f"订单 #{other.row.number} 已到自提点"),
    ]
    assert one.row.number == two.row.number
    before = footprint()
    shop.boss.ok("POST", path, {"counts": 1, "people": 2})
    outbox.drain()
    assert len(messages()) == 2 and footprint() == before


def test_many_are_told_slice_by_slice(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yantuan.hosts.actions.SLICE", 2)
    buyers = [shop.order(pickup=True).buyer.who.id for _ in range(5)]
    shop.boss.ok("POST", at(shop, shop.world.point, "/count"), counted(shop, (5, 0)))
    shop.boss.ok("POST", at(shop, shop.world.point, "/tell"), {"counts": 1, "people": 5})
    outbox.drain()
    assert sorted(person for person, _ in messages()) == sorted(buyers)
