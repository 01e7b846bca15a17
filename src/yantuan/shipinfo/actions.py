"""What people do about shipping information: try again, spend the correction, say that goods arrived, confirm at WeChat."""

from __future__ import annotations

from yantuan.identity.models import Person
from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import Conflict
from yantuan.orders.access import access_order, access_order_as_leader
from yantuan.orders.models import Order
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.shipinfo import flow, gateway, rules
from yantuan.shipinfo.models import ShippingInfo
from yantuan.shipinfo.states import UPLOADED

ARRIVED_PER_EVENT = 100
"""Orders of one sale the worker marks in one go."""


def retry(person: Person, order_id: int) -> Order:
    """Tell the platform again after a failure. Waiting already: no change.

    Raises Conflict `no_shipping_info` or `nothing_to_retry`.
    """
    order = access_order_as_leader(person, order_id)
    info = _info_of(order)
    retrying(lambda: _retry(info.id))
    return order


def _retry(info_id: int) -> None:
    info, order = flow.locked(info_id)
    if info.state == "waiting":
        flow.write(info, next_try_at=now())
        return
    if info.state not in ("failed", "carrier_unknown"):
        raise Conflict("nothing_to_retry", "微信发货信息没有失败，不用重试", "Nothing has failed here.")
    flow.refresh_locked(info, order)


def agree(person: Person, order_id: int) -> Order:
    """Spend the one correction on the parcels as they stand. Agreed already: no change.

    Raises Conflict `no_shipping_info`, `correction_used`, `finished_at_wechat` or `nothing_to_correct`.
    """
    order = access_order_as_leader(person, order_id)
    info = _info_of(order)
    retrying(lambda: _agree(info.id, Actor("leader", person.id)))
    return order


def _agree(info_id: int, actor: Actor) -> None:
    info, order = flow.locked(info_id)
    if info.confirmed_at is not None or info.state == "settled":
        raise Conflict(
            "finished_at_wechat",
            "买家已在微信确认收货，微信里的单号不能再改",
            "The buyer has confirmed at WeChat; the number there can't be changed any more.",
        )
    if info.chance_used:
        raise Conflict(
            "correction_used",
            "微信每笔支付只能更正一次，这笔已经用过了；请直接把新单号告诉买家",
            "WeChat takes one correction per payment, and it was used.",
        )
    known = flow.known_of(info)
    wanted = flow.wanted_of(info, order, flow.live_parcels(order))
    decided = rules.step(known, wanted)
    if decided == "again":
        return
    if info.state != "changed" or decided != "ask":
        raise Conflict("nothing_to_correct", "单号没有变化，不用更正", "Nothing has changed.")
    flow.write(info, agreed=[list(pair) for pair in wanted.pairs])
    flow.refresh_locked(info, order)
    data = {"order_id": str(order.id)}
    audit.record(actor, "shipinfo.correct", "order", order.id, store_id=order.store_id, **data)


def mark_arrived(person: Person, order_id: int) -> int:
    """The goods of this order's sale are at its pick-up point: tell the platform of every paid order that waits there.

    This order at once, the others by the worker. Answers how many orders are newly told; again, once they are: none.
    """
    order = access_order_as_leader(person, order_id)
    ids = _to_tell(order.store_id, order.group_buy_id, order.pickup_point_id)
    if order.id in ids:
        arrived(order.id)
    if ids:
        rest = [one for one in ids if one != order.id]
        actor = Actor("leader", person.id)
        retrying(lambda: _hand_on(order.store_id, order.group_buy_id, rest, len(ids), actor))
    return len(ids)


def arrived_at_point(store_id: int, group_buy_id: int, point_id: int, actor: Actor) -> int:
    """The goods of a sale are at a point: the worker tells the platform of every paid order that waits there.

    Answers how many are newly told; again: none.
    """
    ids = _to_tell(store_id, group_buy_id, point_id)
    if ids:
        retrying(lambda: _hand_on(store_id, group_buy_id, ids, len(ids), actor))
    return len(ids)


def _to_tell(store_id: int, group_buy_id: int, point_id: int | None) -> list[int]:
    waiting = Order.objects.filter(
        store_id=store_id,
        group_buy_id=group_buy_id,
        pickup_point_id=point_id,
        delivery="awaiting_pickup",
        payment__in=list(PAID_PAYMENTS),
        attempts__appid=config().wechat_mini_appid,
        attempts__state="succeeded",
        attempts__extra=False,
    ).exclude(shipping_infos__arrived_at__isnull=False)
    return (
        list(waiting.order_by("id").values_list("id", flat=True).distinct()) if gateway.configured() else []
    )


def _hand_on(store_id: int, group_buy_id: int, ids: list[int], told: int, actor: Actor) -> None:
    """Leave these orders to the worker, on record with how many there are in all."""
    for start in range(0, len(ids), ARRIVED_PER_EVENT):
        payload = {"order_ids": ids[start : start + ARRIVED_PER_EVENT]}
        outbox.emit("shipinfo.arrived", payload, store_id=store_id)
    audit.record(actor, "shipinfo.arrived", "group_buy", group_buy_id, store_id=store_id, orders=told)


def arrived(order_id: int) -> bool:
    """The goods of one pick-up order are there. Again, or nothing to tell: no change, False."""
    info = flow.ensure(order_id)
    if info is None:
        return False

    def work() -> bool:
        row, order = flow.locked(info.id)
        if row.arrived_at is not None:
            return False
        flow.write(row, arrived_at=now())
        flow.refresh_locked(row, order)
        payload = {"order_id": order_id}
        outbox.emit("order.arrived", payload, store_id=order.store_id, key=f"arrived:{order_id}")
        return True

    return retrying(work)


def confirmed_at_wechat(person: Person, order_id: int) -> Order:
    """The buyer says they confirmed at WeChat: the platform is asked soon. Never believed by itself."""
    order = access_order(person, order_id)
    rows = ShippingInfo.objects.filter(order_id=order.id, state__in=list(UPLOADED), confirmed_at=None)
    rows.update(next_ask_at=now())
    return order


def _info_of(order: Order) -> ShippingInfo:
    info = ShippingInfo.objects.filter(order_id=order.id).first()
    if info is None:
        raise Conflict(
            "no_shipping_info",
            "这笔订单不需要向微信上传发货信息",
            "This order needs no shipping information.",
        )
    return info
