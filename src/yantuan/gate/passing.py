"""Passes: a buyer lets a friend fetch chosen orders on one day."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from yantuan.fulfilment import rules as fulfilment
from yantuan.gate import rules
from yantuan.gate.models import PassOrder, PickupPass
from yantuan.gate.schemas import GatePass, GatePoint, PassIn, PassMade, PassOut
from yantuan.identity.models import Person
from yantuan.identity.rules import masked_name
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, Invalid, NotFound
from yantuan.kernel.tokens import keyed_hash
from yantuan.orders.models import Order
from yantuan.stores.models import PickupPoint

KEPT: Final = timedelta(days=30)
"""How long a pass is kept after its day."""
_PURPOSE = "pickup-pass"


@dataclass(frozen=True)
class Shown:
    """What a friend showed: nothing, or a pass and what it is worth."""

    friend: rules.Friend = ""
    pass_id: int | None = None
    link_id: int | None = None
    name: str = ""
    """Masked; for the order's timeline."""


def make(person: Person, body: PassIn) -> tuple[PickupPass, str]:
    """A new pass and its code. Earlier ones for any of these orders end.

    Raises NotFound unless all orders are the person's own, Invalid `pass_one_store`, `pass_day_invalid`, and what keeps an
    order from being handed out (`order_not_paid`, `already_picked`, `order_is_courier` and kin).
    """
    with transaction.atomic():
        # Locked, in the order of their ids: two passes made at once end up with one that is good.
        orders = list(
            Order.objects.select_for_update()
            .filter(id__in=set(body.order_ids), person_id=person.id)
            .order_by("id")
        )
        _check(orders, body)
        moment = now()
        live = PickupPass.objects.filter(orders__order__in=orders, revoked_at=None)
        PickupPass.objects.filter(id__in=list(live.values_list("id", flat=True))).update(revoked_at=moment)
        row, code = _write(person, orders, body)
        audit.record(
            Actor("buyer", person.id), "pickup.pass", "pickup_pass", row.id, store_id=row.store_id,
            order_ids=[str(order.id) for order in orders],
        )  # fmt: skip
    return row, code


def _check(orders: Sequence[Order], body: PassIn) -> None:
    if len(orders) != len(set(body.order_ids)):
        raise NotFound("没有找到这个订单", "No such order.")
    if len({order.store_id for order in orders}) != 1:
        raise Invalid(
            "pass_one_store", "一次只能选一个卖场的订单", "Orders of one store at a time.", field="order_ids"
        )
    if not rules.day_fits(body.day, rules.china_day(now())):
        raise Invalid(
            "pass_day_invalid",
            f"请选今天起 {rules.PASS_DAYS} 天内的一天",
            "Choose a day within the next two weeks.",
            field="day",
        )
    for order in orders:
        refusal = fulfilment.pickup_refusal(order, order.received_at)
        if refusal is not None:
            raise refusal


def _write(person: Person, orders: Sequence[Order], body: PassIn) -> tuple[PickupPass, str]:
    store_id, salt = orders[0].store_id, secrets.token_hex(8)
    code = _code(store_id)
    row = PickupPass.objects.create(
        store_id=store_id, person=person, friend=body.friend, code_hash=_hash(store_id, code), salt=salt,
        digest=rules.code_digest(salt, code), valid_on=body.day, created_at=now(),
    )  # fmt: skip
    for order in orders:
        PassOrder.objects.create(passed=row, order=order)
    return row, code


def _hash(store_id: int, code: str) -> str:
    return keyed_hash(_PURPOSE, f"{store_id}:{code}")


def _code(store_id: int) -> str:
    while True:
        code = f"{secrets.randbelow(10**rules.PASS_DIGITS):0{rules.PASS_DIGITS}d}"
        if not PickupPass.objects.filter(store_id=store_id, code_hash=_hash(store_id, code)).exists():
            return code


def revoke(person: Person, pass_id: int) -> PickupPass:
    """End a pass at once; again: no change. Raises NotFound for another's."""
    with transaction.atomic():
        row = PickupPass.objects.select_for_update().filter(id=pass_id, person_id=person.id).first()
        if row is None:
            raise NotFound
        if row.revoked_at is None:
            row.revoked_at = now()
            row.save(update_fields=["revoked_at"])
    return row


