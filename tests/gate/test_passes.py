"""A friend fetches an order: a pass for chosen orders and one day, known to gates without a line, good once."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilment.tradeworld import Shop, Trade, books_add_up, caller, make_shop
from orders.orderworld import make_person
from yantuan.gate import jobs
from yantuan.gate.models import GateEntry, PassOrder, PickupPass
from yantuan.gate.rules import china_day, read_pass
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.ids import new_id
from yantuan.orders.models import Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop(offers=2, stock_units=500)


def made(*trades: Trade, days: int = 0, friend: str = "李阿姨") -> Any:
    day = china_day(now()) + timedelta(days=days)
    body = {"order_ids": [str(t.id) for t in trades], "friend": friend, "day": str(day)}
    return trades[0].buyer.ok("POST", "/pickup-passes", body)


def listed(shop: Shop) -> Any:
    return shop.boss.ok("POST", f"/leader/group-buys/{shop.world.group_buy.id}/gate-list")


def handed(shop: Shop, trade: Trade, code: str, **more: Any) -> Any:
    entry = {
        "key": f"entry-{new_id()}", "order_id": str(trade.id), "kind": "hand_out", "at": now(),
        "lines": [trade.piece(0, 1)], "pass_code": code, **more,
    }  # fmt: skip
    body = {"token": listed(shop)["token"], "entries": [entry]}
    return shop.boss.ok("POST", f"/leader/stores/{shop.world.store.id}/gate-entries", body)["entries"][0]


def test_a_friend_fetches_once_and_the_timeline_says_so(shop: Shop) -> None:
    trade = shop.order(2, pickup=True)
    found = made(trade)
    assert len(found["code"]) == 9 and found["text"] == f"yantuan:pass:{found['code']}"
    assert [point["name"] for point in found["points"]] == ["东门"]
    first = handed(shop, trade, found["code"])
    assert (first["outcome"], first["friend"]) == ("done", "ok")
    texts = [event["text"] for event in trade.buyer.ok("GET", f"/orders/{trade.id}")["timeline"]]
    assert "已领取部分商品（李*姨 代取）" in texts
    again = handed(shop, trade, found["code"])
    assert (again["outcome"], again["friend"]) == ("done", "used")
    assert trade.row.delivery == "picked"
    books_add_up()


def test_gates_know_a_short_digest_and_no_code(shop: Shop) -> None:
    trade, other = shop.order(pickup=True), shop.order(pickup=True)
    found = made(trade)
    everything = listed(shop)
    [one] = everything["passes"]
    digest = hashlib.sha256(f"{one['s']}:{found['code']}".encode()).hexdigest()
    assert (one["d"], one["f"], one["o"]) == (digest[:4], "李*姨", [str(trade.id)])
    assert found["code"] not in json.dumps(everything)
    row = PickupPass.objects.get()
    assert found["code"] not in (row.code_hash, row.salt, row.digest)
    wrong = handed(shop, other, found["code"])
    assert (wrong["outcome"], wrong["friend"]) == ("done", "unknown")


def test_another_day_and_one_taken_back(shop: Shop) -> None:
    tomorrow, gone, stale = shop.order(pickup=True), shop.order(pickup=True), shop.order(pickup=True)
    code = made(tomorrow, days=1)["code"]
    assert handed(shop, tomorrow, code)["friend"] == "expired"
    pass_ = made(gone)
    gone.buyer.ok("DELETE", f"/pickup-passes/{pass_['id']}")
    assert gone.buyer.ok("GET", "/pickup-passes") == [] and listed(shop)["passes"] == []
    assert handed(shop, gone, pass_["code"])["friend"] == "revoked"
    # A phone without a line handed out before the buyer took the pass back.
    late = made(stale)
    before = now()
    with frozen(before + timedelta(minutes=1)):
        stale.buyer.ok("DELETE", f"/pickup-passes/{late['id']}")
    with frozen(before + timedelta(minutes=2)):
        assert handed(shop, stale, late["code"], at=before)["friend"] == "ok"


def test_a_new_pass_ends_the_one_before(shop: Shop) -> None:
    trade = shop.order(2, pickup=True)
    old, new = made(trade)["code"], made(trade)["code"]
    assert [row["used"] for row in trade.buyer.ok("GET", "/pickup-passes")] == [False]
    assert handed(shop, trade, old)["friend"] == "revoked"
    assert handed(shop, trade, new)["friend"] == "ok"


def test_taking_a_hand_out_back_lets_the_friend_come_again(shop: Shop) -> None:
    trade = shop.order(pickup=True)
    code = made(trade)["code"]
    done = handed(shop, trade, code)
    undo = {"kind": "undo", "undoes": done["key"], "lines": [], "pass_code": ""}
    assert handed(shop, trade, "", **undo)["outcome"] == "undone"
    assert PassOrder.objects.get().used_at is None
    assert handed(shop, trade, code)["friend"] == "ok"


def test_several_orders_of_one_buyer(shop: Shop) -> None:
    pair = shop.world.buyer()
    one, two = shop.order(pickup=True, pair=pair), shop.order(pickup=True, pair=pair)
    code = made(one, two)["code"]
    assert handed(shop, one, code)["friend"] == "ok"
    assert listed(shop)["passes"][0]["o"] == [str(two.id)]
    assert handed(shop, two, code)["friend"] == "ok"


def test_whose_and_which_orders(shop: Shop) -> None:
    mine, theirs = shop.order(pickup=True), shop.order(pickup=True)
    courier, unpaid, picked = shop.order(), shop.order(pickup=True, paid=False), shop.order(pickup=True)
    picked.hand_out()
    day = str(china_day(now()))
    for trade, ids, refusal in (
        (mine, [mine.id, theirs.id], (404, "not_found")),
        (courier, [courier.id], (409, "order_is_courier")),
        (unpaid, [unpaid.id], (409, "order_not_paid")),
        (picked, [picked.id], (409, "already_picked")),
    ):
        body = {"order_ids": [str(i) for i in ids], "day": day}
        assert trade.buyer.refused("POST", "/pickup-passes", body) == refusal
    for days in (-1, 15):
        far = {"order_ids": [str(mine.id)], "day": str(china_day(now()) + timedelta(days=days))}
        assert mine.buyer.refused("POST", "/pickup-passes", far) == (422, "pass_day_invalid")
    assert PickupPass.objects.count() == 0
    found = made(mine)
    stranger = caller(make_person())
    assert stranger.refused("DELETE", f"/pickup-passes/{found['id']}") == (404, "not_found")
    assert PickupPass.objects.get().revoked_at is None


def test_the_desk_with_a_line_takes_a_pass_too(shop: Shop) -> None:
    trade, other = shop.order(pickup=True), shop.order(pickup=True)
    code, find = made(trade)["code"], f"/leader/stores/{shop.world.store.id}/pickup/find"
    for text in (code, f"yantuan:pass:{code}"):
        found = shop.boss.ok("POST", find, {"text": text})["orders"]
        assert [row["id"] for row in found] == [str(trade.id)]
    assert shop.boss.ok("POST", find, {"text": "000000000"})["orders"] == []
    wrong = shop.boss.refused("POST", f"/leader/orders/{other.id}/pickup", {"pass_code": code})
    assert wrong == (409, "pass_not_good")
    shop.boss.ok("POST", f"/leader/orders/{trade.id}/pickup", {"pass_code": code})
    texts = [event["text"] for event in trade.buyer.ok("GET", f"/orders/{trade.id}")["timeline"]]
    assert "商品已全部领取（李*姨 代取）" in texts
    assert shop.boss.ok("POST", find, {"text": code})["orders"] == []
    shop.boss.ok("POST", f"/leader/orders/{trade.id}/pickup/undo")
    shop.boss.ok("POST", f"/leader/orders/{trade.id}/pickup", {"pass_code": code})
    assert trade.row.delivery == "picked"


def test_old_passes_are_forgotten(shop: Shop) -> None:
    trade = shop.order(pickup=True)
    handed(shop, trade, made(trade)["code"])
    assert jobs.forget_passes() == 0
    with frozen(now() + timedelta(days=32)):
        assert jobs.forget_passes() == 2
    assert (PickupPass.objects.count(), GateEntry.objects.count(), Order.objects.count()) == (0, 1, 1)


@given(st.text(max_size=12))
def test_only_nine_digits_are_a_pass(text: str) -> None:
    code = read_pass(text)
    assert code == "" or (len(code) == 9 and code.isdigit() and code.isascii())
    assert read_pass("yantuan:pass:012 345 678") == "012345678"
