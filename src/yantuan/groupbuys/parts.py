"""What floors above tell a group buy's pages: who joined, and how much came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from yantuan.groupbuys.limiting import Taken
from yantuan.groupbuys.schemas import JoinedRow
from yantuan.readers.compliance.prices import Sold


@dataclass(frozen=True)
class Totals:
    """Buyers with a live order, orders placed and not closed, and money received in fen."""

    joined: int = 0
    orders: int = 0
    paid_fen: int = 0


JoinedProvider = Callable[[int, str | None, int], tuple[list[JoinedRow], str | None]]
"""(group buy id, cursor, limit) → newest rows first, and the next cursor."""
TotalsProvider = Callable[[Sequence[int]], dict[int, Totals]]
"""Group buy ids → totals; ids without orders may be left out."""

TakenProvider = Callable[[int], Taken]
"""Group buy id → what its live orders hold."""

KeptProvider = Callable[[Sequence[int]], dict[int, int]]
"""Pool ids → free units that are kept for a waiting list; pools without one may be left out."""

SoldProvider = Callable[[int, Sequence[int]], dict[int, Sold]]
"""(store id, SKU ids) → what they were really sold for; variants never sold may be left out."""

EndCheck = Callable[[int], None]
"""Group buy id → raises where the sale's end can't be moved any more; called under its lock."""

_ends: list[EndCheck] = []
_joined: list[JoinedProvider] = []
_kept: list[KeptProvider] = []
_sold: list[SoldProvider] = []
_taken: list[TakenProvider] = []
_totals: list[TotalsProvider] = []


def provide_end_check(fn: EndCheck) -> EndCheck:
    """Register who may forbid that a sale's end is moved."""
    if fn not in _ends:
        _ends.append(fn)
    return fn


def check_end_moves(group_buy_id: int) -> None:
    """Raise the first objection to moving the end of a sale."""
    for fn in _ends:
        fn(group_buy_id)


def joined_provider(fn: JoinedProvider) -> JoinedProvider:
    """Register who answers the joined list; the last registration counts."""
    _joined[:] = [fn]
    return fn


def totals_provider(fn: TotalsProvider) -> TotalsProvider:
    """Register who counts; the last registration counts."""
    _totals[:] = [fn]
    return fn


def kept_provider(fn: KeptProvider) -> KeptProvider:
    """Register who knows the waiting lists; the last registration counts."""
    _kept[:] = [fn]
    return fn


def kept_of(pool_ids: Sequence[int]) -> dict[int, int]:
    """Free units kept for waiting lists; asked only where the sale has them."""
    return _kept[0](pool_ids) if _kept and pool_ids else {}


def sold_provider(fn: SoldProvider) -> SoldProvider:
    """Register who knows past prices; the last registration counts."""
    _sold[:] = [fn]
    return fn


def sold_of(store_id: int, sku_ids: Sequence[int]) -> dict[int, Sold]:
    """What these variants were really sold for; asked only when a sale is looked over."""
    return _sold[0](store_id, sku_ids) if _sold and sku_ids else {}


def taken_provider(fn: TakenProvider) -> TakenProvider:
    """Register who adds up live orders; the last registration counts."""
    _taken[:] = [fn]
    return fn


def taken_of(group_buy_id: int) -> Taken:
    """What live orders hold of a sale; asked only where the sale is bounded."""
    return _taken[0](group_buy_id) if _taken else Taken()


def joined_rows(group_buy_id: int, cursor: str | None, limit: int) -> tuple[list[JoinedRow], str | None]:
    """One slice of the joined list, masked by its provider."""
    return _joined[0](group_buy_id, cursor, limit) if _joined else ([], None)


def totals(group_buy_ids: Sequence[int]) -> dict[int, Totals]:
    """Totals of every id asked for."""
    found = _totals[0](group_buy_ids) if _totals and group_buy_ids else {}
    return {i: found.get(i, Totals()) for i in group_buy_ids}
