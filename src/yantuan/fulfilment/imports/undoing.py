"""Take a booked sheet back: parcels that have not moved yet are withdrawn, corrections of numbers are reversed.

What has moved stays: a parcel the carrier has seen, an order the buyer has, a number WeChat takes no further correction of, a
parcel somebody has changed since. Each such row says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from yantuan.fulfilment.imports.access import access_import
from yantuan.fulfilment.imports.actions import enqueue, lock, move
from yantuan.fulfilment.imports.models import ShipImport, ShipImportRow
from yantuan.fulfilment.models import Shipment
from yantuan.fulfilment.parts import told_elsewhere
from yantuan.fulfilment.progress import progress_of
from yantuan.fulfilment.shipping import correct_parcel, withdraw_parcel
from yantuan.identity.models import Person
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError
from yantuan.orders.many import lock_orders

PORTION: Final = 25
STILL: Final = ("", "created")
"""Words of the tracking service for a parcel no carrier has touched."""
DONE: Final = ("booked", "corrected")


def undo(person: Person, import_id: int) -> ShipImport:
    """Begin to take a booked sheet back. Again: no change. Raises Conflict `illegal_transition`."""
    batch = access_import(person, import_id)
    return retrying(lambda: _begin(batch.id))


def _begin(import_id: int) -> ShipImport:
    batch = lock(import_id)
    if batch.state in ("undoing", "undone"):
        return batch
    move(batch, "undo")
    enqueue(batch)
    return batch


def outlook(batch: ShipImport) -> Counter[str]:
    """What taking it back would do, by parcel: `possible`, or why it is kept; `told` of the possible ones WeChat knows already."""
    found: Counter[str] = Counter()
    rows = ShipImportRow.objects.filter(batch=batch, result__in=DONE).order_by("place").iterator(500)
    for some in _in_portions(rows, 500):
        pairs = _with_parcels(some)
        known = told_elsewhere([row.order_id for row, _ in pairs if row.order_id])
        for row, parcel, why in _reasons(pairs):
            found[why or "possible"] += 1
            if not why and parcel is not None and row.order_id in known:
                found["told"] += 1
    return found


def _in_portions(rows: Iterable[ShipImportRow], size: int) -> Iterable[list[ShipImportRow]]:
    some: list[ShipImportRow] = []
    for row in rows:
        some.append(row)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


def take_back(import_id: int) -> None:
    """Take everything back that can be. Nothing is done for a batch of which nobody asked it."""
    while retrying(lambda: _portion(import_id)):
        continue


def _portion(import_id: int) -> bool:
    batch = lock(import_id)
    if batch.state != "undoing":
        return False
    # The last parcel first, so that an order of several goes back the way it came.
    rows = list(ShipImportRow.objects.filter(batch=batch, result__in=DONE).order_by("-place")[:PORTION])
    if not rows:
        move(batch, "undone", undone_at=now())
        return False
    lock_orders([row.order_id for row in rows if row.order_id])
    actor = Actor("leader", batch.person_id)
    for row, parcel, why in _reasons(_with_parcels(rows)):
        row.result, row.refusal = ("kept", why) if why else ("undone", "")
        if not why and parcel is not None:
            _back(row, parcel, actor)
        row.save(update_fields=["result", "refusal"])
    ShipImport.objects.filter(id=batch.id).update(seen_at=now())
    return True


def _with_parcels(rows: Sequence[ShipImportRow]) -> list[tuple[ShipImportRow, Shipment | None]]:
    sent = Shipment.objects.select_related("order")
    by_row = {one.import_row_id: one for one in sent.filter(import_row_id__in=[row.id for row in rows])}
    by_id = sent.in_bulk([row.parcel_id for row in rows if row.result == "corrected" and row.parcel_id])
    return [
        (row, by_id.get(row.parcel_id or 0) if row.result == "corrected" else by_row.get(row.id))
        for row in rows
    ]


def _reasons(
    pairs: Sequence[tuple[ShipImportRow, Shipment | None]],
) -> Iterable[tuple[ShipImportRow, Shipment | None, str]]:
    """Each row with why its parcel is kept; empty: it can be taken back."""
    moved = progress_of([parcel.id for _, parcel in pairs if parcel is not None])
    known = told_elsewhere([parcel.order_id for _, parcel in pairs if parcel is not None])
    for row, parcel in pairs:
        if parcel is None or parcel.withdrawn_at is not None:
            yield row, None, "" if parcel is not None else "gone"
        elif parcel.order.delivery == "received":
            yield row, parcel, "received"
        elif parcel.tracking_no != row.tracking_no:
            yield row, parcel, "changed"
        elif parcel.id in moved and moved[parcel.id].status not in STILL:
            yield row, parcel, "scanned"
        elif known.get(parcel.order_id) == "final":
            yield row, parcel, "final"
        else:
            yield row, parcel, ""


def _back(row: ShipImportRow, parcel: Shipment, actor: Actor) -> None:
    try:
        if row.result == "undone" and row.before:
            before = row.before
            correct_parcel(parcel, before["carrier"], before["carrier_name"], before["tracking_no"], actor)
        else:
            withdraw_parcel(parcel, actor)
    except AppError as error:
        row.result, row.refusal = "kept", error.code
