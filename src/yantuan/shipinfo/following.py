"""After the upload: the buyer's receipt, the settlement, reminders of late shipping, and what was missed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import Q

from yantuan.gateways.errors import GatewayError, GatewayRefused
from yantuan.gateways.wechat_shipping import ShippingRefused, moment_of
from yantuan.kernel.clock import china_text, now
from yantuan.kernel.config import config
from yantuan.kernel.db import retrying
from yantuan.kernel.ids import EPOCH_MS
from yantuan.notices.actions import tell_leader
from yantuan.notices.rules import Words
from yantuan.orders.holding import held_orders
from yantuan.orders.models import Order
from yantuan.orders.presale import still_promised
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.push.registry import Push
from yantuan.shipinfo import facts, flow, gateway
from yantuan.shipinfo.models import ShippingInfo
from yantuan.shipinfo.states import OPEN, UPLOADED
from yantuan.stores.models import Store

log = logging.getLogger("yantuan.shipinfo")

BATCH = 50
LATE_AFTER = timedelta(hours=48)
LOOK_BACK = timedelta(days=60)
"""How far back the sweep looks for shipped orders the platform was not told of."""
ASK_PAUSE = timedelta(days=1)
ASK_FOR = timedelta(days=60)
REMIND_PAUSE = timedelta(minutes=10)
_UNSHIPPED = Q(delivery_method="courier", delivery="none") | Q(
    delivery_method="pickup", delivery="awaiting_pickup"
)


def remind_receipt(order_id: int, at: datetime) -> None:
    """The carrier signed at `at`: let the platform remind the buyer to confirm, once, by express only.

    Cheap and without a remote call; safe to call again.
    """
    rows = ShippingInfo.objects.filter(order_id=order_id, signed_at=None, confirmed_at=None)
    rows.filter(state__in=OPEN, order__delivery_method="courier").update(signed_at=at, remind_at=now())


def remind_due() -> int:
    """Send the receipt reminders that are due; answers how many were tried."""
    if not gateway.configured():
        return 0
    due = ShippingInfo.objects.filter(remind_at__lte=now())
    rows = list(due.order_by("remind_at")[:BATCH])
    for info in rows:
        _remind(info)
    return len(rows)


def _remind(info: ShippingInfo) -> None:
    if info.state not in UPLOADED:
        # Not told of the whole shipping yet, or over already.
        later = now() + REMIND_PAUSE if info.state in OPEN else None
        ShippingInfo.objects.filter(id=info.id).update(remind_at=later)
        return
    again: datetime | None = None
    try:
        signed = max(info.signed_at or now(), info.uploaded_at or now())
        gateway.client().notify_confirm_receive(info.transaction_id, signed)
    except ShippingRefused as refusal:
        # Reminded already, pick-up, or confirmed: nothing is left to do. Not shipped yet: the upload goes on.
        again = now() + REMIND_PAUSE if refusal.kind in ("not_shipped", "not_visible") else None
    except GatewayRefused as refusal:
        log.warning("receipt reminder of %s refused: %s", info.id, refusal)
        again = now() + ASK_PAUSE
    except GatewayError:
        again = now() + REMIND_PAUSE
    ShippingInfo.objects.filter(id=info.id).update(remind_at=again)


def ask_due() -> int:
    """Ask the platform about payments whose end should have come; answers how many were asked."""
    if not gateway.configured():
        return 0
    rows = list(ShippingInfo.objects.filter(next_ask_at__lte=now()).order_by("next_ask_at")[:BATCH])
    for info in rows:
        _ask(info)
    return len(rows)


def _ask(info: ShippingInfo) -> None:
    moment = now()
    later = moment + ASK_PAUSE if moment - info.created_at < ASK_FOR else None
    ShippingInfo.objects.filter(id=info.id).update(next_ask_at=later)
    try:
        order = gateway.client().get_order(info.transaction_id)
    except GatewayError as error:
        log.info("asking about %s: %s", info.id, error)
        return
    if order.state == 4:
        retrying(lambda: _settle(info.id, moment, moment, moment))
    elif order.state in (3, 6):
        ShippingInfo.objects.filter(id=info.id, confirmed_at=None).update(confirmed_at=moment)
    elif order.state == 5:
        flow.refresh(info.order_id)


def of_push(push: Push) -> ShippingInfo | None:
    """The row an event is about, by transaction number or ours; written if need be, None if it isn't a payment here."""
    rows = ShippingInfo.objects.select_related("attempt")
    number, own = push.text("transaction_id"), push.text("merchant_trade_no")
    found = rows.filter(transaction_id=number).first() if number else None
    if found is None and own:
        found = rows.filter(attempt__out_trade_no=own).first()
    if found is not None or not (number or own):
        return found
    order_id = (
        Order.objects.filter(
            Q(attempts__transaction_id=number or None) | Q(attempts__out_trade_no=own or None)
        )
        .values_list("id", flat=True)
        .first()
    )
    return flow.ensure(order_id) if order_id is not None else None


def settled(push: Push) -> None:
    """`trade_manage_order_settlement`: told at shipping with the term, and again when the money was let go."""
    info = of_push(push)
    if info is None:
        log.warning("a settlement of a payment nobody knows here: %s", push.id)
        return
    estimated = moment_of(push.number("estimated_settlement_time"))
    confirmed = moment_of(push.number("confirm_receive_time"))
    done = moment_of(push.number("settlement_time"))
    retrying(lambda: _settle(info.id, done, confirmed, estimated))


