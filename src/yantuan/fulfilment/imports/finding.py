"""Which order a row means: by its number, else by 跟团号, else by recipient and phone."""

from __future__ import annotations

from yantuan.fulfilment.imports.facts import Book, Known
from yantuan.fulfilment.imports.people import compare
from yantuan.fulfilment.imports.reading import Record
from yantuan.orders.states import PAID_PAYMENTS

Found = tuple[Known | None, str]
"""The order, and a code of `codes.CODES`: the doubt, or why there is none; empty when all is clear."""
_MAX_ID = 2**63 - 1


def order_id_of(text: str) -> int | None:
    """The id a text may be."""
    return (
        int(text)
        if text.isascii() and text.isdigit() and len(text) <= 19 and 0 < int(text) <= _MAX_ID
        else None
    )


def tail_of(record: Record) -> str:
    """The last four digits of a row's phone; empty when it has none."""
    digits = record.phone.split("-")[0]
    return digits[-4:] if len(digits) >= 4 and digits[-4:].isdigit() and digits.isascii() else ""


def find(record: Record, book: Book) -> Found:
    """The order of one row."""
    for text in record.orders:
        number = order_id_of(text)
        if number is not None and number in book.orders:
            return book.orders[number], ""
    if "order_digits_lost" in record.flaws:
        return None, ""
    if record.number:
        return _by_number(record, book)
    if record.name and tail_of(record):
        order, code = _by_person(record, book)
        # Of a number that isn't ours and a recipient who isn't either, the number is what to look at.
        return order, "order_unknown" if code == "person_unknown" and record.orders else code
    return None, "order_unknown" if record.orders else "order_missing"


def _by_number(record: Record, book: Book) -> Found:
    orders = [book.orders[one] for one in book.by_number.get(record.number, ())]
    if record.sale:
        orders = [one for one in orders if record.sale in book.sales.get(one.group_buy_id, ())]
    if not orders:
        return None, "order_unknown"
    return _only(orders, record, "matched_by_number", "order_unknown")


def _by_person(record: Record, book: Book) -> Found:
    orders = []
    for one in book.by_tail.get(tail_of(record), ()):
        order = book.orders[one]
        agreed = compare(record.name, record.phone, order.name, order.phone)
        if agreed.name and agreed.phone is not False:
            orders.append(order)
    return _only(orders, record, "matched_by_person", "person_unknown")


def _only(orders: list[Known], record: Record, doubt: str, none: str) -> Found:
    """The order that carries this number already, else the one that waits to be shipped, or the first of those packed together."""
    same = [one for one in orders if any(parcel.number == record.tracking for parcel in one.parcels)]
    if same:
        return same[0], ""
    waiting = [
        one
        for one in orders
        if one.delivery in ("none", "part_shipped")
        and one.delivery_method == "courier"
        and any(one.left.values())
    ]
    waiting = [one for one in waiting if one.payment in PAID_PAYMENTS] or waiting
    if not waiting:
        return None, none
    buyers = {one.participation_id or one.id for one in waiting}
    if len(buyers) > 1:
        return None, "order_ambiguous"
    return (waiting[0], doubt) if len({one.place for one in waiting}) == 1 else (None, "addresses_differ")
