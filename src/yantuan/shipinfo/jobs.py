"""Work after commits, on the clock, and on the platform's events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from yantuan.gateways.errors import GatewayError
from yantuan.kernel.outbox import on
from yantuan.kernel.schedule import every
from yantuan.push.registry import Push
from yantuan.push.registry import on as on_push
from yantuan.shipinfo import actions, facts, flow, following, gateway, presale, uploading
from yantuan.shipinfo.models import ShippingInfo


@on("order.shipped")
@on("order.picked")
@on("parcel.corrected")
@on("parcel.withdrawn")
@on("order.nothing_more_to_ship")
def goods_moved(payload: dict[str, Any]) -> None:
    """Parcels or hand-outs changed."""
    flow.refresh(int(payload["order_id"]))


@on("order.paid")
def presale_paid(payload: dict[str, Any]) -> None:
    """Tell the platform of goods that are promised for later than its rule allows."""
    presale.report(int(payload["order_id"]))


@on("shipinfo.arrived")
def goods_arrived(payload: dict[str, Any]) -> None:
    """The goods of a sale are at a pick-up point; some of its orders."""
    for order_id in payload["order_ids"]:
        actions.arrived(int(order_id))


@on("refund.succeeded")
def money_given_back(payload: dict[str, Any]) -> None:
    """A payment given back in full is out of the platform's hands; others go on."""
    rows = ShippingInfo.objects.filter(order__refunds__id=payload["refund_id"])
    for order_id in rows.values_list("order_id", flat=True):
        flow.refresh(order_id)


@on("parcel.signed")
def parcel_signed(payload: dict[str, Any]) -> None:
    """All parcels of an order were signed for."""
    following.remind_receipt(int(payload["order_id"]), datetime.fromisoformat(str(payload["at"])))


@every(5)
def push_due() -> int:
    """Tell the platform what is due."""
    return uploading.push_due()


@every(60)
def remind_due() -> int:
    """Let the platform remind buyers to confirm."""
    return following.remind_due()


@every(15)
def ask_due() -> int:
    """Ask how far payments are whose news may be lost, or whose buyer has just confirmed."""
    return following.ask_due()


@every(1800)
def tell_late() -> int:
    """Tell leaders of orders that should have been shipped."""
    return following.tell_late()


@every(3600)
def sweep() -> int:
    """Find what was never told; learn whether the rule holds for this mini-program."""
    if not gateway.configured():
        return 0
    try:
        facts.managed()
    except GatewayError:
        # Asked again within the hour; what is known goes on counting.
        return 0
    return following.sweep()


@on_push("trade_manage_order_settlement")
def settlement(push: Push) -> None:
    """Told at shipping with the term, and when the money was let go."""
    following.settled(push)


@on_push("trade_manage_remind_shipping")
def remind_shipping(push: Push) -> None:
    """The platform finds shipping late."""
    following.late_told(push)
