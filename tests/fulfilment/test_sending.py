"""Many parcels in one transaction: the same as one by one, and one that may not leave keeps nobody."""

from __future__ import annotations

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from fulfilment.sheetworld import live, number, people
from fulfilment.tradeworld import Shop, footprint, make_shop
from yantuan.fulfilment.models import Shipment
from yantuan.fulfilment.rules import Pieces
from yantuan.fulfilment.sending import Parcel, send
from yantuan.kernel.actors import Actor
from yantuan.kernel.errors import AppError
from yantuan.kernel.models import OutboxEvent
from yantuan.orders.models import Order, OrderLine


def together(shop: Shop, *parcels: Parcel) -> list[str]:
    """`sent` or the code of the refusal, parcel by parcel."""
    with transaction.atomic():
        answers = send(shop.world.store.id, parcels, Actor("leader", shop.boss.who.id))
    return [answer.code if isinstance(answer, AppError) else "sent" for answer in answers]


def parcel(order_id: int, place: int, *pieces: Pieces) -> Parcel:
    return Parcel(order_id, "YTO", "圆通速递", number(place), pieces=pieces)


def facts(order_id: int) -> object:
    order = Order.objects.filter(id=order_id)
    return (
        list(order.values_list("payment", "delivery", "version")),
        list(OrderLine.objects.filter(order_id=order_id).order_by("position").values_list("shipped_quantity", "quantity")),
        order.get().shipped_at is not None, order.get().auto_receive_at is not None,
    )  # fmt: skip


def test_the_same_as_one_by_one(shop: Shop) -> None:
    alone, among = people(shop, 2, 2, 1)
    alone.ship(alone.piece(0, 1), number=number(0))
    alone.ship(number=number(1))
    line = among.lines[0].id
    assert together(shop, parcel(among.id, 2, Pieces(line, 1)), parcel(among.id, 3)) == ["sent", "sent"]
    assert facts(alone.id) == facts(among.id)
    assert alone.events("delivery") == among.events("delivery") == ["ship_part", "ship_all"]
    for trade in (alone, among):
        told = OutboxEvent.objects.filter(topic="order.shipped", payload__order_id=trade.id)
        assert told.count() == 2 * len(set(told.values_list("payload___handler", flat=True)))


def test_one_that_may_not_leave_keeps_nobody(shop: Shop) -> None:
    right, unpaid, refunded, last = people(shop, 2)[0], shop.order(paid=False), shop.order(), shop.order(2, 1)
    refunded.refund()
    foreign = people(make_shop(), 1)[0]
    line = last.lines[0].id
    untouched = [facts(t.id) for t in (unpaid, refunded, foreign)]
    got = together(
        shop, parcel(right.id, 0), parcel(right.id, 1), parcel(unpaid.id, 2), parcel(refunded.id, 3), parcel(foreign.id, 4), parcel(7, 5),
        parcel(last.id, 6, Pieces(line, 9)), parcel(last.id, 6, Pieces(line, 1)), parcel(last.id, 7), parcel(last.id, 8),
    )  # fmt: skip
    assert got == [
        "sent", "already_shipped", "order_not_paid", "order_refunded", "order_unknown", "order_unknown", "too_many_pieces", "sent", "sent",
        "already_shipped",
    ]  # fmt: skip
    assert untouched == [facts(t.id) for t in (unpaid, refunded, foreign)]
    assert (live(right.id), live(last.id)) == ([number(0)], [number(6), number(7)])


def test_a_number_taken_in_the_same_breath(shop: Shop) -> None:
    first, second = people(shop, 2)
    assert together(shop, parcel(first.id, 0), parcel(second.id, 0)) == ["sent", "tracking_no_used"]
    assert Shipment.objects.count() == 1


def test_nothing_is_written_when_nothing_may_leave(shop: Shop) -> None:
    unpaid = shop.order(paid=False)
    before = footprint()
    assert together(shop, parcel(unpaid.id, 0)) == ["order_not_paid"]
    assert (footprint(), Shipment.objects.count()) == (before, 0)


def test_the_number_of_statements_does_not_grow(shop: Shop) -> None:
    trades = people(shop, 24, 1, 1)
    counts = []
    for some in (trades[:4], trades[4:]):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert set(together(shop, *[parcel(t.id, t.row.number) for t in some])) == {"sent"}
        counts.append(
            len(
                [
                    one
                    for one in seen
                    if "SELECT" in one["sql"] or "UPDATE" in one["sql"] or "INSERT" in one["sql"]
                ]
            )
            - len(some)
        )
    assert counts[0] == counts[1] <= 12
