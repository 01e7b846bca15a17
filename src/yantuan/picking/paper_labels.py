"""Labels for bags: the 跟团号 large, whose it is and where it goes, what is in it. Lengths are millimetres."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from yantuan.picking import rules
from yantuan.picking.printing import Document, Head
from yantuan.picking.queries import Lists
from yantuan.picking.rules import Bag, goods_name

LabelSize = Literal["a4", "60x40", "76x130"]


@dataclass(frozen=True)
class _Shape:
    """One label: its size, the number's and the text's size in points, the height of a line, and how many a page holds."""

    width: float
    height: float
    number: float
    text: float
    line: float
    across: int = 1
    down: int = 1
    page: tuple[float, float] | None = None

    @property
    def first(self) -> float:
        """The number's baseline, and that of the place beside it."""
        return _PAD + 0.85 * self.number * _MM

    @property
    def second(self) -> float:
        """The baseline below."""
        return self.first + 1.15 * self.line

    @property
    def head(self) -> float:
        """Where the rule under the head is."""
        return self.second + 0.3 * self.line

    @property
    def lines(self) -> int:
        """Lines of goods below the head."""
        return int((self.height - self.head - 0.4 * _PAD) // self.line)


_MM: Final = 0.3528
"""Of a point."""
_PAD: Final = 3.0
_SHAPES: Final[dict[LabelSize, _Shape]] = {
    "60x40": _Shape(60, 40, 22, 8.5, 4.0),
    "76x130": _Shape(76, 130, 34, 12, 5.6),
    "a4": _Shape(70, 42.4, 22, 8.5, 4.0, across=3, down=7, page=(210, 297)),
}


@dataclass(frozen=True)
class _Label:
    bag: Bag
    lines: tuple[str, ...]
    sheet: int
    sheets: int


def labels(head: Head, found: Lists, size: LabelSize) -> bytes:
    """One label per bag, in walking order; what doesn't fit goes on to a further label of the same bag."""
    shape = _SHAPES[size]
    names = {row.offer_id: goods_name(row) for row in found.goods}
    texts = [head.title, *names.values(), *(t for bag in found.bags for t in (bag.recipient, bag.address, bag.home, bag.place_name, *bag.remarks))]  # fmt: skip
    page = shape.page or (shape.width, shape.height)
    made = Document(*page, texts)
    per_page = shape.across * shape.down
    for index, label in enumerate(_all(made, shape, rules.in_walking_order(found.bags), names)):
        if index % per_page == 0:
            made.pdf.add_page()
        row, column = divmod(index % per_page, shape.across)
        _draw(made, shape, head, label, column * shape.width, row * shape.height)
    return made.bytes()


def _all(made: Document, shape: _Shape, bags: list[Bag], names: Mapping[int, str]) -> Iterator[_Label]:
    made.font("", shape.text)
    room = shape.width - 2 * _PAD
    for bag in bags:
        lines = [line for text in _contents(bag, names) for line in made.wrap(text, room)]
        sheets = [lines[at : at + shape.lines] for at in range(0, len(lines), shape.lines)]
        for number, part in enumerate(sheets, 1):
            yield _Label(bag, tuple(part), number, len(sheets))


def _contents(bag: Bag, names: Mapping[int, str]) -> Iterator[str]:
    for offer_id, quantity in bag.goods.items():
        yield f"{names[offer_id]} ×{quantity}"
    for remark in bag.remarks:
        yield f"备注：{remark}"


def _draw(made: Document, shape: _Shape, head: Head, label: _Label, x: float, y: float) -> None:
    bag, left, right = label.bag, x + _PAD, x + shape.width - _PAD
    made.font("B", shape.number)
    made.write(left, y + shape.first, str(bag.number))
    beside = left + made.width(str(bag.number)) + 2.5
    made.font("B", shape.text * 1.25)
    made.write(beside, y + _PAD + 1.15 * shape.text * _MM, made.fit(_who(bag), right - beside))
    made.font("", shape.text)
    made.write(beside, y + shape.first, made.fit(_where(bag), right - beside))
    counts = _counts(label)
    made.write_right(right, y + shape.second, counts)
    made.write(left, y + shape.second, made.fit(head.title, right - left - made.width(counts) - 2))
    made.rule(left, y + shape.head, right)
    for index, line in enumerate(label.lines, 1):
        made.write(left, y + shape.head + (index - 0.15) * shape.line, line)


def _who(bag: Bag) -> str:
    return f"{bag.recipient} {bag.phone_last4}".strip()


def _where(bag: Bag) -> str:
    return f"{bag.home} {bag.place_name}".strip() if bag.place != rules.COURIER else f"快递 {bag.address}"


def _counts(label: _Label) -> str:
    bag = label.bag
    words = [f"共 {bag.quantity} 件"]
    if bag.parts > 1:
        words.append(f"第 {bag.part} 袋/{bag.parts}")
    if label.sheets > 1:
        words.append(f"标签 {label.sheet}/{label.sheets}")
    return " · ".join(words)
