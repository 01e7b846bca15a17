"""What may be changed of where an order goes. Callers have passed `access_*` already."""

from __future__ import annotations

from yantuan.orders.models import AddressRecord, Order
from yantuan.orders.queries import recipient_parts
from yantuan.orders.readdress_rules import refusal
from yantuan.orders.readdress_schemas import ReaddressOut
from yantuan.orders.readdressing import OPEN, before_cut_off, mates
from yantuan.orders.states import Viewer
from yantuan.stores.queries import point_out, points_of


def readdress_out(order: Order, viewer: Viewer) -> ReaddressOut:
    """For its buyer with the recipient, for its leader without."""
    sale = order.group_buy
    refused = refusal(order, by_leader=viewer == "leader", sale_open=before_cut_off(sale))
    others = Order.objects.filter(
        participation_id=order.participation_id, payment__in=OPEN, delivery_method=order.delivery_method
    )
    seen = AddressRecord.objects.filter(order_id=order.id).values_list("changes", flat=True).first()
    pickup = order.delivery_method == "pickup"
    named = {int(one) for one in sale.pickup_point_ids} | {order.pickup_point_id or 0}
    return ReaddressOut(
        delivery_method=order.delivery_method,
        problem=refused.zh if refused else "",
        problem_en=refused.en if refused else "",
        seen=seen or 0,
        orders=len(mates(order, list(others))),
        parts=recipient_parts(order) if viewer == "buyer" else None,
        pickup_point_id=str(order.pickup_point_id or "") if pickup else "",
        points=[point_out(point) for point in points_of(order.store_id, named)] if pickup else [],
    )
