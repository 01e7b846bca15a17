"""The lists of a sale over HTTP: which orders count, who may read them, and what the files hold."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest

from fulfilment.tradeworld import Shop, Trade, caller, make_shop
from orders.orderworld import make_person
from yantuan.kernel.clock import now
from yantuan.kernel.models import AuditEntry
from yantuan.orders.models import Order
from yantuan.picking import answers, paper


def path(shop: Shop, rest: str = "") -> str:
    return f"/leader/group-buys/{shop.world.group_buy.id}/picking{rest}"


def picking(shop: Shop, scope: str = "left") -> Any:
    return shop.boss.ok("GET", path(shop, f"?scope={scope}"))


def totals(shop: Shop, scope: str = "left") -> list[int]:
    return [row["quantity"] for row in picking(shop, scope)["goods"]]


def at_home(trade: Trade, building: str, room: str) -> Trade:
    Order.objects.filter(id=trade.id).update(building=building, unit="", room=room)
    return trade


def test_only_paid_pieces_that_are_still_owed_count(shop: Shop) -> None:
    shop.order(1, 1, paid=False)
    shop.order(2, 1)
    back = shop.order(5, 3)
    back.refund(back.piece(0, 2))
    gone = shop.order(4, 4)
    gone.refund()
    assert totals(shop) == totals(shop, "all") == [5, 4]


def test_what_is_sent_or_handed_out_is_left_only_in_all(shop: Shop) -> None:
    sent, handed = shop.order(2, 1), shop.order(3, 1, pickup=True)
    sent.ship(sent.piece(0, 1))
    handed.hand_out()
    assert totals(shop, "all") == [5, 2]
    assert totals(shop) == [1, 1]
    assert picking(shop)["places"] == [{"id": "0", "name": "快递", "quantity": 2, "bags": 1}]


def test_goods_places_buildings_and_bags_agree(shop: Shop) -> None:
    pair = shop.world.buyer()
    at_home(shop.order(1, 2, pickup=True, pair=pair), "10号楼", "201")
    at_home(shop.order(1, pickup=True, pair=pair), "10栋", "201")
    at_home(shop.order(3, pickup=True), "2", "302")
    shop.order(0 + 1, 1)
    found = picking(shop)
    assert (found["orders"], found["bags"], found["quantity"]) == (4, 3, 9)
    point = found["places"][0]
    assert (point["bags"], point["quantity"], found["places"][1]["id"]) == (2, 7, "0")
    assert [[(c["place_id"], c["quantity"]) for c in row["cells"]] for row in found["goods"]] == [
        [(point["id"], 5), ("0", 1)],
        [(point["id"], 2), ("0", 1)],
    ]
    assert [(b["name"], b["bags"], b["quantity"]) for b in found["buildings"]] == [("2", 1, 3), ("10", 1, 4)]
    bags = shop.boss.ok("GET", path(shop, f"/bags?place={point['id']}"))["bags"]
    assert [(bag["home"], bag["quantity"], bag["orders"]) for bag in bags] == [
        ("2-302", 3, 1),
        ("10-201", 4, 2),
    ]


def test_bags_come_page_by_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PAGE", 2)
    numbers = [shop.order(1, pickup=True).row.number for _ in range(5)]
    seen, begin = [], 0
    while begin is not None:
        page = shop.boss.ok("GET", path(shop, f"/bags?begin={begin}"))
        assert page["total"] == 5
        seen += [bag["number"] for bag in page["bags"]]
        begin = page["next"]
    assert sorted(seen) == sorted(numbers)


def test_names_of_long_finished_orders_are_masked(shop: Shop) -> None:
    trade = shop.order(1)
    trade.ship()
    trade.receive()
    name = trade.row.recipient_name
    shown = shop.boss.ok("GET", path(shop, "/bags?scope=all"))["bags"][0]
    assert (shown["recipient"], "****" in shown["address"]) == (name, False)
    Order.objects.filter(id=trade.id).update(received_at=now() - timedelta(days=31))
    masked = shop.boss.ok("GET", path(shop, "/bags?scope=all"))["bags"][0]
    assert (
        masked["recipient"] != name and masked["address"].endswith("****") and masked["home"].count("-") < 2
    )


def test_others_find_nothing(shop: Shop) -> None:
    trade, other = shop.order(1), make_shop()
    for stranger in (other.boss, trade.buyer, caller(make_person())):
        for rest in ("", "/bags", ".xlsx", ".pdf"):
            assert stranger.refused("GET", path(shop, rest)) == (404, "not_found")
    assert not AuditEntry.objects.filter(action="picking.file").exists()


def test_the_workbook_holds_the_same_numbers_as_texts_and_counts(shop: Shop) -> None:
    first = at_home(shop.order(1, 2, pickup=True), "3", "501")
    Order.objects.filter(id=first.id).update(recipient_name="=1+1", remark="-轻放")
    shop.order(2)
    answer = shop.boss.call("GET", path(shop, ".xlsx"))
    assert answer.status_code == 200 and answer["Cache-Control"] == "private, no-store"
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["备货单", "楼栋汇总", "分拣单", "分拣表"]
    goods = list(book["备货单"].iter_rows(min_row=2, values_only=True))
    assert [row[3:5] for row in goods] == [(3, 2), (2, 1)]
    bag = next(row for row in book["分拣单"].iter_rows(min_row=2) if row[4].value == "=1+1")
    assert (bag[4].data_type, bag[8].value, bag[8].data_type, bag[3].value) == ("s", "-轻放", "s", "3-501")
    entry = AuditEntry.objects.get(action="picking.file")
    assert (entry.actor_id, entry.data) == (shop.boss.who.id, {"kind": "sheet", "bags": 2})


def test_nothing_to_pick_makes_no_file(shop: Shop) -> None:
    shop.order(1, paid=False)
    assert shop.boss.refused("GET", path(shop, ".pdf")) == (409, "picking_empty")
    assert shop.boss.refused("GET", path(shop, ".xlsx")) == (409, "picking_empty")
    assert picking(shop)["goods"] == []


def test_what_does_not_fit_the_paper_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "MOST_BAGS", 1)
    first, second = shop.order(1), shop.order(1)
    assert shop.boss.refused("GET", path(shop, ".pdf?what=goods&size=60x40")) == (422, "paper_unfit")
    assert shop.boss.refused("GET", path(shop, ".pdf?what=labels&size=60x40")) == (409, "labels_too_many")
    assert shop.boss.refused("GET", path(shop, ".pdf?what=plan")) == (422, "fields_invalid")
    number = second.row.number
    one = shop.boss.call("GET", path(shop, f".pdf?what=labels&size=60x40&first={number}&last={number}"))
    assert one.status_code == 200 and one.content.startswith(b"%PDF-")
    assert first.row.number != number


ELSEWHERE = {
    "name": "张三丰", "phone": "13987654321", "province": "浙江省", "city": "杭州市", "district": "余杭区",
    "detail": "五常大道 9 号",
}  # fmt: skip


def stale(shop: Shop) -> list[tuple[int, str]]:
    return [(row["number"], row["kind"]) for row in picking(shop)["stale"]]


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("labels", ".pdf?what=labels&size=60x40"),
        ("bags", ".pdf?what=bags"),
        ("sheet", ".xlsx?scope=left"),
    ],
)
def test_an_address_changed_after_printing_is_listed_until_it_is_printed_again(
    shop: Shop, kind: str, file: str
) -> None:
    first, second = shop.order(1), shop.order(1)
    shop.boss.call("GET", path(shop, ".pdf?what=goods"))
    first.buyer.ok("PUT", f"/orders/{first.id}/address", {"recipient": ELSEWHERE})
    # No address was on that paper.
    assert stale(shop) == []
    assert shop.boss.call("GET", path(shop, file)).status_code == 200
    assert stale(shop) == []
    second.buyer.ok("PUT", f"/orders/{second.id}/address", {"recipient": ELSEWHERE})
    first.buyer.ok("PUT", f"/orders/{first.id}/address", {"recipient": ELSEWHERE | {"room": "8"}, "seen": 1})
    assert stale(shop) == [(first.row.number, kind), (second.row.number, kind)]
    # Only what is on the new paper is right again.
    one = f"{file}&first={second.row.number}&last={second.row.number}" if kind != "sheet" else file
    shop.boss.call("GET", path(shop, one))
    assert stale(shop) == ([] if kind == "sheet" else [(first.row.number, kind)])


def test_what_has_left_is_listed_no_more(shop: Shop) -> None:
    trade = shop.order(1)
    shop.boss.call("GET", path(shop, ".pdf?what=labels&size=60x40"))
    trade.buyer.ok("PUT", f"/orders/{trade.id}/address", {"recipient": ELSEWHERE})
    assert len(stale(shop)) == 1
    trade.ship()
    assert stale(shop) == []
