"""Lists and labels as PDF: A4 for the table, thermal labels for the bags. Lengths are millimetres."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from yantuan.kernel.errors import Conflict, Invalid
from yantuan.picking import paper_labels, paper_lists
from yantuan.picking.printing import Head
from yantuan.picking.queries import Lists

What = Literal["goods", "places", "buildings", "bags", "labels"]
Size = Literal["a4", "60x40", "76x130"]
NAMES: Final[dict[What, str]] = {
    "goods": "备货单", "places": "自提点备货表", "buildings": "楼栋汇总", "bags": "分拣单", "labels": "标签",
}  # fmt: skip
MOST_BAGS: Final = 5000
"""Bags in one PDF: more are printed by pick-up point or by 跟团号, and a sheet holds any number."""
_LISTS: Final[dict[What, Callable[[Head, Lists], bytes]]] = {
    "goods": paper_lists.goods,
    "places": paper_lists.places,
    "buildings": paper_lists.buildings,
    "bags": paper_lists.bags,
}


def check(what: What, size: Size) -> None:
    """Raise Invalid `paper_unfit`: tables need a whole sheet."""
    if what != "labels" and size != "a4":
        raise Invalid("paper_unfit", "这张表只能打在 A4 纸上", "This list needs A4 paper.", field="size")


def check_amount(found: Lists, what: What | Literal["sheet"]) -> None:
    """Raise Conflict `picking_empty`, or `labels_too_many` for lists of bags on paper."""
    if not found.pieces:
        raise Conflict("picking_empty", "没有需要备货的订单", "There is nothing to pick.")
    if what in ("bags", "labels") and len(found.bags) > MOST_BAGS:
        raise Conflict(
            "labels_too_many",
            f"一次最多打印 {MOST_BAGS} 袋，请按自提点或跟团号分开打印",
            "Too many bags for one file; print by pick-up point or by number.",
            bags=len(found.bags),
        )


def draw(head: Head, found: Lists, what: What, size: Size) -> bytes:
    """The PDF. `check` and `check_amount` have passed."""
    if what == "labels":
        return paper_labels.labels(head, found, size)
    return _LISTS[what](head, found)
