"""What shipping information adds to an order's page and to the leader's lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Q

from yantuan.fulfilment.parts import Told, provide_told
from yantuan.orders import lists, parts
from yantuan.orders.models import Order
from yantuan.orders.schemas import ShipInfoOut, WechatConfirm
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.shipinfo import flow, gateway
from yantuan.shipinfo.models import ShippingInfo
from yantuan.shipinfo.states import ADVICE, SHIPPING, TROUBLE, UPLOADED
from yantuan.splits.holds import provide_kept


@parts.provide("ship_info")
def ship_info(order: Order) -> list[ShipInfoOut]:
    """What WeChat knows of the order's shipping, for its leader; nothing where WeChat need not know."""
    if order.payment_method != "wechatpay" or not gateway.configured():
        return []
    info = ShippingInfo.objects.filter(order_id=order.id).first()
    if info is None and order.delivery == "awaiting_pickup" and order.payment in PAID_PAYMENTS:
        info = _to_arrive(order)
    if info is None or info.state == "not_needed":
        return []
    return [
        ShipInfoOut(
            state=info.state,
            state_label=SHIPPING.labels[info.state],
            problem=info.problem,
            advice=ADVICE.get(info.problem, ""),
            provider_code=info.provider_code,
            correction_used=info.chance_used,
            actions=_actions(info, order),
            uploaded_at=info.uploaded_at,
            confirmed_at=info.confirmed_at,
            settles_at=info.settles_at,
            settled_at=info.settled_at,
        )
    ]


def _to_arrive(order: Order) -> ShippingInfo | None:
    """What would be written when the goods arrive; kept nowhere."""
    attempt = flow.attempt_of(order.id)
    return ShippingInfo(attempt=attempt, order=order) if attempt is not None else None


def _actions(info: ShippingInfo, order: Order) -> list[str]:
    words = []
    if info.state == "unshipped" and order.delivery == "awaiting_pickup" and info.arrived_at is None:
        words.append("arrived")
    if info.state in ("failed", "carrier_unknown"):
        words.append("retry")
    if info.state == "changed":
        words.append("correct")
    return words


@parts.provide("wechat_confirm")
def wechat_confirm(order: Order) -> list[WechatConfirm]:
    """What the mini-program gives to WeChat's own confirmation of a receipt; nothing when there is nothing to confirm."""
    if order.payment_method != "wechatpay" or not gateway.configured():
        return []
    rows = ShippingInfo.objects.filter(order_id=order.id, confirmed_at=None, state__in=sorted(UPLOADED))
    info = rows.first()
    if info is None:
        return []
    return [WechatConfirm(transaction_id=info.transaction_id)]


lists.LEADER_TABS["ship_info"] = Q(shipping_infos__state__in=sorted(TROUBLE))


@parts.provide_count("ship_info")
def troubled_orders(store_id: int) -> int:
    """Orders of a store whose shipping WeChat doesn't know rightly."""
    if not gateway.configured():
        return 0
    return ShippingInfo.objects.filter(store_id=store_id, state__in=sorted(TROUBLE)).count()


@provide_kept
def money_kept(attempt_id: int) -> bool:
    """WeChat keeps the money of shipped orders until the receipt; it can't be shared before."""
    rows = ShippingInfo.objects.filter(attempt_id=attempt_id, settled_at=None)
    return rows.exclude(state__in=["not_needed", "closed"]).exists()


@provide_told
def told_of(order_ids: Sequence[int]) -> Mapping[int, Told]:
    """Orders of whose parcels WeChat knows, and whether it would take a correction."""
    rows = ShippingInfo.objects.filter(order_id__in=list(order_ids), uploaded_at__isnull=False)
    facts = rows.values_list("order_id", "chance_used", "confirmed_at", "settled_at")
    return {
        order_id: "final" if used or confirmed or settled else "told"
        for order_id, used, confirmed, settled in facts
    }
