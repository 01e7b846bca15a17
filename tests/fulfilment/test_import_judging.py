"""Sheets judged without a database: headings, who is who, which carrier, what slipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fulfilment.sheetworld import csv, number, xlsx
from yantuan.fulfilment.imports.carriers import fitting_all, named, whole_sheet
from yantuan.fulfilment.imports.codes import CODES
from yantuan.fulfilment.imports.facts import Book, Known, LiveParcel
from yantuan.fulfilment.imports.judging import judge
from yantuan.fulfilment.imports.people import names_agree, phones_agree
from yantuan.fulfilment.imports.reading import Record, read_file
from yantuan.fulfilment.imports.shifts import Placed, shifts
from yantuan.kernel.sheets.cells import SheetRefused

FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏"


def known(place: int, **changes: Any) -> Known:
    """A paid order of two pieces, by courier."""
    values: dict[str, Any] = {
        "id": 1000 + place, "number": place + 1, "group_buy_id": 1, "payment": "paid", "delivery": "none", "delivery_method": "courier",
        "name": f"{FAMILY[place % 30]}小{FAMILY[place // 30 % 30]}", "phone": f"139{place:08d}", "detail": f"文三路 {place} 号",
        "left": {place * 10 + 1: 2},
    }  # fmt: skip
    return Known(**(values | changes))


def book_of(*orders: Known, **more: Any) -> Book:
    return Book({order.id: order for order in orders}, **more)


def record(order: Known, place: int, **changes: Any) -> Record:
    """A row as it should be."""
    values: dict[str, Any] = {
        "row": place + 2, "orders": (str(order.id),), "tracking": number(place), "carrier": "圆通", "name": order.name, "phone": order.phone,
    }  # fmt: skip
    return Record(**(values | changes))


def judged(records: list[Record], book: Book, carrier: str = "") -> list[tuple[str, list[str]]]:
    verdicts, _ = judge(records, book, carrier)
    return [(verdict.action, verdict.codes()) for verdict in verdicts]


def one(order: Known, **changes: Any) -> tuple[str, list[str]]:
    return judged([record(order, 0, **changes)], book_of(order))[0]


def test_a_row_that_is_right() -> None:
    verdicts, found = judge([record(known(0), 0)], book_of(known(0)))
    assert (verdicts[0].action, verdicts[0].problems, verdicts[0].severity, found) == ("ship", {}, "ok", [])
    assert (verdicts[0].carrier, verdicts[0].carrier_name, verdicts[0].pieces) == ("YTO", "圆通速递", ())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"payment": "unpaid"}, "order_not_paid"),
        ({"payment": "refunded"}, "order_refunded"),
        ({"payment": "closed"}, "order_closed"),
        ({"delivery_method": "pickup"}, "order_is_pickup"),
        ({"delivery": "received", "left": {1: 0}}, "order_received"),
        ({"delivery": "shipped", "left": {1: 0}}, "nothing_left"),
        ({"held": {1: 2}}, "aftersale_open"),
    ],
)
def test_orders_that_may_not_be_shipped(changes: dict[str, Any], code: str) -> None:
    assert one(known(0, **changes)) == ("none", [code])


@pytest.mark.parametrize(
    ("changes", "action", "codes"),
    [
        ({"orders": ("999",)}, "ship", ["matched_by_person"]),
        ({"orders": ("999",), "name": "", "phone": ""}, "none", ["order_unknown"]),
        ({"orders": (), "name": "", "phone": ""}, "none", ["order_missing"]),
        ({"orders": (), "name": "别人"}, "none", ["person_unknown"]),
        ({"orders": (), "name": "赵*", "phone": "139****0000"}, "ship", ["matched_by_person"]),
        ({"tracking": ""}, "none", ["tracking_missing"]),
        ({"tracking": "", "carrier": ""}, "none", ["not_filled"]),
        ({"tracking": "YT中文"}, "none", ["tracking_invalid"]),
        ({"tracking": "7.31E+13", "flaws": ("tracking_digits_lost",)}, "none", ["tracking_digits_lost"]),
        ({"carrier": "中通"}, "ship", ["carrier_doubtful"]),
        ({"carrier": "村口小车"}, "ship", ["carrier_unlisted"]),
        ({"carrier": ""}, "ship", ["carrier_guessed"]),
        ({"carrier": "", "tracking": "ABCDE12345"}, "none", ["carrier_missing"]),
        ({"name": "钱多多"}, "ship", ["name_mismatch"]),
        ({"phone": "13900009999"}, "ship", ["phone_mismatch"]),
        ({"name": "赵**", "phone": "139****0000"}, "ship", []),
        ({"line": "1", "quantity": "1"}, "ship", []),
        ({"line": "1", "quantity": "3"}, "none", ["too_many_pieces"]),
        ({"line": "1", "quantity": "一"}, "none", ["quantity_invalid"]),
        ({"line": "77"}, "none", ["line_unknown"]),
        ({"flaws": ("formula_cell", "merged_cell")}, "ship", ["formula_cell", "merged_cell"]),
        ({"flaws": ("cell_error",), "tracking": "#N/A"}, "none", ["cell_error"]),
    ],
)
def test_every_mistake_of_one_row(changes: dict[str, Any], action: str, codes: list[str]) -> None:
    order = known(0)
    book = book_of(order, by_tail={"0000": [order.id]})
    got = judged([record(order, 0, **changes)], book)[0]
    assert got == (action, codes)


def test_all_mistakes_of_a_row_are_told() -> None:
    order = known(0)
    row = record(order, 0, carrier="中通", name="别人", phone="13912345678")
    assert judged([row], book_of(order)) == [
        ("ship", ["name_mismatch", "phone_mismatch", "carrier_doubtful"])
    ]


def test_what_is_kept_of_people_is_masked() -> None:
    order = known(0)
    verdicts, _ = judge([record(order, 0, name="王小明", phone="13912345678")], book_of(order))
    assert verdicts[0].problems["name_mismatch"] == {"sheet": "王*明", "order": "赵*赵"}
    assert verdicts[0].problems["phone_mismatch"] == {"sheet": "5678", "order": "0000"}


def test_one_number_for_two_people_is_nobodys() -> None:
    orders = [known(0), known(1), known(2)]
    rows = [record(order, place) for place, order in enumerate(orders)]
    rows[1] = record(orders[1], 0, row=3)
    assert judged(rows, book_of(*orders)) == [
        ("none", ["number_used_here"]),
        ("none", ["number_used_here"]),
        ("ship", []),
    ]
    # Two orders of one person may share a box.
    twin = known(1, name=orders[0].name, phone=orders[0].phone, detail=orders[0].detail)
    rows = [record(orders[0], 0), record(twin, 0)]
    assert judged(rows, book_of(orders[0], twin)) == [("ship", []), ("ship", [])]


def test_a_number_of_an_order_outside_the_sheet() -> None:
    order, other = known(0), known(1)
    used = {number(0): [(other.id, other.number, other.person)]}
    assert judged([record(order, 0)], book_of(order, elsewhere=used)) == [("none", ["tracking_no_used"])]


def shipped(place: int, *numbers: str) -> Known:
    parcels = tuple(LiveParcel(n, "YTO", "圆通速递", text) for n, text in enumerate(numbers))
    return known(place, delivery="shipped", left={place * 10 + 1: 0}, parcels=parcels)


def test_shipped_already() -> None:
    assert one(shipped(0, number(0))) == ("same", ["same"])
    assert one(shipped(0, number(5))) == ("correct", ["correction"])
    assert one(shipped(0, number(0)), carrier="中通") == ("correct", ["carrier_doubtful", "correction"])
    assert one(shipped(0, number(5), number(6))) == ("none", ["already_shipped"])
    order = shipped(0, number(0), number(6))
    assert judged([record(order, 0), record(order, 5)], book_of(order)) == [
        ("same", ["same"]),
        ("correct", ["correction"]),
    ]


def test_several_parcels_of_one_order() -> None:
    order = known(0, left={1: 2, 2: 1})
    rows = [record(order, 0), record(order, 1), record(order, 1, row=9)]
    verdicts, _ = judge(rows, book_of(order))
    assert [v.action for v in verdicts] == ["ship", "ship", "joined"]
    assert [v.pieces for v in verdicts] == [((1, 2),), ((2, 1),), ()]
    assert [v.codes() for v in verdicts] == [["split_guessed"], ["split_guessed"], ["row_repeated"]]
    rows = [record(order, n) for n in range(4)]
    assert judged(rows, book_of(order)) == [("none", ["too_many_parcels"])] * 4


def test_parcels_by_line() -> None:
    order = known(0, left={1: 2, 2: 1, 3: 1})
    rows = [record(order, 0, line="1", quantity="2"), record(order, 0, line="2"), record(order, 1, line="3")]
    verdicts, _ = judge(rows, book_of(order))
    assert [(v.action, v.pieces) for v in verdicts] == [
        ("ship", ((1, 2), (2, 1))),
        ("joined", ()),
        ("ship", ((3, 1),)),
    ]
    rows[1] = record(order, 0, line="7")
    assert judged(rows, book_of(order)) == [
        ("none", ["parcel_incomplete"]), ("none", ["line_unknown"]), ("ship", []),
    ]  # fmt: skip


def test_a_doubt_about_a_row_is_a_doubt_about_its_parcel() -> None:
    order = known(0, left={1: 1, 2: 1})
    rows = [record(order, 0, line="1"), record(order, 0, line="2", name="别人")]
    verdicts, _ = judge(rows, book_of(order))
    assert [v.severity for v in verdicts] == ["confirm", "confirm"] and verdicts[0].codes() == [
        "name_mismatch"
    ]


@pytest.mark.parametrize("offset", [-1, 1, -2])
def test_rows_that_slipped_are_found_and_never_booked(offset: int) -> None:
    orders = [known(n) for n in range(30)]
    rows = []
    for place, order in enumerate(orders):
        whose = orders[min(29, max(0, place + offset))] if 10 <= place < 25 else order
        rows.append(record(order, place, name=whose.name, phone=whose.phone))
    verdicts, found = judge(rows, book_of(*orders))
    assert [(s.first, s.last, s.offset) for s in found] == [(12, 26, offset)]
    assert [v.action for v in verdicts] == ["ship"] * 10 + ["none"] * 15 + ["ship"] * 5
    assert all("shifted" in v.problems for v in verdicts[10:25])


def test_two_strangers_are_no_shift() -> None:
    orders = [known(n) for n in range(10)]
    rows = [record(order, place) for place, order in enumerate(orders)]
    for place in (4, 5):
        rows[place] = record(orders[place], place, name=orders[place - 1].name, phone=orders[place - 1].phone)
    verdicts, found = judge(rows, book_of(*orders))
    assert found == [] and all("shifted" not in v.problems for v in verdicts)
    assert "name_mismatch" in verdicts[4].problems


def test_numbers_that_are_the_neighbours_already_are_a_shift_too() -> None:
    orders = [shipped(n, number(n)) for n in range(8)]
    rows = [record(order, place + 1, row=place + 2, name="", phone="") for place, order in enumerate(orders)]
    placed = [Placed(row, order) for row, order in zip(rows, orders, strict=True)]
    assert [(s.first, s.last, s.offset) for s, _ in shifts(placed)] == [(2, 8, 1)]


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_whole_sheet_of_one_buyers_rows_is_never_shifted(data: st.DataObject) -> None:
    """However the buyers follow each other, a right sheet stays right."""
    who = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=25))
    orders = [known(n, name=f"买家{w}", phone=f"1390000000{w}", detail=str(w)) for n, w in enumerate(who)]
    verdicts, found = judge([record(o, n) for n, o in enumerate(orders)], book_of(*orders))
    assert found == [] and {v.action for v in verdicts} == {"ship"}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_sheet_breaks_the_judge_and_no_piece_leaves_twice(data: st.DataObject) -> None:
    orders = [known(n, left={n * 10 + 1: data.draw(st.integers(0, 3))}) for n in range(3)]
    text = st.sampled_from(["", "1000", "1001", "1002", "77", "x"])
    rows = [
        Record(
            row + 2, tuple(data.draw(st.lists(text, max_size=2))), data.draw(st.sampled_from(["", "1", "11", "21"])),
            data.draw(st.sampled_from(["", number(1), number(2), "坏", "7"])), data.draw(st.sampled_from(["", "圆通", "牛车"])),
            data.draw(st.sampled_from(["", orders[0].name, "王*"])), data.draw(st.sampled_from(["", orders[1].phone, "12"])),
            quantity=data.draw(st.sampled_from(["", "1", "2", "-1", "9" * 30])),
        )
        for row in range(data.draw(st.integers(0, 8)))
    ]  # fmt: skip
    verdicts, _ = judge(rows, book_of(*orders, by_tail={"0001": [1001]}))
    assert len(verdicts) == len(rows)
    for order in orders:
        mine = [v for v in verdicts if v.order is order and v.action == "ship"]
        taken = [units for v in mine for _, units in v.pieces]
        assert sum(taken) <= sum(order.left.values())
        assert len([v for v in mine if not v.pieces]) <= (0 if taken else 1)
    for v in verdicts:
        assert v.action not in ("ship", "correct") or not v.wrong
        assert set(v.problems) <= set(CODES)


def test_names_and_phones_as_couriers_write_them() -> None:
    for given_name in ("张三丰", "张**", "张*丰", "*三丰", "张三丰先生", " 张 三丰", "张某", "张xx"):
        assert names_agree(given_name, "张三丰") is True, given_name
    for given_name in ("李*", "张三", "张*山", "王三丰"):
        assert names_agree(given_name, "张三丰") is False, given_name
    assert names_agree("", "张三丰") is None
    for phone in (
        "13812341234",
        "+86 138 1234 1234",
        "138****1234",
        "1234",
        "13812341234-5678",
        "86-13812341234",
    ):
        assert phones_agree(phone, "13812341234") is True, phone
    for phone in ("13812341235", "139****1234", "4321"):
        assert phones_agree(phone, "13812341234") is False, phone
    for phone in ("", "123", "***", "0571-88886666"):
        assert phones_agree(phone, "13812341234") is None, phone


def test_carriers_as_sheets_name_them() -> None:
    names = {"圆通": "YTO", "顺丰速运": "SF", "SF": "SF", "shunfeng": "SF", "中通快递股份有限公司": "ZTO", "申通快递(杭州)": "STO",
             "极兔": "JTSD", "EMS": "EMS", "邮政快递包裹": "YZPY", "德邦物流": "DBLKY", "德邦": "DBL", "中通快运": "ZTOKY", "京东": "JD"}  # fmt: skip
    assert {name: (found.code if (found := named(name)) else "") for name in names} == names
    assert named("牛车") is None
    # One alone may be 中通 or 申通; the company it is in decides.
    assert [found.code for found in fitting_all(["7712345678901"])] == ["ZTO", "STO"]
    assert whole_sheet(["7712345678901"]) is None
    assert (found := whole_sheet(["7712345678901", "7512345678901"])) is not None and found.code == "ZTO"
    assert (found := whole_sheet(["1234567890123"])) is not None and found.code == "EMS"
    assert whole_sheet([]) is None


HEADINGS = {
    (
        "订单号*",
        "子单号（整单发不用填）",
        "快递公司",
        "运单号*",
        "本次发货数量",
        "跟团号",
        "收货人",
        "手机尾号",
        "商品",
    ): (0, 3),
    ("订单编号", "商户订单号", "快递单号", "收件人姓名", "收件人手机", "寄件人姓名"): (1, 2),
    ("运单编号", "客户订单号", "收方姓名", "收方电话", "寄方姓名"): (1, 0),
    ("序号", "物流公司", "物流单号", "主订单编号", "收货人", "联系手机"): (3, 2),
}


@pytest.mark.parametrize("heading", list(HEADINGS))
def test_headings_of_other_peoples_sheets(tmp_path: Path, heading: tuple[str, ...]) -> None:
    order, tracking = HEADINGS[heading]
    row = [f"列{n}" for n in range(len(heading))]
    row[order], row[tracking] = "123456", "YT0000000000001"
    for data in (xlsx(["发货单 2026-11-23"], [], heading, row, ["合计", "1"]), csv(["发货单"], heading, row)):
        path = tmp_path / "x"
        path.write_bytes(data)
        found = read_file(path).records
        assert [(r.orders[0], r.tracking) for r in found] == [("123456", "YT0000000000001")]


def test_headings_that_lack_something(tmp_path: Path) -> None:
    cases = {
        ("订单号", "收货人"): "sheet_no_tracking_column",
        ("运单号", "收货人"): "sheet_no_order_column",
        ("甲", "乙"): "sheet_no_heading",
    }
    for heading, code in cases.items():
        path = tmp_path / "x.csv"
        path.write_bytes(csv(heading, ["1", "2"]))
        with pytest.raises(SheetRefused) as error:
            read_file(path)
        assert error.value.code == code
    path.write_bytes(csv(("订单号", "运单号")))
    with pytest.raises(SheetRefused) as error:
        read_file(path)
    assert error.value.code == "sheet_empty"


def test_cells_of_a_courier_sheet(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(
        xlsx(
            ("订单号", "运单号", "跟团号"),
            ("1234567890123456789", 73123456789012, 7),
            (1234567890123456789, "7.31E+13", "#008"),
            ("5", "YT0000000000001、YT0000000000002", ""),
            ("6", "7312 3456 7890 12", ""),
            ("", "", ""),
        )
    )
    found = [(r.row, r.orders, r.tracking, r.number, r.flaws) for r in read_file(path).records]
    assert found == [
        (2, ("1234567890123456789",), "73123456789012", "7", ()),
        (3, (), "7.31E+13", "8", ("order_digits_lost", "tracking_digits_lost")),
        (4, ("5",), "YT0000000000001", "", ()),
        (4, ("5",), "YT0000000000002", "", ()),
        (5, ("6",), "73123456789012", "", ()),
    ]
