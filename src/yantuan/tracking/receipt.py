"""What the traces of an order's parcels mean for its automatic receipt."""

from __future__ import annotations

from datetime import datetime, timedelta

from yantuan.fulfilment.models import Shipment
from yantuan.kernel import outbox
from yantuan.kernel.config import config
from yantuan.orders.models import Order, OrderEvent
from yantuan.tracking import rules
from yantuan.tracking.models import Tracking


def plan_receipt(order: Order) -> None:
    """Set when the order (locked by the caller) counts as received by itself; tell once when all its parcels are signed for.

    Only an order of which everything has left has such a moment; without any watched parcel the calendar stays as it is.
    """
    if order.delivery != "shipped":
        return
    rows = {row.shipment_id: row for row in Tracking.objects.filter(order_id=order.id)}
    if not rows:
        return
    live = list(Shipment.objects.filter(order_id=order.id, withdrawn_at=None).values_list("id", flat=True))
    seen = [_seen(rows.get(shipment_id)) for shipment_id in live]
    cfg = config()
    at = rules.receive_at(
        seen,
        _all_shipped_at(order),
        after_signed=timedelta(days=cfg.auto_receive_days_after_signed),
        after_shipped=timedelta(days=cfg.auto_receive_days_courier),
    )
    if at != order.auto_receive_at:
        Order.objects.filter(id=order.id).update(auto_receive_at=at)
        order.auto_receive_at = at
    signed = [parcel.signed_at for parcel in seen if parcel.status == "signed" and parcel.signed_at]
    if signed and len(signed) == len(seen):
        outbox.emit(
            "parcel.signed",
            {"order_id": order.id, "at": max(signed).isoformat()},
            store_id=order.store_id,
            key=f"signed:{order.id}",
        )


def _seen(row: Tracking | None) -> rules.Seen:
    if row is None or row.state == Tracking.State.STOPPED:
        return rules.Seen()
    return rules.Seen(row.status, row.told_at is not None, row.signed_at, row.gave_up_at)


def _all_shipped_at(order: Order) -> datetime:
    last = (
        OrderEvent.objects.filter(order_id=order.id, axis="delivery", event="ship_all")
        .order_by("-id")
        .first()
    )
    moment = last.at if last else order.shipped_at
    assert moment is not None
    return moment
