"""One parcel for one 跟团号: which waiting orders leave with a row that names only one of them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from yantuan.fulfilment.imports.facts import Book, Known
from yantuan.fulfilment.imports.verdicts import Verdict

Waiting = dict[int, list[Known]]
"""Orders no row gives a number to, by participation."""


def pack(verdicts: Sequence[Verdict], book: Book) -> None:
    """Put what waits under the same 跟团号 for the same recipient into the parcels of planned rows, and say so in them.

    An order with a number of its own in another row keeps to that row. What would leave a choice (parts of an order, several parcels,
    another address) stays and is told.
    """
    shipping: dict[int, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.action == "ship" and verdict.order is not None and verdict.order.participation_id:
            shipping[verdict.order.participation_id].append(verdict)
    blank = {v.order.id: v for v in verdicts if v.order is not None and set(v.problems) == {"not_filled"}}
    waiting = _waiting(verdicts, book)
    for participation, rows in shipping.items():
        _parcels(rows, waiting.get(participation, []), blank)


def _waiting(verdicts: Sequence[Verdict], book: Book) -> Waiting:
    named = {v.order.id for v in verdicts if v.order is not None and "not_filled" not in v.problems}
    waiting: Waiting = defaultdict(list)
    for order in book.orders.values():
        if order.waits and order.id not in named:
            waiting[order.participation_id].append(order)
    return waiting


def _parcels(rows: Sequence[Verdict], waiting: Sequence[Known], blank: dict[int, Verdict]) -> None:
    """The rows of one 跟团号, by where they go."""
    places: dict[tuple[object, ...], list[Verdict]] = defaultdict(list)
    for row in rows:
        if row.order is not None:
            places[row.order.place].append(row)
    for place, here in places.items():
        first, rest = here[0], [order for order in waiting if order.place == place]
        one_parcel = len({row.record.tracking for row in here}) == 1 and not any(row.pieces for row in here)
        if one_parcel:
            first.along = tuple(rest)
            for order in rest:
                if order.id in blank:
                    blank[order.id].problems = {"goes_along": {"row": first.record.row}}
        elif rest:
            first.add("left_behind", orders=len(rest))
        together = len({row.order.id for row in here if row.order}) + len(rest)
        for row in here:
            if one_parcel and together > 1:
                row.add("together", orders=together)
            if any(order.stale for order in (row.order, *row.along) if order):
                row.add("address_stale")
    elsewhere = [order for order in waiting if order.place not in places]
    if elsewhere:
        rows[0].add("together_elsewhere", orders=len(elsewhere))
