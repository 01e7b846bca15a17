"""再加一点: what a person has in a sale that has not left, and that more can be added to until the cut-off."""

from __future__ import annotations

from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.orders.joining import WAITING
from yantuan.orders.models import Order
from yantuan.orders.queries import place_of
from yantuan.orders.readdressing import OPEN, before_cut_off, destination, mates
from yantuan.orders.recipient_schemas import MyParcel
from yantuan.orders.states import PAID_PAYMENTS


def my_parcel(person: Person, code: str) -> MyParcel | None:
    """The parcel more goes into: of the newest paid order, else of the newest unpaid one; None without one or after the cut-off.

    Raises NotFound for a sale nobody may see.
    """
    sale = GroupBuy.objects.filter(code=code).exclude(state="draft").first()
    if sale is None:
        raise NotFound("没有找到这个团购", "No such sale.")
    if not before_cut_off(sale):
        return None
    mine = Order.objects.filter(
        group_buy_id=sale.id, person_id=person.id, payment__in=OPEN, delivery__in=WAITING
    ).order_by("-id")
    found = sorted(mine, key=lambda order: order.payment not in PAID_PAYMENTS)
    if not found:
        return None
    first = found[0]
    same = [one for one in mates(first, found) if one.delivery_method == first.delivery_method]
    return MyParcel(
        order_id=str(first.id),
        number=first.number,
        orders=len(same),
        goods=[one.goods_text for one in sorted(same, key=lambda one: one.id)],
        paid=first.payment in PAID_PAYMENTS,
        delivery_method=first.delivery_method,
        pickup_point_id=str(first.pickup_point_id or "") if first.delivery_method == "pickup" else "",
        recipient_name=first.recipient_name,
        phone=destination(first).phone,
        place=place_of(first),
    )
