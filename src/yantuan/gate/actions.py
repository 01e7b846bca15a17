"""Booking what phones did at the gate: each entry in a transaction of its own, under the order's lock, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

from django.db import IntegrityError

from yantuan.fulfilment import handing
from yantuan.fulfilment.models import PickupCheck
from yantuan.fulfilment.parts import held_pieces
from yantuan.gate import passing, rules
from yantuan.gate.models import GateEntry
from yantuan.gate.queries import names_of, picks_of
from yantuan.gate.schemas import Clash, EntriesOut, EntryIn, EntryOut
from yantuan.identity.models import Person
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.orders import actions as orders
from yantuan.orders.holding import held_orders
from yantuan.orders.models import Order, OrderLine
from yantuan.stores.models import Store

CLASHES_FOR = timedelta(days=2)
"""How long somebody is told that another phone handed out the same again."""


def take_in(
    person: Person, store: Store, entries: Sequence[EntryIn], point_id: int | None = None
) -> EntriesOut:
    """Book what a phone reports, in its order; every entry gets one outcome, and the same again when it is repeated.

    With a point, orders of other points are unknown.
    """
    return EntriesOut(
        entries=[_answer(person, store, entry, point_id) for entry in entries],
        clashes=_clashes(person, store),
    )


def _answer(person: Person, store: Store, entry: EntryIn, point_id: int | None) -> EntryOut:
    orders_here = Order.objects.filter(store_id=store.id)
    if point_id is not None:
        orders_here = orders_here.filter(pickup_point_id=point_id)
    if not orders_here.filter(id=entry.order_id).exists():
        return EntryOut(key=entry.key, outcome="unknown", booked={})
    try:
        row = retrying(lambda: _book(person, entry))
    except IntegrityError:
        # The same key came for two orders at one moment; the first of them has it.
        row = GateEntry.objects.get(store_id=store.id, key=entry.key)
    if row.order_id != entry.order_id or row.kind != entry.kind:
        return EntryOut(key=entry.key, outcome="key_reused", booked={})
    number = Order.objects.values_list("number", flat=True).get(id=row.order_id)
    at, by = picks_of([row.order_id]).get(row.order_id, (None, "")) if row.other_id else (None, "")
    return EntryOut(
        key=row.key,
        outcome=cast(rules.Outcome, row.outcome),
        booked=row.booked,
        number=number,
        at=at,
        by=by,
        friend=cast(rules.Friend, row.friend),
    )


def _book(person: Person, entry: EntryIn) -> GateEntry:
    order = orders.lock_order(entry.order_id)
    found = GateEntry.objects.filter(store_id=order.store_id, key=entry.key).first()
    if found is not None:
        return found
    work = _hand_out if entry.kind == "hand_out" else _undo
    return work(order, entry, person)


def _row(order: Order, entry: EntryIn, person: Person, **outcome: object) -> GateEntry:
    moment = now()
    return GateEntry.objects.create(
        key=entry.key, store_id=order.store_id, order_id=order.id, person_id=person.id, kind=entry.kind,
        undoes=entry.undoes, handed_at=rules.believed(entry.at, moment), received_at=moment, **outcome,
    )  # fmt: skip


def _hand_out(order: Order, entry: EntryIn, person: Person) -> GateEntry:
    rows = list(OrderLine.objects.filter(order_id=order.id).order_by("id"))
    held = held_pieces(order.id)
    lines = {
        r.id: rules.Line(r.quantity, r.picked_quantity, r.refunded_quantity, held.get(r.id, 0)) for r in rows
    }
    wanted: dict[int, int] = {}
    for piece in entry.lines:
        wanted[piece.order_line_id] = wanted.get(piece.order_line_id, 0) + piece.quantity
    waits = bool(held_orders({order.id: order.group_buy_id}))
    decision = rules.decide(order, lines, wanted, waits=waits)
    checks: list[PickupCheck] = []
    shown = passing.shown(order, entry.pass_code, rules.believed(entry.at, now()))
    if decision.pieces:
        passing.use(shown, rules.believed(entry.at, now()))
        checks = handing.book_pieces(
            order, rows, decision.pieces, Actor("leader", person.id), delegate=shown.name
        )
    clash = decision.outcome in ("already", "part")
    return _row(
        order, entry, person, outcome=decision.outcome, booked={str(k): v for k, v in decision.pieces.items()},
        checks=[check.id for check in checks], other_id=_before(order, wanted, checks) if clash else None,
        pass_id=shown.pass_id, friend=shown.friend,
    )  # fmt: skip


def _before(order: Order, wanted: Mapping[int, int], own: Sequence[PickupCheck]) -> int | None:
    """Who handed out something of these lines before."""
    rows = PickupCheck.objects.filter(order_id=order.id, order_line_id__in=list(wanted), undone_at=None)
    others = rows.exclude(id__in=[check.id for check in own]).order_by("-created_at", "-id")
    return others.values_list("actor_id", flat=True).first()


def _undo(order: Order, entry: EntryIn, person: Person) -> GateEntry:
    target = GateEntry.objects.filter(store_id=order.store_id, key=entry.undoes, order_id=order.id).first()
    checks = list(PickupCheck.objects.filter(id__in=target.checks, undone_at=None)) if target else []
    if target is None or not checks:
        return _row(order, entry, person, outcome="undo_nothing")
    outcome = rules.undo_outcome(target.handed_at, rules.believed(entry.at, now()))
    if outcome == "undone":
        handing.take_back(order.id, checks, Actor("leader", person.id))
        passing.give_back(order.id, target.pass_id)
    return _row(order, entry, person, outcome=outcome)


def _clashes(person: Person, store: Store) -> list[Clash]:
    rows = list(
        GateEntry.objects.filter(
            store_id=store.id, other_id=person.id, outcome__in=["already", "part"], received_at__gt=now() - CLASHES_FOR
        )
        .exclude(person_id=person.id)
        .select_related("order")
        .order_by("-id")[:50]
    )  # fmt: skip
    names = names_of({row.person_id for row in rows})
    return [
        Clash(key=row.key, number=row.order.number, at=row.handed_at, by=names.get(row.person_id, ""))
        for row in rows
    ]
