"""Send parcels, one or hundreds, in one transaction: the one way in which goods leave.

Everything is decided in memory under the orders' locks, then written in a few statements whatever the number of parcels. One
parcel that may not leave never keeps its neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from yantuan.fulfilment import rules
from yantuan.fulfilment.models import Shipment, ShipmentLine
from yantuan.fulfilment.parts import held_pieces
from yantuan.fulfilment.together import refuse_stranger
from yantuan.kernel import outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError, Conflict
from yantuan.kernel.models import OutboxEvent
from yantuan.orders.address_records import changes_by_order, unseen
from yantuan.orders.holding import Held, held_orders
from yantuan.orders.many import Move, lock_orders, transition_many
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.rules import left_to_ship
from yantuan.stores.models import Store


@dataclass(frozen=True)
class Parcel:
    """What is to leave. `number` is clean (`carriers.clean_number`); without pieces: everything that is left."""

    order_id: int
    carrier: str
    carrier_name: str
    number: str
    note: str = ""
    pieces: tuple[rules.Pieces, ...] = ()
    import_row_id: int | None = None
    """The row of an imported sheet it comes from: no row sends an order twice."""
    beside: int = 0
    """The order, earlier in the list, with which it is packed: it leaves only when that one does, to the same recipient."""
    seen: int | None = None
    """How many changes of its address the sender knows of; None: nobody looked."""
    told_as: str = ""
    """Several parcels of one order with the same words here make one message to the buyer."""


@dataclass
class _Desk:
    """What is known and decided inside one transaction."""

    orders: dict[int, Order]
    left: dict[int, dict[int, int]]
    """Pieces not gone yet, by order and line."""
    held: dict[int, dict[int, int]]
    waits: dict[int, Held]
    """Orders of which it is still open what they will get."""
    changes: dict[int, int]
    """How often addresses were changed, of orders whose sender says what they have seen."""
    used: dict[str, list[Order]]
    """Orders by the numbers of parcels under way, those decided now included."""
    moment: datetime = field(default_factory=now)
    moves: list[Move] = field(default_factory=list)
    parcels: list[Shipment] = field(default_factory=list)
    pieces: list[ShipmentLine] = field(default_factory=list)
    events: list[OutboxEvent] = field(default_factory=list)
    gone: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    states: dict[int, str] = field(default_factory=dict)
    """Delivery of orders with a parcel decided now."""


def send(store_id: int, parcels: Sequence[Parcel], actor: Actor) -> list[Shipment | AppError]:
    """Send what may leave; one answer per parcel, in order. In the caller's transaction.

    A refusal is the error `ship` would raise: Conflict `order_not_paid`, `already_shipped`, `nothing_left`, `too_many_pieces`,
    `aftersale_open`, `tracking_no_used`, `address_changed`, `not_one_parcel` and kin, what `orders.holding` says of it, Invalid `order_line_unknown`.
    """
    # Two who enter the same number for different people at the same moment must see each other.
    Store.objects.select_for_update(no_key=True).filter(id=store_id).first()
    desk = _look(store_id, parcels)
    answers = [_decide(desk, parcel) for parcel in parcels]
    _write(desk, actor)
    return answers


def _look(store_id: int, parcels: Sequence[Parcel]) -> _Desk:
    locked = lock_orders([parcel.order_id for parcel in parcels])
    orders = {id_: row for id_, row in locked.items() if row.store_id == store_id}
    left: dict[int, dict[int, int]] = defaultdict(dict)
    for line in OrderLine.objects.filter(order_id__in=list(orders)).order_by("id"):
        left[line.order_id][line.id] = left_to_ship(line)
    # Only a case that is open keeps pieces back.
    held = {id_: held_pieces(id_) for id_, row in orders.items() if row.aftersale == "open"}
    waits = held_orders({id_: row.group_buy_id for id_, row in orders.items()})
    changes = changes_by_order([parcel.order_id for parcel in parcels if parcel.seen is not None])
    used: dict[str, list[Order]] = defaultdict(list)
    numbers = {parcel.number for parcel in parcels}
    live = Shipment.objects.filter(store_id=store_id, tracking_no__in=numbers, withdrawn_at=None)
    for shipment in live.select_related("order").order_by("id"):
        used[shipment.tracking_no].append(shipment.order)
    return _Desk(orders, left, held, waits, changes, used)


def _decide(desk: _Desk, parcel: Parcel) -> Shipment | AppError:
    order = desk.orders.get(parcel.order_id)
    try:
        if order is None:
            raise Conflict("order_unknown", "没有找到这个订单", "No such order in this store.")
        delivery = desk.states.get(order.id, order.delivery)
        refusal = rules.ship_refusal(_Seen(order.payment, delivery, order.delivery_method))
        if refusal is not None:
            raise refusal
        if order.id in desk.waits:
            raise desk.waits[order.id].refusal()
        refuse_used_number(order, desk.used.get(parcel.number, []))
        if parcel.beside:
            leads = parcel.beside in desk.states
            refuse_stranger(order, desk.orders.get(parcel.beside) if leads else None)
        if parcel.seen is not None and parcel.seen != desk.changes.get(order.id, 0):
            raise unseen()
        left = desk.left[order.id]
        pieces = rules.choose(left, desk.held.get(order.id, {}), parcel.pieces)
    except AppError as error:
        return error
    return _take(desk, parcel, order, pieces)


@dataclass
class _Seen:
    """An order as it will be after the parcels decided so far."""

    payment: str
    delivery: str
    delivery_method: str


def _take(desk: _Desk, parcel: Parcel, order: Order, pieces: Mapping[int, int]) -> Shipment:
    left = desk.left[order.id]
    everything = sum(left.values()) == sum(pieces.values())
    shipment = Shipment(
        order_id=order.id, store_id=order.store_id, carrier=parcel.carrier, carrier_name=parcel.carrier_name,
        tracking_no=parcel.number, note=parcel.note, created_at=desk.moment, import_row_id=parcel.import_row_id,
    )  # fmt: skip
    for line, units in pieces.items():
        left[line] -= units
        desk.gone[line] += units
        desk.pieces.append(ShipmentLine(shipment=shipment, order_line_id=line, quantity=units))
    desk.parcels.append(shipment)
    desk.used.setdefault(parcel.number, []).append(order)
    first = order.id not in desk.states
    desk.states[order.id] = "shipped" if everything else "part_shipped"
    desk.moves.append(
        Move(
            order,
            "ship_all" if everything else "ship_part",
            parcel_data(shipment),
            shipped_updates(order, everything, desk.moment, first=first),
        )
    )
    desk.events += outbox.events_for(
        "order.shipped",
        {
            "order_id": order.id,
            "shipment_id": shipment.id,
            **({"told_as": parcel.told_as} if parcel.told_as else {}),
        },
        store_id=order.store_id,
        key=f"shipped:{shipment.id}",
        moment=desk.moment,
    )
    return shipment


def _write(desk: _Desk, actor: Actor) -> None:
    if not desk.parcels:
        return
    Shipment.objects.bulk_create(desk.parcels)
    ShipmentLine.objects.bulk_create(desk.pieces)
    alike: dict[int, list[int]] = defaultdict(list)
    for line, units in desk.gone.items():
        alike[units].append(line)
    for units, lines in alike.items():
        OrderLine.objects.filter(id__in=lines).update(shipped_quantity=F("shipped_quantity") + units)
    transition_many("delivery", desk.moves, actor)
    OutboxEvent.objects.bulk_create(desk.events, ignore_conflicts=True)


def refuse_used_number(order: Order, others: Sequence[Order]) -> None:
    """A number of another order is a slip of the pen, unless both go to the same person in one box. Raises Conflict `tracking_no_used`."""
    mine = (order.recipient_name, order.phone_last4, order.detail)
    for other in others:
        if other.id != order.id and (other.recipient_name, other.phone_last4, other.detail) != mine:
            raise Conflict(
                "tracking_no_used",
                f"这个运单号已用在 #{other.number} 的订单上，请核对",
                "Another order of this store already carries this number.",
                number=other.number,
                order_id=str(other.id),
            )


def shipped_updates(
    order: Order, everything: bool, moment: datetime, *, first: bool = True
) -> dict[str, Any]:
    """Times to write when a parcel leaves; `first`: no other has left in the same transaction."""
    updates: dict[str, Any] = {} if order.shipped_at or not first else {"shipped_at": moment}
    if everything:
        # The clock of the automatic receipt starts when nothing more is to come.
        updates["auto_receive_at"] = moment + timedelta(days=config().auto_receive_days_courier)
    return updates


def parcel_data(shipment: Shipment) -> dict[str, Any]:
    """What the timeline keeps of a parcel."""
    return {
        "shipment_id": str(shipment.id),
        "carrier_name": shipment.carrier_name,
        "tracking_no": shipment.tracking_no,
    }
