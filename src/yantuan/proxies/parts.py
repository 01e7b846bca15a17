"""What proxies add to an order's page: that it was placed for somebody, and the link to pay it."""

from __future__ import annotations

from yantuan.orders import parts
from yantuan.orders.models import Order
from yantuan.orders.part_schemas import ProxyPart
from yantuan.proxies.links import link_of
from yantuan.proxies.models import Claim, StandIn
from yantuan.proxies.recording import is_proxy


@parts.provide("proxy")
def proxy_of(order: Order) -> list[ProxyPart]:
    """Empty for what buyers ordered themselves."""
    if not is_proxy(order):
        return []
    unpaid = order.payment == "unpaid"
    stand_in = StandIn.objects.filter(person_id=order.person_id).first()
    claims = Claim.objects.filter(group_buy_id=order.group_buy_id, person_id=order.person_id, undone_at=None)
    claimed = any(str(order.id) in claim.order_ids for claim in claims)
    return [ProxyPart(open=unpaid, link=link_of(stand_in) if unpaid else "", claimed=claimed)]
