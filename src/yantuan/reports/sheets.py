"""Orders as an Excel sheet: one row per line of an order or one per order, read and written in portions so that memory stays flat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db.models import QuerySet

from yantuan.fulfilment.models import Shipment
from yantuan.kernel.sheets.writing import book
from yantuan.orders.address_records import changes_of, note_printed
from yantuan.orders.holding import held_rows
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.rules import recipient_visible
from yantuan.orders.states import LabelTexts, labels
from yantuan.reports.columns import USUAL, Column, More, Row, View, columns_of
from yantuan.reports.facts import more_of

PORTION: Final = 500
"""Orders read at a time."""


@dataclass
class Written:
    """How far the sheet is."""

    orders: int = 0
    rows: int = 0
    full_phones: int = 0


def write_orders(
    path: Path,
    orders: QuerySet[Order],
    moment: datetime,
    told: Callable[[Written], None],
    columns: Sequence[Column] = tuple(columns_of(USUAL)),
    view: View = "lines",
) -> Written:
    """Write these columns of all `orders`, oldest first, to a new file; `told` hears after each portion. Raises OSError when the disk refuses."""
    written, needs = Written(), {one.need for one in columns}
    with book(path) as made:
        sheet = made.sheet("订单", [(one.zh, one.width) for one in columns], frozen=min(2, len(columns)))
        for portion in portions(orders):
            parcels, more, held = _parcels(portion), more_of(portion, needs), held_rows(portion)
            for order in portion:
                full = recipient_visible(order, moment)
                texts = labels(order, held[order.id].label[0] if order.id in held else "")
                for row in rows_of(order, view, texts, parcels[order.id], more, full=full):
                    sheet.row(column.cell(row) for column in columns)
                written.full_phones += full
            _on_record(portion, moment)
            written.orders += len(portion)
            written.rows = sheet.written
            told(written)
    return written


def _on_record(portion: Sequence[Order], moment: datetime) -> None:
    """Whole addresses are on paper now; a later change of one is shown to the leader."""
    printed = {o.id: (o.group_buy_id, changes_of(o)) for o in portion if recipient_visible(o, moment)}
    if printed:
        note_printed(portion[0].store_id, printed, "export")


def portions(orders: QuerySet[Order]) -> Iterator[list[Order]]:
    """All orders by growing id with their lines and sale, a few hundred at a time."""
    after = 0
    while True:
        rows = orders.filter(id__gt=after).select_related("group_buy", "address_record").order_by("id")
        portion = list(rows[:PORTION])
        if not portion:
            return
        lines: dict[int, list[OrderLine]] = defaultdict(list)
        for line in OrderLine.objects.filter(order_id__in=[o.id for o in portion]).order_by("position", "id"):
            lines[line.order_id].append(line)
        for order in portion:
            order._prefetched_objects_cache = {"lines": lines[order.id]}  # type: ignore[attr-defined]
        after = portion[-1].id
        yield portion


def _parcels(orders: Sequence[Order]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    sent = Shipment.objects.filter(order_id__in=[o.id for o in orders], withdrawn_at=None).order_by("id")
    for order_id, carrier, number in sent.values_list("order_id", "carrier_name", "tracking_no"):
        found[order_id].append((carrier, number))
    return found


def rows_of(
    order: Order, view: View, texts: LabelTexts, parcels: Sequence[tuple[str, str]], more: More, *, full: bool
) -> Iterator[Row]:
    """One row per line, or one; name, phone and place in full only when `full`."""
    lines = list(order.lines.all())
    for some in [lines] if view == "orders" else [[line] for line in lines]:
        yield Row(order, some, texts, parcels, full, more, view == "orders")
