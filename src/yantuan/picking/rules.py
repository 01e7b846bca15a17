"""Pure counting: pieces of paid orders gathered by goods, by place, by building and into bags. Quantities are pieces."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

COURIER: Final = 0
"""Stands for the courier where others have the id of a pick-up point."""
_BUILDING_WORDS: Final = re.compile(r"(号楼|楼栋|栋|幢|座|号|#)$")
_NUMBERS: Final = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of a paid order with the pieces that count; `place` is a pick-up point's id or COURIER."""

    order_id: int
    number: int
    offer_id: int
    title: str
    sku_name: str
    sku_code: str
    quantity: int
    place: int
    place_name: str
    recipient: str
    phone_last4: str
    address: str
    building: str
    unit: str
    room: str
    remark: str
    changes: int = 0
    """How often the order's destination had been changed when this was read."""
    metres: int | None = None
    """How far it goes, where it is brought by distance."""


@dataclass(slots=True)
class Goods:
    """One offer with how many pieces go where."""

    offer_id: int
    title: str
    sku_name: str
    sku_code: str
    quantity: int = 0
    bags: int = 0
    by_place: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Place:
    """A pick-up point, or the courier, with its pieces and bags."""

    id: int
    name: str
    quantity: int = 0
    bags: int = 0


@dataclass(slots=True)
class Building:
    """One building of one place. `name` is empty where nobody wrote a building."""

    place: int
    place_name: str
    name: str
    quantity: int = 0
    bags: int = 0
    goods: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Bag:
    """What one buyer gets at one place, from all their orders; its number is the 跟团号.

    Orders of one buyer to different rooms are different bags with the same number; `part` counts them from 1, `parts` says how many.
    """

    number: int
    place: int
    place_name: str
    recipient: str
    phone_last4: str
    address: str
    building: str
    unit: str
    room: str
    remarks: tuple[str, ...] = ()
    goods: Counter[int] = field(default_factory=Counter)
    orders: int = 0
    part: int = 1
    parts: int = 1
    metres: int | None = None
    """How far it goes, where it is brought by distance."""

    @property
    def quantity(self) -> int:
        return self.goods.total()

    @property
    def home(self) -> str:
        """`3-2-501`: building, unit and room as far as they are known."""
        parts = (plain_building(self.building), self.unit.removesuffix("单元"), self.room.removesuffix("室"))
        return "-".join(part for part in parts if part)


def plain_building(text: str) -> str:
    """`2栋`, `2号楼` and `2` are one building: `2`. A letter stays, in capitals."""
    return _BUILDING_WORDS.sub("", text.strip()).strip().upper()


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts `2` before `10`, numbers before words, and no text last."""
    if not text:
        return ((2, 0, ""),)
    parts = (part for part in _NUMBERS.split(text) if part)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def bags(pieces: Iterable[Piece]) -> list[Bag]:
    """One bag per buyer, place and address, in the order of the numbers."""
    found: dict[tuple[object, ...], Bag] = {}
    orders: dict[tuple[object, ...], set[int]] = defaultdict(set)
    for piece in pieces:
        building = plain_building(piece.building)
        key = (piece.number, piece.place, piece.address, building, piece.unit, piece.room, piece.recipient, piece.phone_last4)  # fmt: skip
        bag = found.get(key)
        if bag is None:
            bag = found[key] = Bag(
                piece.number, piece.place, piece.place_name, piece.recipient, piece.phone_last4,
                piece.address, piece.building, piece.unit, piece.room, metres=piece.metres,
            )  # fmt: skip
        bag.goods[piece.offer_id] += piece.quantity
        orders[key].add(piece.order_id)
        if piece.remark and piece.remark not in bag.remarks:
            bag.remarks = (*bag.remarks, piece.remark)
    for one, bag in found.items():
        bag.orders = len(orders[one])
    return _counted(sorted(found.values(), key=lambda bag: bag.number))


def _counted(rows: list[Bag]) -> list[Bag]:
    parts = Counter(bag.number for bag in rows)
    seen: Counter[int] = Counter()
    for bag in rows:
        seen[bag.number] += 1
        bag.part, bag.parts = seen[bag.number], parts[bag.number]
    return rows


def goods(pieces: Iterable[Piece], packed: Sequence[Bag]) -> list[Goods]:
    """Every offer with its pieces and bags by place."""
    found: dict[int, Goods] = {}
    for piece in pieces:
        row = found.get(piece.offer_id)
        if row is None:
            row = found[piece.offer_id] = Goods(piece.offer_id, piece.title, piece.sku_name, piece.sku_code)
        row.quantity += piece.quantity
        row.by_place[piece.place] += piece.quantity
    for bag in packed:
        for offer_id in bag.goods:
            found[offer_id].bags += 1
    return list(found.values())


def places(packed: Iterable[Bag]) -> list[Place]:
    """Pick-up points by name, the courier last."""
    found: dict[int, Place] = {}
    for bag in packed:
        row = found.setdefault(bag.place, Place(bag.place, bag.place_name))
        row.quantity += bag.quantity
        row.bags += 1
    return sorted(found.values(), key=lambda row: (row.id == COURIER, natural(row.name), row.id))


def buildings(packed: Iterable[Bag]) -> list[Building]:
    """Buildings within their place, in the order a person walks: 2 before 10, unknown last. The courier has none."""
    found: dict[tuple[int, str], Building] = {}
    for bag in packed:
        if bag.place == COURIER:
            continue
        name = plain_building(bag.building)
        row = found.setdefault((bag.place, name), Building(bag.place, bag.place_name, name))
        row.quantity += bag.quantity
        row.bags += 1
        row.goods.update(bag.goods)
    return sorted(found.values(), key=lambda row: (natural(row.place_name), row.place, natural(row.name)))


def in_walking_order(packed: Iterable[Bag]) -> list[Bag]:
    """Bags as they are carried: by place, building, unit, room; what is brought by distance from near to far."""
    return sorted(packed, key=_way)


def _way(bag: Bag) -> tuple[object, ...]:
    home = (natural(plain_building(bag.building)), natural(bag.unit), natural(bag.room))
    way = (bag.metres is None, bag.metres or 0)
    return (bag.place == COURIER, natural(bag.place_name), bag.place, *way, *home, bag.number)


def goods_name(row: Goods) -> str:
    """Title and variant on one line."""
    return f"{row.title} {row.sku_name}".strip()


def contents(goods: Mapping[int, int], names: Mapping[int, str]) -> str:
    """`苹果 5斤 ×2、梨 ×1`."""
    return "、".join(f"{names[offer_id]} ×{quantity}" for offer_id, quantity in goods.items())
