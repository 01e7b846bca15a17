"""Reads of parcels and hand-outs. Callers have passed `access_*` already."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When

from yantuan.fulfilment import rules
from yantuan.fulfilment.carriers import CARRIERS, OTHER, Carrier, likely
from yantuan.fulfilment.models import Shipment
from yantuan.fulfilment.passes import orders_of_pass
from yantuan.fulfilment.progress import Progress, progress_of
from yantuan.fulfilment.schemas import CarrierOut, PickupCodeOut, PickupFound
from yantuan.identity.rules import building_names, plain_room
from yantuan.kernel.errors import Conflict
from yantuan.kernel.lean import Later
from yantuan.orders.models import Order
from yantuan.orders.queries import order_rows, with_rows
from yantuan.orders.schemas import ParcelOut
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.stores.models import Store

segno: Any = Later("segno")
"""Three megabytes, for those who show a code."""
MOST_FOUND = 20
_MAX_ID = 2**63 - 1


def carriers_for(number: str) -> list[CarrierOut]:
    """All carriers, those whose numbers look like `number` first, the free entry last."""
    hits = {carrier.code for carrier in likely(number)} if number else set()
    rows = [_carrier_out(carrier, number, carrier.code in hits) for carrier in CARRIERS]
    return [*sorted(rows, key=lambda row: not row.likely), CarrierOut(code=OTHER, name="其他快递")]


def _carrier_out(carrier: Carrier, number: str, likely_one: bool) -> CarrierOut:
    fits = carrier.fits(number) if number else None
    return CarrierOut(code=carrier.code, name=carrier.name, likely=likely_one, doubtful=fits is False)


def parcels_of(order: Order) -> list[ParcelOut]:
    """All parcels of an order, oldest first, withdrawn ones too."""
    found = Shipment.objects.filter(order_id=order.id).prefetch_related("lines__order_line").order_by("id")
    rows = list(found)
    known = progress_of([row.id for row in rows if row.withdrawn_at is None])
    return [_parcel_out(row, order.delivery, known.get(row.id)) for row in rows]


def _parcel_out(row: Shipment, delivery: str, progress: Progress | None) -> ParcelOut:
    told = _told(row, delivery, progress)
    lines = sorted(row.lines.all(), key=lambda line: line.order_line.position)
    return ParcelOut(
        id=str(row.id),
        carrier=row.carrier,
        carrier_name=row.carrier_name,
        tracking_no=row.tracking_no,
        note=row.note,
        lines=[
            f"{line.order_line.title} {line.order_line.sku_name}".strip() + f" ×{line.quantity}"
            for line in lines
        ],
        created_at=row.created_at,
        corrected=row.corrected_at is not None,
        withdrawn=row.withdrawn_at is not None,
        state=told[0],
        state_en=told[1],
        status=_status(progress, delivery),
        latest=progress.latest if progress else "",
        latest_at=progress.latest_at if progress else None,
        alarm=progress.alarm if progress else "",
    )


def _told(row: Shipment, delivery: str, progress: Progress | None) -> tuple[str, str]:
    """Where the parcel is, in Chinese and English."""
    if row.withdrawn_at is not None:
        return "已撤回", "Withdrawn"
    if delivery == "received":
        return "已签收", "Delivered"
    return (progress.label, progress.label_en) if progress else ("运输中", "On its way")


def _status(progress: Progress | None, delivery: str) -> str:
    """What the buyer said with the receipt stands above what a carrier says."""
    if progress is None or (delivery == "received" and progress.status != "signed"):
        return ""
    return progress.status


def pickup_code_out(order: Order) -> PickupCodeOut:
    """The code and QR code of a paid pick-up order. Raises Conflict `order_is_courier`, `order_not_paid`, `already_picked` and kin."""
    refusal = rules.pickup_refusal(order, order.received_at)
    if refusal is not None:
        raise refusal
    code = segno.make(rules.pickup_text(order.id, order.pickup_code), error="m")
    svg = code.svg_inline(scale=8, border=2, dark="#1F2329", light="#FFFFFF", omitsize=True)
    return PickupCodeOut(code=order.pickup_code, qr_svg=svg, order_id=str(order.id))


def find_pickups(store: Store, text: str) -> PickupFound:
    """Pick-up orders of the store that the typed or scanned text may mean, waiting ones first.

    The code of a friend's pass finds the orders it is good for now. A scanned code that isn't one of this store's orders raises Conflict `pickup_not_here`, whoever's it may be.
    """
    own = Order.objects.filter(store_id=store.id, delivery_method="pickup")
    scanned, passed = rules.read_pickup_text(text), orders_of_pass(store.id, text)
    if passed is not None:
        rows = own.filter(id__in=passed)
    elif scanned is not None:
        rows = own.filter(id=scanned[0], pickup_code=scanned[1])
        if not rows.exists():
            raise Conflict(
                "pickup_not_here", "这个自提码不是本店的，或已失效", "Not a pick-up code of this store."
            )
    else:
        rows = own.filter(_meanings(text)).exclude(payment="closed")
    waiting = Case(
        When(delivery__in=["awaiting_pickup", "part_picked"], payment__in=list(PAID_PAYMENTS), then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    found = list(with_rows(rows).order_by(waiting, "-id")[:MOST_FOUND])
    return PickupFound(orders=order_rows(found, "leader"))


def _meanings(text: str) -> Q:
    digits = text.removeprefix("#")
    plain = digits.isascii() and digits.isdigit() and int(digits[:19]) <= _MAX_ID and len(digits) <= 19
    if text.startswith("#"):
        return Q(number=int(digits)) if plain else Q(pk__in=[])
    meanings = Q(room__in={text, plain_room(text)})
    if "-" in text:
        building, _, room = text.rpartition("-")
        meanings |= Q(building__in=building_names(building.strip()), room=plain_room(room.strip()))
    if plain:
        meanings |= Q(number=int(digits))
        meanings |= Q(pickup_code=digits) if len(digits) in (6, 8) else Q(pk__in=[])
        meanings |= Q(phone_last4=digits[-4:]) if len(digits) in (4, 11) else Q(pk__in=[])
    return meanings
