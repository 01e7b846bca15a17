"""The lists of one sale as an Excel workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO

from yantuan.kernel.sheets.writing import Book, book
from yantuan.picking import rules
from yantuan.picking.queries import Lists
from yantuan.picking.rules import Bag, contents, goods_name


def write(target: IO[bytes], found: Lists) -> None:
    """Four sheets: goods with places beside them, buildings, bags, and bags with a column for each offer."""
    names = {row.offer_id: goods_name(row) for row in found.goods}
    with book(target) as made:
        _goods(made, found)
        _buildings(made, found, names)
        _bags(made, found, names)
        _grid(made, found, names)


def _goods(made: Book, found: Lists) -> None:
    places = rules.places(found.bags)
    columns = [("商品", 28), ("规格", 16), ("商品编码", 16), ("合计", 8), ("袋数", 8), *((row.name, 12) for row in places)]  # fmt: skip
    sheet = made.sheet("备货单", columns, frozen=2)
    for row in found.goods:
        cells = [row.by_place.get(place.id, 0) or "" for place in places]
        sheet.row([row.title, row.sku_name, row.sku_code, row.quantity, row.bags, *cells])


def _buildings(made: Book, found: Lists, names: Mapping[int, str]) -> None:
    columns = [
        ("自提点", 20),
        ("楼栋", 10),
        ("袋数", 8),
        ("件数", 8),
        *((name, 14) for name in names.values()),
    ]
    sheet = made.sheet("楼栋汇总", columns, frozen=2)
    for row in rules.buildings(found.bags):
        counts = [row.goods.get(offer_id, 0) or "" for offer_id in names]
        sheet.row([row.place_name, row.name or "未填写", row.bags, row.quantity, *counts])


def _who(bag: Bag) -> list[str | int]:
    part = f"{bag.part}/{bag.parts}" if bag.parts > 1 else ""
    return [bag.number, part, bag.place_name, bag.home, bag.recipient, bag.phone_last4]


_WHO = [("跟团号", 8), ("分袋", 6), ("自提点", 20), ("房号", 12), ("姓名", 12), ("手机尾号", 9)]


def _bags(made: Book, found: Lists, names: Mapping[int, str]) -> None:
    sheet = made.sheet("分拣单", [*_WHO, ("件数", 6), ("内容", 60), ("备注", 24), ("地址", 40)], frozen=1)
    for bag in rules.in_walking_order(found.bags):
        sheet.row([*_who(bag), bag.quantity, contents(bag.goods, names), "；".join(bag.remarks), bag.address])


def _grid(made: Book, found: Lists, names: Mapping[int, str]) -> None:
    sheet = made.sheet("分拣表", [*_WHO, *((name, 14) for name in names.values()), ("件数", 6)], frozen=2)
    for bag in rules.in_walking_order(found.bags):
        counts = [bag.goods.get(offer_id, 0) or "" for offer_id in names]
        sheet.row([*_who(bag), *counts, bag.quantity])
