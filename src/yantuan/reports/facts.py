"""What some columns of a sheet of orders need besides orders and lines: read a portion at a time, and only where asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import Max

from yantuan.groupbuys.models import Offer
from yantuan.groupbuys.options import offer_options_of
from yantuan.identity.models import Person
from yantuan.orders.models import LocalDelivery, Order, OrderEvent
from yantuan.payments.models import PaymentAttempt
from yantuan.reports.columns import About, More, Need


def more_of(orders: Sequence[Order], needs: Collection[Need]) -> More:
    """For these orders and the needs of a sheet's columns."""
    ids, more = [order.id for order in orders], More()
    if "person" in needs:
        people = Person.objects.filter(id__in={order.person_id for order in orders})
        more.nicknames = dict(people.values_list("id", "nickname"))
    if "payment" in needs:
        more.payments = _payments(ids)
    if "distance" in needs:
        ways = LocalDelivery.objects.filter(order_id__in=ids)
        more.metres = dict(ways.values_list("order_id", "metres"))
    if "events" in needs:
        events = OrderEvent.objects.filter(order_id__in=ids).order_by().values_list("order_id")
        more.touched = dict(events.annotate(last=Max("at")))
    if {"offers", "costs"} & set(needs):
        more.offers = _offers({line.offer_id for order in orders for line in order.lines.all()})
    return more


def _payments(order_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Of the payment that counts; one that came twice was given back by itself."""
    paid = PaymentAttempt.objects.filter(order_id__in=order_ids, state="succeeded", extra=False)
    rows = paid.values_list("order_id", "out_trade_no", "transaction_id").order_by("id")
    return {order: (number, theirs or "") for order, number, theirs in rows}


def _offers(offer_ids: Collection[int]) -> dict[int, About]:
    rows = Offer.objects.filter(id__in=offer_ids).values_list("id", "sku__cost_fen", "options")
    found = {}
    for offer, cost, kept in rows:
        options = offer_options_of(kept)
        found[offer] = About(cost, options.limits.category, options.money.gift is not None)
    return found
