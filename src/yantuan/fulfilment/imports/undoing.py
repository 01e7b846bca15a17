"""Take a booked sheet back: parcels that have not moved yet are withdrawn, corrections of numbers are reversed.

What has moved stays: a parcel the carrier has seen, an order the buyer has, a number WeChat takes no further correction of, a
parcel somebody has changed since. Each such row says why.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from django.db import transaction

from yantuan.fulfilment.imports.access import access_import
from yantuan.fulfilment.imports.actions import enqueue, lock, move
from yantuan.fulfilment.imports.models import ShipImport, ShipImportRow
from yantuan.fulfilment.models import Shipment
from yantuan.fulfilment.parts import told_elsewhere
from yantuan.fulfilment.progress import Progress, progress_of
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
DONE: Final = ("booked", "partly", "corrected")


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
    """What taking it back would do, by row: `possible`, or why it is kept; `told` of the possible ones WeChat knows already."""
    found: Counter[str] = Counter()
    rows = ShipImportRow.objects.filter(batch=batch, result__in=DONE).order_by("place").iterator(500)
    for some in _in_portions(rows, 500):
        pairs = _with_parcels(some)
        known = told_elsewhere([one.order_id for _, sent in pairs for one in sent])
        for _, parcels, why in _reasons(pairs):
            found[why or "possible"] += 1
            if not why and any(one.order_id in known for one in parcels):
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
    lock_orders([one.order_id for _, sent in _with_parcels(rows) for one in sent])
    actor = Actor("leader", batch.person_id)
    for row, parcels, why in _reasons(_with_parcels(rows)):
        row.result, row.refusal = ("kept", why) if why else ("undone", "")
        if parcels and not why:
            _back(row, parcels, actor)
        row.save(update_fields=["result", "refusal"])
    ShipImport.objects.filter(id=batch.id).update(seen_at=now())
    return True


Pair = tuple[ShipImportRow, list[Shipment]]
"""A row and what it sent or corrected: one shipment for each order in its parcel."""


def _with_parcels(rows: Sequence[ShipImportRow]) -> list[Pair]:
    found = Shipment.objects.select_related("order")
    by_row: dict[int, list[Shipment]] = defaultdict(list)
    for one in found.filter(import_row_id__in=[row.id for row in rows]).order_by("id"):
        by_row[one.import_row_id or 0].append(one)
    by_id = found.in_bulk([row.parcel_id for row in rows if row.result == "corrected" and row.parcel_id])
    return [
        (
            row,
            by_row[row.id]
            if row.result != "corrected"
            else [by_id[i] for i in [row.parcel_id] if i in by_id],
        )
        for row in rows
    ]


def _reasons(pairs: Sequence[Pair]) -> Iterable[tuple[ShipImportRow, list[Shipment], str]]:
    """Each row with those of its shipments that are under way, and why they are kept, all of them; empty: they can be taken back."""
    ids = [one.id for _, sent in pairs for one in sent]
    moved = progress_of(ids)
    known = told_elsewhere([one.order_id for _, sent in pairs for one in sent])
    for row, sent in pairs:
        live = [one for one in sent if one.withdrawn_at is None]
        whys = (_why(row, one, moved.get(one.id), known.get(one.order_id)) for one in live)
        yield row, live, next(filter(None, whys), "") if sent else "gone"


def _why(row: ShipImportRow, parcel: Shipment, moved: Progress | None, told: str | None) -> str:
    if parcel.order.delivery == "received":
        return "received"
    if parcel.tracking_no != row.tracking_no:
        return "changed"
    if moved is not None and moved.status not in STILL:
        return "scanned"
    return "final" if told == "final" else ""


def _back(row: ShipImportRow, parcels: Sequence[Shipment], actor: Actor) -> None:
    try:
        # One parcel: all its orders go back, or none.
        with transaction.atomic():
            for parcel in reversed(parcels):
                if row.before:
                    old = row.before
                    correct_parcel(parcel, old["carrier"], old["carrier_name"], old["tracking_no"], actor)
                else:
                    withdraw_parcel(parcel, actor)
    except AppError as error:
        row.result, row.refusal = "kept", error.code
