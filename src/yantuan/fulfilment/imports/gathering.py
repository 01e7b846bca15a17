"""Everything of one store a sheet speaks of, in a bounded number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from django.db.models import QuerySet

from yantuan.fulfilment.imports.facts import Book, Known, LiveParcel
from yantuan.fulfilment.imports.finding import order_id_of, tail_of
from yantuan.fulfilment.imports.reading import Record
from yantuan.fulfilment.models import Shipment
from yantuan.fulfilment.parts import held_pieces
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.queries import phone_of
from yantuan.kernel.sheets.cells import plain
from yantuan.orders.models import AddressRecord, Order, OrderLine
from yantuan.orders.readdressing import destination
from yantuan.orders.rules import left_to_ship
from yantuan.orders.states import PAID_PAYMENTS

T = TypeVar("T")
PORTION: Final = 500
_FIELDS: Final = (
    "id", "number", "group_buy_id", "payment", "delivery", "delivery_method", "aftersale", "recipient_name", "phone_sealed", "phone_last4",
    "detail", "store_id", "participation_id", "province", "city", "district", "building", "unit", "room",
)  # fmt: skip


def gather(store_id: int, records: Sequence[Record]) -> Book:
    """The orders these records may mean, with lines and parcels, and who uses their tracking numbers."""
    orders = Order.objects.filter(store_id=store_id).only(*_FIELDS)
    ids = {n for record in records for text in record.orders if (n := order_id_of(text)) is not None}
    rows = {row.id: row for some in _portions(ids) for row in orders.filter(id__in=some)}
    lost = [r for r in records if not any(order_id_of(text) in rows for text in r.orders)]
    by_number, by_tail = _by_number(orders, lost, rows), _by_tail(orders, lost, rows)
    rows |= _mates(orders, rows)
    return Book(_known(rows), by_number, by_tail, _sales(rows.values()), _elsewhere(store_id, records))


def _portions(values: Iterable[T]) -> Iterator[list[T]]:
    every = list(values)
    for start in range(0, len(every), PORTION):
        yield every[start : start + PORTION]


def _by_number(
    orders: QuerySet[Order], lost: Sequence[Record], rows: dict[int, Order]
) -> dict[str, list[int]]:
    wanted = {r.number for r in lost if r.number.isascii() and r.number.isdigit() and len(r.number) <= 18}
    found: dict[str, list[int]] = defaultdict(list)
    for some in _portions(sorted(wanted)):
        for row in orders.filter(number__in=[int(text) for text in some]).exclude(payment="closed"):
            rows[row.id] = row
            found[str(row.number)].append(row.id)
    return found


def _by_tail(orders: QuerySet[Order], lost: Sequence[Record], rows: dict[int, Order]) -> dict[str, list[int]]:
    tails = {tail_of(record) for record in lost if record.name and not record.number} - {""}
    found: dict[str, list[int]] = defaultdict(list)
    paid = orders.filter(payment__in=list(PAID_PAYMENTS), delivery_method="courier").exclude(
        delivery="received"
    )
    for some in _portions(sorted(tails)):
        for row in paid.filter(phone_last4__in=some):
            rows[row.id] = row
            found[row.phone_last4].append(row.id)
    return found


def _mates(orders: QuerySet[Order], rows: dict[int, Order]) -> dict[int, Order]:
    """Other orders under the same 跟团号 that wait to be sent."""
    waiting = orders.filter(
        delivery_method="courier", payment__in=list(PAID_PAYMENTS), delivery__in=("none", "part_shipped")
    )
    ids = sorted({row.participation_id for row in rows.values()})
    return {
        row.id: row
        for some in _portions(ids)
        for row in waiting.filter(participation_id__in=some).order_by("id")
        if row.id not in rows
    }


def _known(rows: dict[int, Order]) -> dict[int, Known]:
    known: dict[int, Known] = {}
    for some in _portions(rows):
        left: dict[int, dict[int, int]] = defaultdict(dict)
        for line in OrderLine.objects.filter(order_id__in=some).order_by("position", "id"):
            left[line.order_id][line.id] = left_to_ship(line)
        parcels: dict[int, list[LiveParcel]] = defaultdict(list)
        for sent in Shipment.objects.filter(order_id__in=some, withdrawn_at=None).order_by("id"):
            parcels[sent.order_id].append(
                LiveParcel(sent.id, sent.carrier, sent.carrier_name, sent.tracking_no)
            )
        records = AddressRecord.objects.in_bulk(some)
        for order_id in some:
            row, record = rows[order_id], records.get(order_id)
            known[order_id] = _one(row, left[order_id], tuple(parcels[order_id]), record)
    return known


def _one(
    row: Order, left: dict[int, int], parcels: tuple[LiveParcel, ...], record: AddressRecord | None
) -> Known:
    held = held_pieces(row.id) if row.aftersale == "open" else {}
    courier = row.delivery_method == "courier"
    where = destination(row) if courier else None
    return Known(
        row.id, row.number, row.group_buy_id, row.payment, row.delivery, row.delivery_method, row.recipient_name,
        where.phone if where else phone_of(row.phone_sealed), row.detail, left, held, parcels,
        row.participation_id, where.key if where else (row.id,), record.changes if record else 0, bool(record and record.stale),
    )  # fmt: skip


def _sales(rows: Iterable[Order]) -> dict[int, frozenset[str]]:
    ids = {row.group_buy_id for row in rows}
    found = GroupBuy.objects.filter(id__in=ids).values_list("id", "code", "title")
    return {id_: frozenset({str(id_), code, plain(title)[:60]}) for id_, code, title in found}


def _elsewhere(
    store_id: int, records: Sequence[Record]
) -> dict[str, list[tuple[int, int, tuple[str, str, str]]]]:
    numbers = {record.tracking for record in records if record.tracking}
    found: dict[str, list[tuple[int, int, tuple[str, str, str]]]] = defaultdict(list)
    live = Shipment.objects.filter(store_id=store_id, withdrawn_at=None).select_related("order")
    for some in _portions(numbers):
        for sent in live.filter(tracking_no__in=some).order_by("id"):
            order = sent.order
            person = (order.recipient_name, order.phone_last4, order.detail)
            found[sent.tracking_no].append((order.id, order.number, person))
    return found
