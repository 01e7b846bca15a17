"""One parcel for one 跟团号: a row that names one of its orders sends all that wait for the same recipient, and takes all of them back."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
import pytest

from fulfilment.sheetworld import HEAD, book, codes, line, live, named, number, rows, sent, undo, upload, xlsx
from fulfilment.test_shipping import both
from fulfilment.tradeworld import Shop, Trade, footprint
from yantuan.fulfilment import progress
from yantuan.fulfilment.models import Shipment
from yantuan.fulfilment.progress import Progress
from yantuan.notices.models import InboxMessage
from yantuan.orders.address_records import note_printed
from yantuan.orders.models import Order

BY_NUMBER = ("跟团号", "快递公司", "运单号")
THERE = {
    "name": "张三丰", "phone": "13987654321", "province": "浙江省", "city": "杭州市", "district": "余杭区",
    "detail": "五常大道 9 号",
}  # fmt: skip


def three(shop: Shop) -> list[Trade]:
    """Three paid orders of one buyer to one door."""
    pair = shop.world.buyer()
    return [shop.order(n, pair=pair) for n in (1, 2, 3)]


def state(*trades: Trade) -> list[tuple[str, list[str]]]:
    return [(trade.row.delivery, live(trade.id)) for trade in trades]


def packed(place: int = 0) -> tuple[str, list[str]]:
    return "shipped", [number(place)]


WAITS: tuple[str, list[str]] = ("none", [])


@pytest.mark.parametrize("by", ["order", "number"])
def test_a_row_sends_all_that_waits_under_its_number(shop: Shop, by: str) -> None:
    first, *_ = trades = three(shop)
    second = trades[1]
    neighbour, unpaid = shop.order(1), shop.order(1, paid=False, pair=(first.buyer.who, _address(first)))
    if by == "order":
        data, doubts = xlsx(HEAD, line(second, number(0))), []
    else:
        data, doubts = xlsx(BY_NUMBER, (str(first.row.number), "圆通", number(0))), ["matched_by_number"]
    before = footprint()
    batch = sent(shop, data)
    assert footprint() == before
    assert codes(shop, batch) == [[*doubts, "together"]]
    assert rows(shop, batch)[0]["problems"][-1]["data"] == {"orders": 3}
    assert ("together", "note", 1) in [(p["code"], p["weight"], p["rows"]) for p in batch["problems"]]
    done = book(shop, batch, *doubts)
    assert done["results"] == {"booked": 1}
    assert state(*trades) == [packed()] * 3
    assert state(neighbour, unpaid) == [WAITS, WAITS]
    assert [sum(one.shipped_quantity for one in trade.lines) for trade in trades] == [1, 2, 3]
    # One parcel is one message.
    told = InboxMessage.objects.filter(kind="order_shipped", order_id__in=[t.id for t in trades])
    assert told.count() == 1


def _address(trade: Trade) -> Any:
    return trade.buyer.who.addresses.get()


def test_the_same_sheet_again_changes_nothing_and_undo_takes_all_back(shop: Shop) -> None:
    trades = three(shop)
    data = xlsx(HEAD, line(trades[0], number(0)))
    batch = book(shop, sent(shop, data))
    before = footprint()
    assert json.loads(upload(shop.boss, shop.world.store.id, data).content)["id"] == batch["id"]
    fresh = sent(shop, data, fresh="true")
    assert (codes(shop, fresh), fresh["ready"]) == ([["same"]], 0)
    assert footprint() == before
    path = f"/leader/ship-imports/{batch['id']}/undo"
    assert shop.boss.ok("GET", path)["possible"] == 1
    assert undo(shop, batch)["results"] == {"undone": 1}
    assert state(*trades) == [WAITS] * 3
    assert [trade.events("delivery") for trade in trades] == [["ship_all", "withdraw_all"]] * 3
    # And out again, together.
    assert book(shop, sent(shop, data, fresh="true"))["results"] == {"booked": 1}
    assert state(*trades) == [packed()] * 3


def test_one_parcel_goes_back_whole_or_not_at_all(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    trades = three(shop)
    batch = book(shop, sent(shop, xlsx(HEAD, line(trades[0], number(0)))))
    moved = Shipment.objects.get(order_id=trades[2].id).id
    monkeypatch.setattr(progress, "_known", [lambda ids: {moved: Progress("picked_up", "", "", None, "")}])
    assert undo(shop, batch)["results"] == {"kept": 1}
    assert [row["refusal"] for row in rows(shop, batch)] == ["scanned"]
    assert state(*trades) == [packed()] * 3


def test_one_number_in_two_rows_of_one_buyer_is_one_parcel(shop: Shop) -> None:
    first, second, _ = trades = three(shop)
    batch = sent(shop, xlsx(HEAD, line(first, number(0)), line(second, number(0))))
    assert codes(shop, batch) == [["together"], ["together"]]
    assert {row["problems"][0]["data"]["orders"] for row in rows(shop, batch)} == {3}
    assert book(shop, batch)["results"] == {"booked": 2}
    assert state(*trades) == [packed()] * 3
    assert InboxMessage.objects.filter(kind="order_shipped").count() == 1
    assert undo(shop, batch)["results"] == {"undone": 2}
    assert state(*trades) == [WAITS] * 3


def test_a_number_of_its_own_keeps_an_order_in_its_own_parcel(shop: Shop) -> None:
    first, second, third = three(shop)
    batch = sent(shop, xlsx(HEAD, line(first, number(0)), line(second, number(1))))
    # Which of the two parcels the third goes with nobody said.
    assert codes(shop, batch) == [["left_behind"], []]
    assert book(shop, batch)["results"] == {"booked": 2}
    assert state(first, second, third) == [packed(), packed(1), WAITS]
    assert InboxMessage.objects.filter(kind="order_shipped").count() == 2


def test_a_row_left_blank_goes_with_the_one_that_is_filled_in(shop: Shop) -> None:
    first, second = both(shop)
    other = named(shop.order(1), 5)
    batch = sent(shop, xlsx(HEAD, line(first, number(0)), line(second, "", ""), line(other, "", "")))
    assert codes(shop, batch) == [["together"], ["goes_along"], ["not_filled"]]
    assert rows(shop, batch)[1]["problems"][0]["data"] == {"row": 2}
    book(shop, batch)
    assert state(first, second, other) == [packed(), packed(), WAITS]


def test_parts_of_an_order_take_nothing_along(shop: Shop) -> None:
    first, second = both(shop)
    head = ("订单号", "子单号", "快递公司", "运单号")
    batch = sent(shop, xlsx(head, (str(first.id), str(first.lines[0].id), "圆通", number(0))))
    assert codes(shop, batch) == [["left_behind"]]
    book(shop, batch)
    assert state(first, second) == [packed(), WAITS]


def test_another_address_stays_and_is_told(shop: Shop) -> None:
    first, second, third = three(shop)
    Order.objects.filter(id=third.id).update(room="999")
    batch = sent(shop, xlsx(HEAD, line(first, number(0))))
    assert codes(shop, batch) == [["together", "together_elsewhere"]]
    book(shop, batch)
    assert state(first, second, third) == [packed(), packed(), WAITS]
    fourth = shop.order(1, pair=(first.buyer.who, _address(first)))
    unclear = sent(shop, xlsx(BY_NUMBER, (str(third.row.number), "圆通", number(3))))
    assert codes(shop, unclear) == [["addresses_differ"]]
    assert state(third, fourth) == [WAITS, WAITS]


def test_one_number_for_two_addresses_of_one_buyer_is_a_mistake(shop: Shop) -> None:
    first, second = both(shop)
    Order.objects.filter(id=second.id).update(detail="文三路 99 号")
    batch = sent(shop, xlsx(HEAD, line(first, number(0)), line(second, number(0))))
    assert codes(shop, batch) == [["number_used_here"], ["number_used_here"]]


def test_what_changed_since_the_preview_stays_and_the_row_says_so(shop: Shop) -> None:
    first, second, third = three(shop)
    batch = sent(shop, xlsx(HEAD, line(first, number(0))))
    second.refund()
    done = book(shop, batch)
    assert done["results"] == {"partly": 1}
    assert [(row["result"], row["refusal"]) for row in rows(shop, done)] == [("partly", "part_stayed")]
    assert state(first, second, third) == [packed(), WAITS, packed()]
    listed = shop.boss.ok("GET", f"/leader/stores/{shop.world.store.id}/ship-imports")
    assert [one["booked"] for one in listed] == [1]
    told = shop.boss.call("GET", f"/leader/ship-imports/{done['id']}/problems")
    sheet = openpyxl.load_workbook(io.BytesIO(told.content)).active
    assert [cell.value for cell in sheet[2]][-2:] == ["部分发出", "一起发的单里有变化，没有全部发"]
    assert undo(shop, done)["results"] == {"undone": 1}
    assert state(first, third) == [WAITS, WAITS]


def test_nothing_goes_along_with_an_order_that_may_not_leave(shop: Shop) -> None:
    first, second = both(shop)
    batch = sent(shop, xlsx(HEAD, line(first, number(0))))
    first.refund()
    assert book(shop, batch)["results"] == {"refused": 1}
    assert state(first, second) == [WAITS, WAITS]


def test_an_address_changed_since_the_preview_is_not_shipped_to(shop: Shop) -> None:
    first, second = both(shop)
    batch = sent(shop, xlsx(HEAD, line(first, number(0))))
    first.buyer.ok("PUT", f"/orders/{first.id}/address", {"recipient": THERE})
    done = book(shop, batch)
    assert [(row["result"], row["refusal"]) for row in rows(shop, done)] == [("refused", "address_changed")]
    assert rows(shop, done)[0]["refusal_text"] == "核对之后又改了地址，请重新核对"
    assert state(first, second) == [WAITS, WAITS]


@pytest.mark.parametrize("agreed", [False, True])
def test_an_address_changed_after_the_labels_is_doubtful(shop: Shop, agreed: bool) -> None:
    first, second = both(shop)
    other = named(shop.order(1), 5)
    printed = {trade.id: (trade.row.group_buy_id, 0) for trade in (first, second, other)}
    note_printed(shop.world.store.id, printed, "labels")
    first.buyer.ok("PUT", f"/orders/{first.id}/address", {"recipient": THERE})
    batch = sent(shop, xlsx(HEAD, line(first, number(0)), line(other, number(1))))
    # Both orders of the parcel moved together.
    assert codes(shop, batch) == [["address_stale", "together"], []]
    assert ("address_stale", "confirm", 1) in [(p["code"], p["weight"], p["rows"]) for p in batch["problems"]]
    done = book(shop, batch, *(["address_stale"] if agreed else []))
    assert done["results"] == ({"booked": 2} if agreed else {"booked": 1, "skipped": 1})
    assert state(first, second) == ([packed()] * 2 if agreed else [WAITS] * 2)
    assert state(other) == [packed(1)]


def test_the_template_lists_together_what_is_packed_together(shop: Shop) -> None:
    first = shop.order(1)
    other = shop.order(1)
    second = shop.order(1, pair=(first.buyer.who, _address(first)))
    answer = shop.boss.call("GET", f"/leader/stores/{shop.world.store.id}/ship-template")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [str(t.id) for t in (first, second, other)]