def _settle(
    info_id: int, done: datetime | None, confirmed: datetime | None, estimated: datetime | None
) -> None:
    info, _ = flow.locked(info_id)
    fields = {
        "settles_at": info.settles_at or estimated,
        "confirmed_at": info.confirmed_at or confirmed,
        "settled_at": info.settled_at or done,
    }
    if done is not None and info.state in (*OPEN, "not_needed"):
        over = {
            "problem": "",
            "next_try_at": None,
            "waiting_since": None,
            "remind_at": None,
            "next_ask_at": None,
        }
        flow.move(info, "settle", **fields, **over)
    else:
        flow.write(info, **fields)


def late_told(push: Push) -> None:
    """`trade_manage_remind_shipping`: the platform itself finds shipping late; the leader hears it once per order."""
    info = of_push(push)
    if info is None:
        return
    order = Order.objects.select_related("store__leader").get(id=info.order_id)
    if _is_late(order) and _mark_late([info.id]):
        _tell_late(order.store, [order])


def tell_late() -> int:
    """Tell leaders of orders paid two days ago and not shipped: one message per store however many; answers how many orders."""
    if not gateway.configured() or facts.known_managed() is not True:
        return 0
    moment = now()
    orders = Order.objects.select_related("store__leader").filter(
        _UNSHIPPED,
        id__gte=_first_id(moment - timedelta(days=15)),
        payment__in=list(PAID_PAYMENTS),
        payment_method="wechatpay",
        paid_at__lt=moment - LATE_AFTER,
    )
    found = orders.exclude(shipping_infos__late_told_at__isnull=False).order_by("store_id", "id")[:500]
    # A pre-sale is late when its promised day is over, and what may not move yet can't be late; until then nobody is told.
    early = still_promised([order.id for order in found], moment)
    early |= held_orders({order.id: order.group_buy_id for order in found}).keys()
    told = 0
    for _, group in groupby(
        [order for order in found if order.id not in early], key=lambda order: order.store_id
    ):
        told += _tell_store(list(group))
    return told


def _tell_store(orders: list[Order]) -> int:
    fresh = []
    for order in orders:
        info = flow.ensure(order.id)
        if info is not None and info.arrived_at is None and _mark_late([info.id]):
            fresh.append(order)
    if fresh:
        _tell_late(fresh[0].store, fresh)
    return len(fresh)


def _is_late(order: Order) -> bool:
    return order.payment in PAID_PAYMENTS and order.delivery in ("none", "awaiting_pickup", "part_shipped")


def _mark_late(ids: Iterable[int]) -> int:
    return ShippingInfo.objects.filter(id__in=list(ids), late_told_at=None).update(late_told_at=now())


def _tell_late(store: Store, orders: list[Order]) -> None:
    first = orders[0]
    if len(orders) == 1:
        title, link = (
            f"订单 #{first.number} 付款超过 48 小时还没发货",
            f"/pages/order/index?id={first.id}&as=leader",
        )
    else:
        title, link = f"有 {len(orders)} 笔订单付款超过 48 小时还没发货", "/leader/orders/index?tab=to_ship"
    paid = china_text(first.paid_at) if first.paid_at else ""
    body = f"最早一笔 {paid} 付款。微信要求按时发货，否则货款不能结算，小程序支付也可能受限"
    order_id = first.id if len(orders) == 1 else None
    tell_leader(
        store,
        "shipping_late",
        Words(title, body),
        f"late:{first.id}:{len(orders)}",
        order_id=order_id,
        link=link,
    )


def sweep() -> int:
    """Rows for shipped orders the platform was not told of: paid before the mini-program was set up here, or lost on the way."""
    if not gateway.configured():
        return 0
    orders = Order.objects.filter(
        Q(delivery__in=["part_shipped", "shipped", "received", "part_picked", "picked"]),
        id__gte=_first_id(now() - LOOK_BACK),
        payment_method="wechatpay",
        payment__in=list(PAID_PAYMENTS),
        attempts__appid=config().wechat_mini_appid,
        attempts__state="succeeded",
        attempts__extra=False,
        shipping_infos=None,
    )
    ids = list(orders.order_by("id").values_list("id", flat=True).distinct()[:500])
    for order_id in ids:
        flow.refresh(order_id)
    return len(ids) + _include()


def _include() -> int:
    """Payments let off because the mini-program was not under the rule, once it is."""
    if facts.known_managed() is not True:
        return 0
    rows = ShippingInfo.objects.filter(state="not_needed", created_at__gte=now() - LOOK_BACK)
    ids = list(rows.values_list("id", flat=True)[:500])
    for info_id in ids:
        retrying(lambda info_id=info_id: _included(info_id))  # type: ignore[misc]
    return len(ids)


def _included(info_id: int) -> None:
    info, order = flow.locked(info_id)
    if info.state == "not_needed":
        flow.move(info, "include")
        flow.refresh_locked(info, order)


def _first_id(moment: datetime) -> int:
    """The least id a row made at `moment` can have."""
    return max(0, int(moment.timestamp() * 1000) - EPOCH_MS) << 22
