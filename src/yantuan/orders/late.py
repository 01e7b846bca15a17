"""Whether an order that closed would still be taken today: money that comes late revives it only then."""

from __future__ import annotations

from collections.abc import Sequence

from yantuan.catalog.models import StockPool
from yantuan.groupbuys.limiting import Taken, over
from yantuan.groupbuys.models import GroupBuy, GroupCounter, Offer
from yantuan.groupbuys.options import SaleOptions, offer_options_of, sale_options_of
from yantuan.orders import capacity, households
from yantuan.orders.book import dialect
from yantuan.orders.drafts import Recipient
from yantuan.orders.models import Order, OrderLine


def fits_again(order: Order, sale: GroupBuy, lines: Sequence[OrderLine]) -> bool:
    """Whether the sale's own bounds leave room for this closed order; in the caller's transaction, its row locked.

    Takes the locks a booking takes, in the same order, so that no order placed meanwhile is overlooked.
    """
    options = sale_options_of(sale.options)
    limits = options.limits
    if not (limits.by_household or limits.most_orders or limits.most_pieces or limits.most_fen):
        return True
    pools = StockPool.objects.select_for_update(no_key=True).filter(id__in={one.pool_id for one in lines})
    list(pools.order_by("id"))
    GroupCounter.objects.select_for_update(no_key=True).get(group_buy_id=sale.id)
    more = Taken(1, sum(line.quantity for line in lines), order.total_fen)
    if over(limits, capacity.taken(sale.id), more) is not None:
        return False
    return _household_fits(order, options, lines)


def _household_fits(order: Order, options: SaleOptions, lines: Sequence[OrderLine]) -> bool:
    if not options.limits.by_household:
        return True
    point_id = (order.pickup_point_id or 0) if order.delivery_method == "pickup" else 0
    home = households.home_of(
        Recipient(
            "", order.phone_sealed, "", district=order.district, detail=order.detail,
            building=order.building, unit=order.unit, room=order.room,
        ),
        point_id,
    )  # fmt: skip
    look = (order.group_buy_id, order.store_id, order.room, order.phone_last4)
    held = households.held_of(dialect(), [look])
    offers = Offer.objects.in_bulk([line.offer_id for line in lines])
    for line in lines:
        most = offer_options_of(offers[line.offer_id].options).limits.per_household
        before = households.pieces_of(held, home, line.offer_id)
        if most and before + line.quantity > most:
            return False
    return True
