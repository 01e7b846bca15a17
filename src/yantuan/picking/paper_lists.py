"""The lists on A4: headings on every page, page numbers, a box to tick. Lengths are millimetres."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from yantuan.picking import rules
from yantuan.picking.printing import Document, Head
from yantuan.picking.queries import Lists
from yantuan.picking.rules import Bag, contents, goods_name

_WIDTH: Final = 210.0
_HEIGHT: Final = 297.0
_MARGIN: Final = 12.0
_LINE: Final = 5.2
_TEXT: Final = 10.0
PLACES_ACROSS: Final = 6
"""Pick-up points beside each other; more go on to a further table."""


@dataclass(frozen=True)
class _Column:
    name: str
    width: float
    right: bool = False
    weight: bool = False
    """Letters in bold."""


Row = Sequence[str]


class _Table:
    """Rows below each other, going on to a new page with the headings on top."""

    def __init__(self, made: Document, head: Head, name: str) -> None:
        self._made, self._head, self._name = made, head, name
        self._columns: Sequence[_Column] = ()
        self._y = _HEIGHT
        self._page = 0

    def begin(self, columns: Sequence[_Column]) -> None:
        """A new table, on a new page."""
        self._columns = columns
        self._new_page()

    def row(self, cells: Row, *, bold: bool = False) -> None:
        """One row, as high as its longest cell; a thin line under it."""
        wrapped = [
            self._wrapped(cell, column, bold) for cell, column in zip(cells, self._columns, strict=True)
        ]
        height = max(len(lines) for lines in wrapped) * _LINE + 1.6
        if self._y + height > _HEIGHT - _MARGIN:
            self._new_page()
        self._write(wrapped, bold)
        self._y += height
        self._made.rule(_MARGIN, self._y, _WIDTH - _MARGIN)

    def _wrapped(self, cell: str, column: _Column, bold: bool) -> list[str]:
        self._made.font("B" if bold or column.weight else "", _TEXT)
        return self._made.wrap(cell, column.width - 2) or [""]

    def _write(self, wrapped: Sequence[Sequence[str]], bold: bool) -> None:
        x = _MARGIN
        for lines, column in zip(wrapped, self._columns, strict=True):
            self._made.font("B" if bold or column.weight else "", _TEXT)
            for index, line in enumerate(lines, 1):
                y = self._y + index * _LINE - 0.6
                if column.right:
                    self._made.write_right(x + column.width - 1, y, line)
                else:
                    self._made.write(x + 1, y, line)
            x += column.width

    def _new_page(self) -> None:
        self._made.pdf.add_page()
        self._page += 1
        self._made.font("B", 15)
        self._made.write(_MARGIN, 18, self._made.fit(f"{self._name} · {self._head.title}", 186))
        self._made.font("", 9)
        self._made.write(_MARGIN, 24, f"{self._head.counted} 统计")
        self._made.write_right(_WIDTH - _MARGIN, 24, f"第 {self._page} 页")
        self._y = 27
        names = [self._wrapped(column.name, column, bold=True) for column in self._columns]
        self._write(names, bold=True)
        self._y += max(map(len, names)) * _LINE + 1.6
        self._made.rule(_MARGIN, self._y, _WIDTH - _MARGIN, grey=60)


def _document(head: Head, found: Lists) -> Document:
    texts = [head.title, *(goods_name(row) for row in found.goods), *(row.sku_code for row in found.goods)]
    texts += [t for bag in found.bags for t in (bag.recipient, bag.address, bag.home, bag.place_name, *bag.remarks)]  # fmt: skip
    return Document(_WIDTH, _HEIGHT, texts)


def goods(head: Head, found: Lists) -> bytes:
    """备货单: what to buy in."""
    made = _document(head, found)
    table = _Table(made, head, "备货单")
    table.begin([_Column("", 8), _Column("商品", 104), _Column("编码", 34), _Column("袋数", 18, right=True), _Column("件数", 22, right=True, weight=True)])  # fmt: skip
    for row in found.goods:
        table.row(["□", goods_name(row), row.sku_code, str(row.bags), str(row.quantity)])
    table.row(["", "合计", "", str(len(found.bags)), str(sum(r.quantity for r in found.goods))], bold=True)
    return made.bytes()


def places(head: Head, found: Lists) -> bytes:
    """Goods down, pick-up points across; six points to a table."""
    made = _document(head, found)
    table = _Table(made, head, "自提点备货表")
    every = rules.places(found.bags)
    for at in range(0, len(every), PLACES_ACROSS):
        some = every[at : at + PLACES_ACROSS]
        table.begin([_Column("商品", 66), *(_Column(p.name, 17, right=True) for p in some), *([_Column("", 17.0 * (PLACES_ACROSS - len(some)))] if len(some) < PLACES_ACROSS else []), _Column("合计", 18, right=True, weight=True)])  # fmt: skip
        filler = [""] if len(some) < PLACES_ACROSS else []
        for row in found.goods:
            cells = [_count(row.by_place.get(place.id, 0)) for place in some]
            table.row([goods_name(row), *cells, *filler, str(row.quantity)])
        whole = sum(row.quantity for row in found.goods)
        table.row(["合计", *(str(p.quantity) for p in some), *filler, str(whole)], bold=True)
    return made.bytes()


def buildings(head: Head, found: Lists) -> bytes:
    """One row per building: what the cart for it carries."""
    made = _document(head, found)
    names = {row.offer_id: goods_name(row) for row in found.goods}
    table = _Table(made, head, "楼栋汇总")
    table.begin([_Column("", 8), _Column("自提点", 38), _Column("楼栋", 18, weight=True), _Column("袋数", 14, right=True), _Column("件数", 14, right=True), _Column("", 4), _Column("内容", 90)])  # fmt: skip
    for row in rules.buildings(found.bags):
        table.row(["□", row.place_name, row.name or "未填写", str(row.bags), str(row.quantity), "", contents(row.goods, names)])  # fmt: skip
    return made.bytes()


def bags(head: Head, found: Lists) -> bytes:
    """分拣单: one row per bag in walking order."""
    made = _document(head, found)
    names = {row.offer_id: goods_name(row) for row in found.goods}
    table = _Table(made, head, "分拣单")
    table.begin([_Column("", 8), _Column("跟团号", 16, weight=True), _Column("姓名", 26), _Column("房号 / 去向", 46), _Column("内容", 76), _Column("件数", 14, right=True)])  # fmt: skip
    for bag in rules.in_walking_order(found.bags):
        table.row(["□", _number(bag), f"{bag.recipient} {bag.phone_last4}", _where(bag), _inside(bag, names), str(bag.quantity)])  # fmt: skip
    return made.bytes()


def _count(quantity: int) -> str:
    return str(quantity) if quantity else ""


def _number(bag: Bag) -> str:
    return f"{bag.number}" if bag.parts == 1 else f"{bag.number} ({bag.part}/{bag.parts})"


def _where(bag: Bag) -> str:
    return bag.address if bag.place == rules.COURIER else f"{bag.home} {bag.place_name}".strip()


def _inside(bag: Bag, names: Mapping[int, str]) -> str:
    remarks: Iterable[str] = (f"［{remark}］" for remark in bag.remarks)
    return " ".join([contents(bag.goods, names), *remarks])
