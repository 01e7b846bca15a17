"""A sheet through the API: judged, shown, agreed to, booked; sent twice; and what is refused."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import openpyxl
import pytest

from fulfilment.sheetworld import (
    HEAD,
    batches,
    book,
    codes,
    csv,
    files_left,
    line,
    live,
    look,
    number,
    people,
    rows,
    sent,
    upload,
    xlsx,
)
from fulfilment.tradeworld import Shop, caller, footprint, make_shop
from orders.orderworld import make_person
from yantuan.fulfilment.imports import actions
from yantuan.fulfilment.models import ShipImport, ShipImportRow, Shipment
from yantuan.kernel import outbox
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.models import AuditEntry, OutboxEvent
from yantuan.notices.models import InboxMessage
from yantuan.orders.models import OrderEvent


def test_a_sheet_from_upload_to_parcels(shop: Shop) -> None:
    trades = people(shop, 5, 2, 1)
    data = xlsx(HEAD, *[line(trade, number(n)) for n, trade in enumerate(trades)])
    before = footprint()
    batch = sent(shop, data)
    assert footprint() == before and Shipment.objects.count() == 0 and files_left() == []
    assert (batch["state"], batch["rows"], batch["ready"], batch["wrong"]) == ("preview", 5, 5, 0)
    assert batch["headings"] == {
        "order": "订单号",
        "carrier": "快递公司",
        "tracking": "运单号",
        "name": "收货人",
        "phone": "手机",
    }
    done = book(shop, batch)
    assert (done["state"], done["results"]) == ("booked", {"booked": 5})
    for place, trade in enumerate(trades):
        assert (trade.row.delivery, live(trade.id)) == ("shipped", [number(place)])
        assert [piece.shipped_quantity for piece in trade.lines] == [2, 1]
        assert trade.events("delivery") == ["ship_all"]
        assert trade.row.auto_receive_at is not None
        event = OrderEvent.objects.get(order_id=trade.id, event="ship_all")
        assert (event.actor_kind, event.actor_id, event.data["tracking_no"]) == (
            "leader",
            shop.boss.who.id,
            number(place),
        )
        assert InboxMessage.objects.filter(order_id=trade.id, kind="order_shipped").count() == 1


def test_the_same_file_twice_changes_nothing(shop: Shop) -> None:
    trades = people(shop, 3)
    data = xlsx(HEAD, *[line(trade, number(n)) for n, trade in enumerate(trades)])
    first = sent(shop, data)
    again = json.loads(upload(shop.boss, shop.world.store.id, data).content)
    assert (again["id"], again["again"], batches()) == (first["id"], True, 1)
    book(shop, first)
    before, parcels = footprint(), Shipment.objects.count()
    answer = upload(shop.boss, shop.world.store.id, data, name="换个名字.xlsx")
    assert (answer.status_code, json.loads(answer.content)["id"]) == (200, first["id"])
    # Judged anew, every row is as it should be, and there is nothing to confirm.
    fresh = sent(shop, data, fresh="true")
    assert (fresh["id"] != first["id"], fresh["unchanged"], fresh["ready"]) == (True, 3, 0)
    path = f"/leader/ship-imports/{fresh['id']}/confirm"
    assert shop.boss.refused("POST", path, {"accept": []}) == (409, "import_nothing_to_book")
    assert (footprint(), Shipment.objects.count(), files_left()) == (before, parcels, [])
    assert InboxMessage.objects.filter(kind="order_shipped").count() == 3


def test_confirming_twice_books_once(shop: Shop) -> None:
    trades = people(shop, 2)
    batch = sent(shop, xlsx(HEAD, *[line(trade, number(n)) for n, trade in enumerate(trades)]))
    for _ in range(2):
        shop.boss.ok("POST", f"/leader/ship-imports/{batch['id']}/confirm", {"accept": []})
    assert OutboxEvent.objects.filter(topic="shipimport.book").count() == 1
    assert book(shop, batch)["results"] == {"booked": 2}
    assert Shipment.objects.count() == 2


def test_doubts_are_booked_only_when_agreed_to(shop: Shop) -> None:
    right, stranger, both, wrong = people(shop, 4)
    sheet = [
        line(right, number(0)), (*line(stranger, number(1))[:3], "别人", ""), (*line(both, number(2), "中通")[:3], "别人", ""),
        ("123", "圆通", number(3), "", ""),
    ]  # fmt: skip
    batch = sent(shop, csv(HEAD, *sheet))
    assert codes(shop, batch) == [
        [],
        ["name_mismatch"],
        ["name_mismatch", "carrier_doubtful"],
        ["order_unknown"],
    ]
    assert sorted((tuple(d["codes"]), d["rows"]) for d in batch["doubts"]) == [
        (("carrier_doubtful", "name_mismatch"), 1), (("name_mismatch",), 1),
    ]  # fmt: skip
    assert [(p["code"], p["weight"], p["rows"]) for p in batch["problems"]] == [
        ("order_unknown", "error", 1), ("name_mismatch", "confirm", 2), ("carrier_doubtful", "confirm", 1),
    ]  # fmt: skip
    path = f"/leader/ship-imports/{batch['id']}/confirm"
    assert shop.boss.refused("POST", path, {"accept": ["order_unknown"]}) == (422, "import_code_unknown")
    done = book(shop, batch, "name_mismatch")
    assert done["results"] == {"booked": 2, "skipped": 1}
    assert [live(t.id) for t in (right, stranger, both, wrong)] == [[number(0)], [number(1)], [], []]
    assert done["accepted"] == ["name_mismatch"]


def test_rows_are_paged_and_narrowed(shop: Shop) -> None:
    trade = people(shop, 1)[0]
    sheet = [line(trade, number(0)), *[(str(n), "圆通", number(n), "", "") for n in range(1, 131)]]
    batch = sent(shop, csv(HEAD, *sheet))
    assert [row["row"] for row in rows(shop, batch)] == list(range(2, 133))
    assert [row["row"] for row in rows(shop, batch, severity="error")] == list(range(3, 133))
    assert len(rows(shop, batch, problem="order_unknown")) == 130 and rows(shop, batch, problem="same") == []
    path = f"/leader/ship-imports/{batch['id']}/rows?severity=x"
    assert shop.boss.refused("GET", path) == (422, "filter_unknown")


def test_parts_of_an_order_and_several_parcels(shop: Shop) -> None:
    trade, split = people(shop, 2, 2, 1)
    head = ("订单号", "子单号", "运单号", "本次发货数量")
    pieces = trade.lines
    sheet = [
        (str(trade.id), str(pieces[0].id), number(0), "1"), (str(trade.id), str(pieces[1].id), number(0), ""),
        (str(split.id), "", number(1), ""), (str(split.id), "", number(2), ""),
    ]  # fmt: skip
    batch = sent(shop, xlsx(head, *sheet), carrier="YTO")
    assert codes(shop, batch) == [[], [], ["split_guessed"], ["split_guessed"]]
    done = book(shop, batch, "split_guessed")
    assert done["results"] == {"booked": 3}
    assert (trade.row.delivery, [one.shipped_quantity for one in trade.lines]) == ("part_shipped", [1, 1])
    assert (split.row.delivery, live(split.id)) == ("shipped", [number(1), number(2)])
    assert split.events("delivery") == ["ship_part", "ship_all"]
    # Two parcels of one sheet are one message.
    assert InboxMessage.objects.filter(order_id=split.id, kind="order_shipped").count() == 1
    rest = sent(shop, xlsx(head, (str(trade.id), "", number(9), "")), carrier="YTO")
    assert book(shop, rest)["results"] == {"booked": 1}
    assert trade.row.delivery == "shipped"


def test_a_number_that_was_wrong_is_corrected_and_the_buyer_told(shop: Shop) -> None:
    trade = people(shop, 1)[0]
    book(shop, sent(shop, xlsx(HEAD, line(trade, number(0)))))
    batch = sent(shop, xlsx(HEAD, line(trade, number(1))))
    assert codes(shop, batch) == [["correction"]]
    assert rows(shop, batch)[0]["problems"][0]["data"] == {"before": f"圆通速递 {number(0)}"}
    assert book(shop, batch, "correction")["results"] == {"corrected": 1}
    assert live(trade.id) == [number(1)] and Shipment.objects.count() == 1
    told = InboxMessage.objects.filter(order_id=trade.id, kind="parcel_corrected")
    assert [message.body for message in told] == [f"现在是 圆通速递 {number(1)}"]


def test_what_changed_since_the_preview_is_refused_row_by_row(shop: Shop) -> None:
    paid, refunded, taken, same = people(shop, 4)
    batch = sent(shop, xlsx(HEAD, *[line(t, number(n)) for n, t in enumerate((paid, refunded, taken, same))]))
    refunded.refund()
    taken.ship(number=number(77))
    same.ship(number=number(3))
    done = book(shop, batch)
    assert done["results"] == {"booked": 1, "refused": 2, "same": 1}
    found = {
        row["row"]: (row["result"], row["refusal"], bool(row["refusal_text"])) for row in rows(shop, done)
    }
    assert found == {
        2: ("booked", "", False), 3: ("refused", "order_refunded", True), 4: ("refused", "already_shipped", True), 5: ("same", "", False),
    }  # fmt: skip
    assert (live(taken.id), live(same.id), refunded.row.delivery) == ([number(77)], [number(3)], "none")


def test_orders_found_without_a_number(shop: Shop) -> None:
    by_person, by_number, twice, other = people(shop, 4)
    twin = shop.order(pair=(twice.buyer.who, twice.buyer.who.addresses.get()))
    row, participant = by_person.row, by_number.row
    head = ("跟团号", "运单号", "快递公司", "收件人", "收件人电话")
    sheet = [
        ("", number(0), "圆通", f"{row.recipient_name[0]}**", f"139****{row.phone_last4}"), (str(participant.number), number(1), "圆通", "", ""),
        (str(twice.row.number), number(2), "圆通", "", ""), ("", number(3), "圆通", "查无此人", "13999999999"),
    ]  # fmt: skip
    assert twin.row.number == twice.row.number
    batch = sent(shop, xlsx(head, *sheet))
    assert codes(shop, batch) == [
        ["matched_by_person"],
        ["matched_by_number"],
        ["addresses_differ"],
        ["person_unknown"],
    ]
    book(shop, batch, "matched_by_person", "matched_by_number")
    assert [live(t.id) for t in (by_person, by_number, twice, twin, other)] == [
        [number(0)],
        [number(1)],
        [],
        [],
        [],
    ]


def test_orders_of_other_stores_are_unknown(shop: Shop) -> None:
    stranger = people(make_shop(), 1)[0]
    batch = sent(shop, xlsx(HEAD, line(stranger, number(0))))
    assert codes(shop, batch) == [["order_unknown"]]
    assert not ShipImportRow.objects.exclude(order_id=None).exists()


def test_nobody_else_sees_or_moves_it(shop: Shop) -> None:
    trade = people(shop, 1)[0]
    batch = sent(shop, xlsx(HEAD, line(trade, number(0))))
    path = f"/leader/ship-imports/{batch['id']}"
    for someone in (make_shop().boss, trade.buyer, caller(make_person())):
        for method, target in (
            ("GET", path), ("GET", f"{path}/rows"), ("GET", f"{path}/problems"), ("GET", f"{path}/undo"), ("POST", f"{path}/undo"),
            ("POST", f"{path}/discard"), ("GET", f"/leader/stores/{shop.world.store.id}/ship-imports"),
            ("GET", f"/leader/stores/{shop.world.store.id}/ship-template"),
        ):  # fmt: skip
            assert someone.refused(method, target) == (404, "not_found"), target
        assert someone.refused("POST", f"{path}/confirm", {"accept": []}) == (404, "not_found")
        assert upload(someone, shop.world.store.id, b"x").status_code == 404
    assert look(shop, batch["id"])["state"] == "preview" and files_left() == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "sheet_empty"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 99, "sheet_old_format"),
        (csv(("甲", "乙"), ("1", "2")), "sheet_no_heading"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(shop: Shop, data: bytes, code: str) -> None:
    answer = upload(shop.boss, shop.world.store.id, data)
    assert answer.status_code == 202
    outbox.drain()
    batch = look(shop, json.loads(answer.content)["id"])
    assert (batch["state"], batch["error"]["code"], batch["rows"]) == ("refused", code, 0)
    assert files_left() == [] and shop.boss.refused(
        "POST", f"/leader/ship-imports/{batch['id']}/confirm", {}
    ) == (409, "illegal_transition")


def test_too_large_a_file_leaves_nothing_behind(shop: Shop) -> None:
    answer = upload(shop.boss, shop.world.store.id, b"x" * (10 * 1024 * 1024 + 1))
    assert (answer.status_code, json.loads(answer.content)["code"]) == (422, "sheet_too_large")
    assert batches() == 0 and files_left() == []


def test_a_dropped_preview_books_nothing_and_may_be_sent_again(shop: Shop) -> None:
    trade = people(shop, 1)[0]
    data = xlsx(HEAD, line(trade, number(0)))
    batch = sent(shop, data)
    for _ in range(2):
        shop.boss.ok("POST", f"/leader/ship-imports/{batch['id']}/discard")
    path = f"/leader/ship-imports/{batch['id']}"
    assert shop.boss.refused("POST", f"{path}/confirm", {}) == (409, "illegal_transition")
    assert ShipImportRow.objects.count() == 0
    assert book(shop, sent(shop, data))["results"] == {"booked": 1}
    listed = shop.boss.ok("GET", f"/leader/stores/{shop.world.store.id}/ship-imports")
    assert [(one["state"], one["rows"], one["booked"]) for one in listed] == [("booked", 1, 1)]


def test_the_template_comes_back_as_it_was_filled_in(shop: Shop) -> None:
    trades = people(shop, 3, 2, 1)
    trades[0].ship(trades[0].piece(0, 1))
    store = shop.world.store.id
    for by_line, expected in (("false", 3), ("true", 6)):
        answer = shop.boss.call("GET", f"/leader/stores/{store}/ship-template?by_line={by_line}")
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "private, no-store"
        book_ = openpyxl.load_workbook(io.BytesIO(answer.content))
        sheet = book_.active
        assert sheet.max_row == expected + 1
        # Texts in columns of texts: nothing rounds a number typed here.
        assert {cell.number_format for row in sheet.iter_rows(min_row=2) for cell in row if cell.value} == {
            "@"
        }
        assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}
        for place, row in enumerate(sheet.iter_rows(min_row=2)):
            row[2].value, row[3].value = (
                "圆通",
                number(int(row[5].value) + (100 if by_line == "true" else 0) + place // 99),
            )
        out = io.BytesIO()
        book_.save(out)
        batch = sent(shop, out.getvalue(), fresh="true")
        assert (batch["ready"], batch["wrong"], batch["doubtful"]) == (
            3,
            0,
            0,
        )
    assert book(shop, batch)["results"] == {"booked": 3}
    assert {t.row.delivery for t in trades} == {"shipped"}
    assert AuditEntry.objects.filter(action="ship_template.download").count() == 2
    assert shop.boss.refused("GET", f"/leader/stores/{store}/ship-template") == (
        409,
        "import_nothing_to_ship",
    )


def test_rows_that_were_not_booked_come_as_a_sheet(shop: Shop) -> None:
    trade = people(shop, 1)[0]
    batch = book(shop, sent(shop, xlsx(HEAD, line(trade, number(0)), ("=1+1", "圆通", number(1), "", ""))))
    answer = shop.boss.call("GET", f"/leader/ship-imports/{batch['id']}/problems")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    found = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert found == [["3", "=1+1", None, "圆通速递", number(1), None, "本店没有这个订单"]]
    assert sheet["B2"].data_type == "s"


def test_what_lies_about_is_cleared_away(shop: Shop) -> None:
    trade = people(shop, 1)[0]
    batch = sent(shop, xlsx(HEAD, line(trade, number(0))))
    answer = upload(shop.boss, shop.world.store.id, csv(HEAD, line(trade, number(5))))
    waiting = json.loads(answer.content)["id"]
    assert len(files_left()) == 1
    OutboxEvent.objects.filter(topic="shipimport.read").delete()
    assert actions.tidy() == 0
    with frozen(now() + timedelta(minutes=6)):
        assert actions.tidy() == 1
        outbox.drain()
    assert look(shop, waiting)["state"] == "preview" and files_left() == []
    with frozen(now() + timedelta(days=8)):
        assert actions.tidy() == 2
    assert (
        look(shop, batch["id"])["state"] == "discarded"
        and ShipImport.objects.filter(state="preview").count() == 0
    )
