"""The only ways to reach an order; both fail closed and look alike (design §8)."""

from __future__ import annotations

from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.orders.models import Order
from yantuan.staff.access import reach


def access_order(person: Person, order_id: int) -> Order:
    """The buyer's own order, with its store and group buy; NotFound otherwise."""
    order = (
        Order.objects.select_related("store", "group_buy").filter(id=order_id, person_id=person.id).first()
    )
    if order is None:
        raise NotFound("没有找到这个订单", "No such order.")
    return order


def access_order_as_leader(person: Person, order_id: int) -> Order:
    """An order of a store this person owns or helps in, with store and group buy; NotFound otherwise."""
    rows = Order.objects.select_related("store", "group_buy").filter(id=order_id)
    order = reach(person, rows, "store__")
    if order is None:
        raise NotFound("没有找到这个订单", "No such order.")
    return order
