"""How a case moves: locked after its order, compare-and-set, one event on the timeline, the order's axis kept right."""

from __future__ import annotations

from typing import Any

from yantuan.aftersales import rules, states
from yantuan.aftersales.models import AfterSale, AfterSaleLine
from yantuan.kernel import outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import Conflict, NotFound
from yantuan.orders import actions as orders
from yantuan.orders.models import Order, OrderEvent


def lock_case(aftersale_id: int) -> tuple[Order, AfterSale]:
    """The case and its order, both locked until the open transaction ends; always the order first."""
    order_id = AfterSale.objects.filter(id=aftersale_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound("没有找到这个售后单", "No such after-sale case.")
    order = orders.lock_order(order_id)
    return order, AfterSale.objects.select_for_update().get(id=aftersale_id)


def done_before(case: AfterSale, event: str) -> bool:
    """The event is no longer legal because it has led here already: asking again changes nothing."""
    return not states.CASE.allows(case.state, event) and case.state in states.targets(event)


def move(
    case: AfterSale,
    event: str,
    actor: Actor,
    *,
    data: dict[str, Any] | None = None,
    updates: dict[str, Any] | None = None,
) -> None:
    """Take one edge, in the caller's transaction with order and case locked. Raises Conflict `illegal_transition`.

    `data` goes to the timeline and must hold no personal data; `updates` are written with the state.
    """
    before = case.state
    after = states.CASE.next(before, event)
    moment = now()
    fields: dict[str, Any] = {
        **(updates or {}),
        "state": after,
        "due_at": _due(after),
        "version": case.version + 1,
    }
    if after in states.ENDED:
        fields["settled_at"] = moment
    taken = AfterSale.objects.filter(id=case.id, state=before, version=case.version)
    if not taken.update(**fields):
        raise Conflict("aftersale_changed", "售后单刚刚有变化，请刷新后再试", "The case has just changed.")
    for name, value in fields.items():
        setattr(case, name, value)
    record(case, event, actor, before, data)
    if after in states.ENDED:
        _settle(case, actor)


def _due(state: str) -> Any:
    cfg = config()
    return rules.due_at(state, now(), reply_hours=cfg.aftersale_reply_hours, days=cfg.aftersale_return_days)


def record(case: AfterSale, event: str, actor: Actor, before: str, data: dict[str, Any] | None) -> None:
    """The event on the order's timeline, and the word to everybody who must hear of it."""
    OrderEvent.objects.create(
        order_id=case.order_id,
        store_id=case.store_id,
        at=now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        axis="case",
        event=event,
        before=before,
        after=case.state,
        data={"aftersale_id": str(case.id), **(data or {})},
    )
    payload = {"aftersale_id": case.id, "event": states.ANNOUNCED.get(event, event)}
    key = f"aftersale:{case.id}:{case.version}"
    outbox.emit("aftersale.changed", payload, store_id=case.store_id, key=key)


def _settle(case: AfterSale, actor: Actor) -> None:
    AfterSaleLine.objects.filter(aftersale_id=case.id).update(open=False)
    others = AfterSale.objects.filter(order_id=case.order_id).exclude(state__in=list(states.ENDED))
    if not others.exists():
        orders.transition(case.order_id, "aftersale", "settle", actor)
