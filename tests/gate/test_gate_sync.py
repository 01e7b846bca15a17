"""The gate's list, and what phones report: one outcome each, nothing lost, nothing handed out twice."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from fulfilment.tradeworld import Caller, Shop, Trade, books_add_up, caller, footprint, make_shop
from orders.orderworld import make_person
from yantuan.fulfilment.models import PickupCheck
from yantuan.gate.models import GateEntry
from yantuan.kernel.clock import now
from yantuan.kernel.ids import new_id
from yantuan.staff.models import StaffMember

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop(offers=2, stock_units=500)


def listed(shop: Shop, who: Caller | None = None) -> Any:
    return (who or shop.boss).ok("POST", f"/leader/group-buys/{shop.world.group_buy.id}/gate-list")


def entry(trade: Trade, *pieces: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"key": f"entry-{new_id()}", "order_id": str(trade.id), "kind": "hand_out", "lines": list(pieces), "at": now(), **more}  # fmt: skip


def sent(shop: Shop, *entries: dict[str, Any], who: Caller | None = None) -> Any:
    who = who or shop.boss
    body = {"token": listed(shop, who)["token"], "entries": list(entries)}
    return who.ok("POST", f"/leader/stores/{shop.world.store.id}/gate-entries", body)


def outcomes(answer: Any) -> list[str]:
    return [row["outcome"] for row in answer["entries"]]


def helper(shop: Shop, pickup: bool = True) -> Caller:
    who = make_person("门口老陈")
    StaffMember.objects.create(
        store_id=shop.world.store.id,
        person=who,
        may_pickup=pickup,
        may_goods=not pickup,
        invited_by=shop.boss.who.id,
        created_at=now(),
        changed_at=now(),
    )
    return caller(who)


def test_the_list_holds_what_a_gate_needs_and_no_code(shop: Shop) -> None:
    waiting, picked, unpaid = (
        shop.order(2, 1, pickup=True),
        shop.order(pickup=True),
        shop.order(pickup=True, paid=False),
    )
    shop.order()
    picked.hand_out()
    found = listed(shop)
    by_id = {int(row["id"]): row for row in found["orders"]}
    assert set(by_id) == {waiting.id, picked.id, unpaid.id}
    row = by_id[waiting.id]
    assert (row["n"], row["s"], row["name"], row["room"], row["t"], row["i"]) == (
        waiting.row.number, "waiting", "王小雁", "501", "1234", "WXY",
    )  # fmt: skip
    assert [(line["q"], line["d"]) for line in row["l"]] == [(2, 0), (1, 0)]
    assert (by_id[picked.id]["s"], by_id[picked.id]["by"]) == ("picked", "李团长")
    assert (by_id[unpaid.id]["s"], by_id[unpaid.id]["name"], by_id[unpaid.id]["room"]) == (
        "unpaid",
        "王*雁",
        "",
    )
    text = json.dumps(found)
    assert waiting.row.pickup_code not in text and "13812341234" not in text and len(row["c"]) == 4


def test_an_entry_is_booked_once_however_often_it_comes(shop: Shop) -> None:
    trade = shop.order(2, 1, pickup=True)
    first = entry(trade, trade.piece(0, 1))
    assert outcomes(sent(shop, first, first)) == ["done", "done"]
    assert outcomes(sent(shop, first)) == ["done"]
    assert [line.picked_quantity for line in trade.lines] == [1, 0] and trade.row.delivery == "part_picked"
    rest = entry(trade, trade.piece(0, 1), trade.piece(1, 1))
    assert outcomes(sent(shop, rest)) == ["done"]
    assert trade.row.delivery == "picked" and GateEntry.objects.count() == 2
    books_add_up()


def test_two_gates_hand_out_the_same_and_both_are_told(shop: Shop) -> None:
    other = helper(shop)
    trade = shop.order(pickup=True)
    mine, theirs = entry(trade, trade.piece()), entry(trade, trade.piece())
    assert sent(shop, mine)["clashes"] == []
    answer = sent(shop, theirs, who=other)
    assert outcomes(answer) == ["already"] and answer["entries"][0]["by"] == "李团长"
    assert PickupCheck.objects.count() == 1
    other_trade = shop.order(pickup=True)
    told = sent(shop, entry(other_trade, other_trade.piece()))["clashes"]
    assert [(row["key"], row["number"], row["by"]) for row in told] == [
        (theirs["key"], trade.row.number, "门口老陈")
    ]
    books_add_up()


def test_what_changed_while_the_host_was_away(shop: Shop) -> None:
    refunded, part, unpaid = (
        shop.order(pickup=True),
        shop.order(2, pickup=True),
        shop.order(pickup=True, paid=False),
    )
    courier = shop.order()
    late = [entry(t, t.piece(0, t.lines[0].quantity)) for t in (refunded, part, unpaid, courier)]
    refunded.refund()
    part.refund(part.piece(0, 1))
    strange = {**entry(part, part.piece()), "order_id": str(new_id())}
    answer = sent(shop, *late, strange)
    assert outcomes(answer) == ["refunded", "part", "unpaid", "changed", "unknown"]
    assert answer["entries"][1]["booked"] == {str(part.lines[0].id): 1}
    assert (refunded.lines[0].picked_quantity, part.row.delivery) == (0, "picked")
    books_add_up()


def test_undo_takes_back_what_its_entry_did(shop: Shop) -> None:
    trade = shop.order(2, pickup=True)
    day_ago = now() - timedelta(days=1)
    first, second = entry(trade, trade.piece(0, 1), at=day_ago), entry(trade, trade.piece(0, 1), at=day_ago)
    undo = entry(trade, kind="undo", undoes=first["key"], at=day_ago + timedelta(minutes=5))
    again = entry(trade, kind="undo", undoes=first["key"], at=day_ago + timedelta(minutes=6))
    late = entry(trade, kind="undo", undoes=second["key"], at=now())
    assert outcomes(sent(shop, first, second, undo, again, late)) == [
        "done",
        "done",
        "undone",
        "undo_nothing",
        "undo_late",
    ]
    assert trade.lines[0].picked_quantity == 1 and trade.row.delivery == "part_picked"
    books_add_up()


def test_a_key_names_one_entry(shop: Shop) -> None:
    one, two = shop.order(pickup=True), shop.order(pickup=True)
    first = entry(one, one.piece())
    assert outcomes(sent(shop, first, {**entry(two, two.piece()), "key": first["key"]})) == [
        "done",
        "key_reused",
    ]
    assert two.row.delivery == "awaiting_pickup"


def test_only_with_the_right_and_an_own_list(shop: Shop) -> None:
    trade = shop.order(pickup=True)
    path, sale = (
        f"/leader/stores/{shop.world.store.id}/gate-entries",
        f"/leader/group-buys/{shop.world.group_buy.id}/gate-list",
    )
    other = helper(shop)
    body = {"token": listed(shop)["token"], "entries": [entry(trade, trade.piece())]}
    assert other.refused("POST", path, body) == (422, "gate_list_invalid")
    for stranger in (helper(shop, pickup=False), caller(make_person()), trade.buyer):
        assert stranger.refused("POST", path, body) == (404, "not_found")
        assert stranger.refused("POST", sale) == (404, "not_found")
    StaffMember.objects.filter(person=other.who).update(revoked_at=now())
    before = footprint()
    assert other.refused("POST", sale) == (404, "not_found")
    assert footprint() == before and GateEntry.objects.count() == 0