def live_passes(person: Person) -> list[PassOut]:
    """The person's passes that are not over, the newest first."""
    rows = PickupPass.objects.filter(
        person_id=person.id, revoked_at=None, valid_on__gte=rules.china_day(now())
    )
    return [pass_out(row) for row in rows.order_by("-id").prefetch_related("orders")]


def pass_out(row: PickupPass) -> PassOut:
    """One pass, without its code."""
    links = list(row.orders.all())
    return PassOut(
        id=str(row.id), friend=row.friend, day=row.valid_on, order_ids=[str(x.order_id) for x in links],
        used=all(x.used_at is not None for x in links),
    )  # fmt: skip


def made_out(row: PickupPass, code: str) -> PassMade:
    """A pass that was just made, with its code and where it is shown."""
    ids = Order.objects.filter(passes__passed=row).values("pickup_point_id")
    points = PickupPoint.objects.filter(id__in=ids).order_by("position", "id")
    return PassMade(
        **pass_out(row).model_dump(), code=code, text=f"yantuan:pass:{code}",
        points=[GatePoint(id=str(point.id), name=point.name) for point in points],
    )  # fmt: skip


def gate_passes(order_ids: Sequence[int], today: date) -> list[GatePass]:
    """What a gate must know of passes for these orders, today's and later ones."""
    links = PassOrder.objects.filter(
        order_id__in=order_ids, used_at=None, passed__revoked_at=None, passed__valid_on__gte=today
    ).select_related("passed")
    found: dict[PickupPass, list[str]] = defaultdict(list)
    for link in links.order_by("passed_id", "order_id"):
        found[link.passed].append(str(link.order_id))
    return [
        GatePass(s=row.salt, d=row.digest, f=_name(row), day=row.valid_on.isoformat(), o=orders)
        for row, orders in found.items()
    ]


def _name(row: PickupPass) -> str:
    return masked_name(row.friend) if row.friend else "朋友"


def shown(order: Order, code: str, at: datetime) -> Shown:
    """What the shown code is worth for this order at that moment; the caller holds the order's lock."""
    if not code:
        return Shown()
    row = PickupPass.objects.filter(store_id=order.store_id, code_hash=_hash(order.store_id, code)).first()
    link = PassOrder.objects.filter(passed=row, order_id=order.id).first() if row else None
    if row is None or link is None:
        return Shown("unknown")
    worth = rules.friend_of(row.valid_on, row.revoked_at, link.used_at is not None, at)
    return Shown(worth, row.id, link.id, _name(row))


def use(found: Shown, at: datetime) -> None:
    """The order was fetched by it; once is all it is good for."""
    PassOrder.objects.filter(id=found.link_id or 0, used_at=None).update(used_at=at)


def give_back(order_id: int, pass_id: int | None) -> None:
    """The hand-out was taken back: the friend may come again."""
    PassOrder.objects.filter(order_id=order_id, passed_id=pass_id or 0).update(used_at=None)


def old_passes() -> QuerySet[PickupPass]:
    """Passes whose day is long over."""
    return PickupPass.objects.filter(valid_on__lt=rules.china_day(now() - KEPT))


def orders_of(store_id: int, text: str) -> list[int] | None:
    """Orders of the store that the pass in the text is good for now; None where the text is no pass."""
    code = rules.read_pass(text)
    if not code:
        return None
    row = PickupPass.objects.filter(store_id=store_id, code_hash=_hash(store_id, code)).first()
    if row is None:
        return []
    moment, links = now(), PassOrder.objects.filter(passed=row).order_by("order_id")
    good = [
        x
        for x in links
        if rules.friend_of(row.valid_on, row.revoked_at, x.used_at is not None, moment) == "ok"
    ]
    return [x.order_id for x in good]


def fetched(order: Order, code: str) -> str:
    """Take the pass for an order at a desk with a line. Raises Conflict `pass_not_good`; the caller holds the order's lock."""
    moment = now()
    found = shown(order, code, moment)
    if found.friend != "ok":
        raise Conflict(
            "pass_not_good", "代取码无效：可能已作废、已用过，或不是今天的", "The pass is ended, used, or for another day.",
            friend=found.friend,
        )  # fmt: skip
    use(found, moment)
    return found.name


def returned(order_id: int) -> None:
    """A hand-out of the order was taken back at the desk: the friend may come again."""
    PassOrder.objects.filter(order_id=order_id, passed__revoked_at=None).update(used_at=None)
