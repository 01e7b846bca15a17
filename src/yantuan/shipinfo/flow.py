"""Where a payment's shipping information stands after each event of the trade; no remote call here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from yantuan.fulfilment.models import PickupCheck, Shipment
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.db import retrying
from yantuan.notices.actions import tell_leader
from yantuan.notices.rules import Words
from yantuan.orders.models import Order
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.payments.models import PaymentAttempt
from yantuan.shipinfo import gateway, rules
from yantuan.shipinfo.models import ShippingInfo
from yantuan.shipinfo.states import ADVICE, OPEN, SHIPPING

HANDED_OUT: rules.Pair = ("", "")
_LEFT = ("shipped", "received")


def attempt_of(order_id: int) -> PaymentAttempt | None:
    """The payment of an order that the mini-program's shipping desk must hear of; None when there is none."""
    if not gateway.configured():
        return None
    attempts = PaymentAttempt.objects.filter(
        order_id=order_id, state=PaymentAttempt.State.SUCCEEDED, extra=False, appid=config().wechat_mini_appid
    )
    return attempts.exclude(transaction_id=None).order_by("id").first()


def ensure(order_id: int) -> ShippingInfo | None:
    """The row of an order's payment, written if it isn't there; None when the platform need not hear of it."""
    known = ShippingInfo.objects.filter(order_id=order_id).first()
    if known is not None:
        return known
    attempt = attempt_of(order_id)
    if attempt is None:
        return None
    row = ShippingInfo(
        attempt=attempt,
        order_id=order_id,
        store_id=attempt.store_id,
        transaction_id=attempt.transaction_id or "",
        created_at=now(),
    )
    with transaction.atomic():
        ShippingInfo.objects.bulk_create([row], ignore_conflicts=True)
    return ShippingInfo.objects.get(attempt=attempt)


def locked(info_id: int) -> tuple[ShippingInfo, Order]:
    """The row, locked until the open transaction ends, and its order."""
    info = ShippingInfo.objects.select_for_update().get(id=info_id)
    return info, Order.objects.select_related("store__leader").get(id=info.order_id)


def move(info: ShippingInfo, event: str, **fields: Any) -> None:
    """One step of a locked row; the same step again only writes the fields. Raises Conflict `illegal_transition`."""
    targets = {row[event] for row in SHIPPING.edges.values() if event in row}
    if SHIPPING.allows(info.state, event) or info.state not in targets:
        fields["state"] = SHIPPING.next(info.state, event)
    write(info, **fields)


def write(info: ShippingInfo, **fields: Any) -> None:
    """Change fields of a locked row."""
    for name, value in fields.items():
        setattr(info, name, value)
    ShippingInfo.objects.filter(id=info.id).update(**fields)


def live_parcels(order: Order) -> list[Shipment]:
    """Parcels that left and were not taken back, oldest first."""
    rows = Shipment.objects.filter(order_id=order.id, withdrawn_at=None)
    return list(rows.prefetch_related("lines__order_line").order_by("id"))


def pair_of(parcel: Shipment) -> rules.Pair:
    """Carrier and number as compared; a carrier in the leader's words is told apart by its name."""
    carrier = parcel.carrier if parcel.carrier != "OTHER" else f"OTHER:{parcel.carrier_name}"
    return carrier, parcel.tracking_no


def known_of(info: ShippingInfo) -> rules.Known:
    """What the platform has been told."""
    return rules.Known(
        uploaded=pairs_in(info.uploaded),
        mode=info.mode,
        complete=info.complete,
        chance_used=info.chance_used,
        agreed=pairs_in(info.agreed),
    )


def pairs_in(kept: Sequence[Sequence[str]]) -> tuple[rules.Pair, ...]:
    """Pairs as kept in JSON."""
    return tuple((pair[0], pair[1]) for pair in kept)


def wanted_of(info: ShippingInfo, order: Order, parcels: Sequence[Shipment]) -> rules.Wanted:
    """What the platform should know of an order now."""
    if order.delivery_method == "pickup":
        gone = info.arrived_at is not None or _handed_out(order)
        return rules.Wanted((HANDED_OUT,) if gone else (), True)
    pairs = rules.first_parcels([pair_of(parcel) for parcel in parcels])
    return rules.Wanted(pairs, order.delivery in _LEFT)


def _handed_out(order: Order) -> bool:
    return PickupCheck.objects.filter(order_id=order.id, undone_at=None).exists()


def refresh(order_id: int) -> None:
    """Bring an order's row in line with its parcels, hand-outs and refunds. Safe to call any number of times."""
    info = ensure(order_id)
    if info is not None:
        retrying(lambda: refresh_locked(*locked(info.id)))


def refresh_locked(info: ShippingInfo, order: Order) -> None:
    """As `refresh`, for a locked row in the caller's transaction."""
    if info.state not in OPEN:
        return
    if order.payment not in PAID_PAYMENTS:
        move(info, "close", problem="", next_try_at=None, remind_at=None, next_ask_at=None)
        return
    known, wanted = known_of(info), wanted_of(info, order, live_parcels(order))
    match rules.step(known, wanted):
        case "upload" | "again":
            _wait(info)
        case "ask":
            _ask(info, order)
        case "stale":
            _stale(info, order)
        case "unship":
            if SHIPPING.allows(info.state, "unship"):
                move(info, "unship", problem="", next_try_at=None, waiting_since=None)
        case "nothing":
            _rest(info, known)


def _wait(info: ShippingInfo) -> None:
    moment = now()
    if info.state == "waiting":
        # Already due; what is sent is read when it is sent.
        write(info, next_try_at=min(info.next_try_at or moment, moment))
    else:
        move(info, "ship", problem="", provider_code="", tries=0, next_try_at=moment, waiting_since=moment)


def _ask(info: ShippingInfo, order: Order) -> None:
    if info.state != "changed":
        move(info, "ask", problem="changed", next_try_at=None, waiting_since=None)
        tell(info, order, "changed")


def _stale(info: ShippingInfo, order: Order) -> None:
    if info.problem != "chance_used":
        event = "accept_again"
        if SHIPPING.allows(info.state, event):
            move(info, event, next_try_at=None, waiting_since=None)
        write(info, problem="chance_used")
        tell(info, order, "chance_used")


def _rest(info: ShippingInfo, known: rules.Known) -> None:
    event = rules.rest_event(known)
    if SHIPPING.allows(info.state, event):
        move(info, event, problem="", next_try_at=None, waiting_since=None)
    elif info.problem == "chance_used":
        write(info, problem="")


def tell(info: ShippingInfo, order: Order, problem: str) -> None:
    """Tell the leader of a trouble, once for each state it is in."""
    words = Words(f"订单 #{order.number} 微信发货信息：{SHIPPING.labels[info.state]}", ADVICE[problem])
    key = f"shipinfo:{info.id}:{problem}:{len(info.uploaded)}:{hash_of(info)}"
    link = f"/pages/order/index?id={order.id}&as=leader"
    tell_leader(order.store, "shipping_info", words, key, order_id=order.id, link=link)


def hash_of(info: ShippingInfo) -> str:
    """Tells two troubles of one payment apart: what was sent before, and when."""
    stamp: datetime = info.uploaded_at or info.created_at
    return f"{int(stamp.timestamp())}:{int(info.chance_used)}"
