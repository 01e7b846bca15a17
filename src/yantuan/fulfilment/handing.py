"""核销: hand goods out at a pick-up point, wholly or in part, and take the last hand-out back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import F, Max

from yantuan.fulfilment import rules
from yantuan.fulfilment.models import PickupCheck
from yantuan.fulfilment.parts import held_pieces
from yantuan.fulfilment.passes import fetched_by_pass, pass_returned
from yantuan.fulfilment.schemas import PickupIn
from yantuan.identity.models import Person
from yantuan.kernel import outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import Conflict
from yantuan.orders import actions as orders
from yantuan.orders.access import access_order_as_leader
from yantuan.orders.holding import held_orders
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.rules import left_to_hand_out


def hand_out(person: Person, order_id: int, body: PickupIn) -> Order:
    """Hand out the named pieces, or all that are neither handed out, refunded nor in after-sale.

    Raises Conflict `order_is_courier`, `order_not_paid`, `order_refunded`, `order_closed`, `already_picked`,
    `nothing_left`, `too_many_pieces`, `aftersale_open`, `pass_not_good`, what `orders.holding` says of it, Invalid `order_line_unknown`.
    """
    order = access_order_as_leader(person, order_id)
    return retrying(lambda: _hand_out(order.id, body, Actor("leader", person.id)))


def _hand_out(order_id: int, body: PickupIn, actor: Actor) -> Order:
    order = orders.lock_order(order_id)
    live = PickupCheck.objects.filter(order_id=order_id, undone_at=None)
    refusal = rules.pickup_refusal(order, live.aggregate(last=Max("created_at"))["last"])
    if refusal is not None:
        raise refusal
    for held in held_orders({order_id: order.group_buy_id}).values():
        raise held.refusal()
    lines = list(OrderLine.objects.filter(order_id=order_id).order_by("id"))
    left = {line.id: left_to_hand_out(line) for line in lines}
    wanted = [rules.Pieces(piece.order_line_id, piece.quantity) for piece in body.lines]
    pieces = rules.choose(left, held_pieces(order_id), wanted)
    book_pieces(order, lines, pieces, actor, delegate=fetched_by_pass(order, body.pass_code))
    return orders.lock_order(order_id)


def book_pieces(
    order: Order, lines: Sequence[OrderLine], pieces: Mapping[int, int], actor: Actor, *, delegate: str = ""
) -> list[PickupCheck]:
    """Write that `pieces` by line were handed out; the caller holds the order's lock and has decided on all of its `lines`.

    `delegate`: the masked name of the friend who fetched them.
    """
    moment = now()
    checks = PickupCheck.objects.bulk_create(
        PickupCheck(
            order_id=order.id,
            order_line_id=line,
            store_id=order.store_id,
            quantity=units,
            actor_id=actor.id,
            created_at=moment,
        )
        for line, units in pieces.items()
    )
    for line_id, units in pieces.items():
        OrderLine.objects.filter(id=line_id).update(picked_quantity=F("picked_quantity") + units)
    everything = sum(map(left_to_hand_out, lines)) == sum(pieces.values())
    moved = orders.transition(
        order.id,
        "delivery",
        "pick_all" if everything else "pick_part",
        actor,
        data={"pieces": sum(pieces.values())} | ({"delegate": delegate} if delegate else {}),
        # Goods in the buyer's hands are received: the after-sale window starts.
        extra_updates={"received_at": moment} if everything else {},
    )
    key = f"picked:{order.id}:{moved.version}"
    outbox.emit("order.picked", {"order_id": order.id}, store_id=order.store_id, key=key)
    return checks


def undo_last(person: Person, order_id: int) -> Order:
    """Take the last hand-out back, within 30 minutes; a hand-out taken back already stays so (no change).

    Raises Conflict `nothing_to_undo` or `undo_too_late`.
    """
    order = access_order_as_leader(person, order_id)
    return retrying(lambda: _undo(order.id, Actor("leader", person.id)))


def _undo(order_id: int, actor: Actor) -> Order:
    order = orders.lock_order(order_id)
    last = PickupCheck.objects.filter(order_id=order_id).aggregate(last=Max("created_at"))["last"]
    if last is None:
        raise Conflict("nothing_to_undo", "还没有核销记录", "Nothing was handed out yet.")
    checks = list(PickupCheck.objects.filter(order_id=order_id, created_at=last, undone_at=None))
    if not checks:
        # A second tap must not take the hand-out before this one back as well.
        return order
    refusal = rules.undo_refusal(last, now())
    if refusal is not None:
        raise refusal
    pass_returned(order_id)
    return take_back(order_id, checks, actor)


def take_back(order_id: int, checks: Sequence[PickupCheck], actor: Actor) -> Order:
    """Write that these hand-outs, none of them taken back before, did not stay; the caller holds the order's lock."""
    for check in checks:
        OrderLine.objects.filter(id=check.order_line_id).update(
            picked_quantity=F("picked_quantity") - check.quantity
        )
    PickupCheck.objects.filter(id__in=[check.id for check in checks]).update(undone_at=now())
    picked = OrderLine.objects.filter(order_id=order_id, picked_quantity__gt=0).exists()
    return orders.transition(
        order_id,
        "delivery",
        "unpick_part" if picked else "unpick_all",
        actor,
        data={"pieces": sum(check.quantity for check in checks)},
        extra_updates={"received_at": None},
    )
