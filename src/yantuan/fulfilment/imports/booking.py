"""Book a confirmed sheet, a portion at a time, through the one way in which goods leave (`fulfilment.sending`).

Each portion and the outcome of its rows are one transaction. Dying between two of them loses nothing and repeats nothing: the
next run begins with the first row that still waits, and no row can ever send an order twice (`shipment_once_per_row`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from django.db import transaction

from yantuan.fulfilment.imports.actions import lock, move
from yantuan.fulfilment.imports.models import ShipImport, ShipImportRow
from yantuan.fulfilment.models import Shipment
from yantuan.fulfilment.rules import Pieces
from yantuan.fulfilment.sending import Parcel, send
from yantuan.fulfilment.shipping import correct_parcel
from yantuan.kernel import faults
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError
from yantuan.orders.models import Order

PORTION: Final = 200
"""Rows of one transaction: on SQLite buyers wait that long for their turn to write."""


def book(import_id: int) -> None:
    """Book everything that waits. Nothing is done for a batch that isn't being booked."""
    while retrying(lambda: _portion(import_id)):
        faults.point("fulfilment.import.after_commit")


def _portion(import_id: int) -> bool:
    """True while there may be more."""
    batch = lock(import_id)
    if batch.state != "booking":
        return False
    rows = list(ShipImportRow.objects.filter(batch=batch, result="waiting").order_by("place")[:PORTION])
    if not rows:
        move(batch, "finish", done_at=now())
        return False
    actor = Actor("leader", batch.person_id)
    _send(batch, [row for row in rows if row.action == "ship"], actor)
    for row in rows:
        if row.action == "correct":
            _correct(row, actor)
    ShipImport.objects.filter(id=batch.id).update(seen_at=now())
    faults.point("fulfilment.import.before_commit")
    return True


def _send(batch: ShipImport, rows: Sequence[ShipImportRow], actor: Actor) -> None:
    orders = Order.objects.filter(id__in=[row.order_id for row in rows])
    buyers = dict(orders.values_list("id", "participation_id"))
    parcels = [_parcels(batch, row, buyers.get(row.order_id or 0, 0)) for row in rows]
    answers = iter(send(batch.store_id, [one for some in parcels for one in some], actor))
    booked: dict[bool, list[int]] = {True: [], False: []}
    refused = []
    for row, some in zip(rows, parcels, strict=True):
        first, *others = [next(answers) for _ in some]
        if isinstance(first, AppError):
            refused.append((row, first.code))
        else:
            booked[not any(isinstance(one, AppError) for one in others)].append(row.id)
    for whole, ids in booked.items():
        done = ShipImportRow.objects.filter(id__in=ids)
        done.update(result="booked" if whole else "partly", refusal="" if whole else "part_stayed")
    if refused:
        _write_refused(refused)


def _parcels(batch: ShipImport, row: ShipImportRow, participation_id: int) -> list[Parcel]:
    """The row's own order, then those that go with it."""
    pieces = tuple(Pieces(int(line), units) for line, units in row.pieces)
    # One parcel is one message to the buyer, whichever rows name its orders; parts of an order are one message too.
    told_as = f"{batch.id}:{row.order_id}" if pieces else f"{batch.id}:{participation_id}:{row.tracking_no}"
    own = row.order_id or 0
    return [
        Parcel(
            order_id, row.carrier, row.carrier_name, row.tracking_no, pieces=() if order_id != own else pieces,
            import_row_id=row.id, beside=0 if order_id == own else own, seen=seen, told_as=told_as,
        )
        for order_id, seen in [(int(one), seen) for one, seen in row.orders] or [(own, None)]
    ]  # fmt: skip


def _write_refused(refused: Sequence[tuple[ShipImportRow, str]]) -> None:
    """What somebody else has booked meanwhile with the same number is as it should be."""
    there = set(
        Shipment.objects.filter(order_id__in=[row.order_id for row, _ in refused], withdrawn_at=None)
        .values_list("order_id", "tracking_no")
    )  # fmt: skip
    alike: dict[str, list[int]] = defaultdict(list)
    for row, code in refused:
        alike["" if (row.order_id, row.tracking_no) in there else code].append(row.id)
    for code, ids in alike.items():
        rows = ShipImportRow.objects.filter(id__in=ids)
        rows.update(result="refused" if code else "same", refusal=code)


def _correct(row: ShipImportRow, actor: Actor) -> None:
    shipment = Shipment.objects.get(id=row.parcel_id or 0)
    row.before = {
        "carrier": shipment.carrier, "carrier_name": shipment.carrier_name, "tracking_no": shipment.tracking_no,
    }  # fmt: skip
    try:
        with transaction.atomic():
            correct_parcel(shipment, row.carrier, row.carrier_name, row.tracking_no, actor)
        row.result = "corrected"
    except AppError as error:
        row.result, row.refusal, row.before = "refused", error.code, {}
    row.save(update_fields=["result", "refusal", "before"])
