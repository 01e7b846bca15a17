"""Money going back at the same instant (REF): never more than was paid, once, and not for goods that left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db.models import Sum

from payments.fakepay import FakeProvider
from payments.payworld import World, counts, fresh, lines_of, make_world, start_pay
from races.conftest import Pace
from races.provider import deliver, success_notice
from races.racing import LOCK, SEEN, Guard, crowd, meeting, together, unconstrained, violations, without
from yantuan.kernel.errors import AppError
from yantuan.orders.models import Order
from yantuan.payments import refund_work
from yantuan.payments.actions import Wish, cancel, refund_as_leader
from yantuan.payments.models import Refund

WRITES_REFUND = 'INSERT INTO "payments_refund"'


def _paid_order(shop: World, provider: FakeProvider, *quantities: int) -> Order:
    order = shop.order(None, *quantities)
    _, attempt = start_pay(order)
    assert provider.pay(attempt.out_trade_no)
    deliver(success_notice(provider, attempt.out_trade_no))
    assert fresh(order).payment == "paid"
    return order


def _whole(shop: World, order: Order) -> Callable[[], Refund]:
    return lambda: refund_as_leader(
        shop.leader_person, order.id, [], include_freight=True, reason="缺货", restock=True
    )


def _part(shop: World, order: Order, amount: int) -> Callable[[], Refund]:
    wish = Wish(lines_of(order)[0].id, 1, amount)
    return lambda: refund_as_leader(
        shop.leader_person, order.id, [wish], include_freight=False, reason="补偿", restock=False
    )


def _codes(done: list[Refund | Exception]) -> list[str]:
    assert all(isinstance(one, (Refund, AppError)) for one in done), done
    return sorted("ok" if isinstance(one, Refund) else one.code for one in done)  # type: ignore[union-attr]


def _promised(order: Order) -> int:
    return int(Refund.objects.filter(order_id=order.id).aggregate(fen=Sum("amount_fen"))["fen"] or 0)


def test_full_refunds(pace: Pace, provider: FakeProvider) -> None:
    """REF-02: two tabs, fifty clicks, one refund at the provider, sent by several workers."""
    taps = pace.size(16, 50, 4)
    with crowd(taps):
        for _ in range(pace.size(2, 20, 1)):
            shop = make_world()
            order = _paid_order(shop, provider, 2)
            assert _codes(together([_whole(shop, order)] * taps)) == ["nothing_to_refund"] * (taps - 1) + [
                "ok"
            ]
            refund = Refund.objects.get(order_id=order.id)
            together([lambda r=refund: refund_work.push(r.id)] * 4)  # type: ignore[misc]
            Refund.objects.filter(id=refund.id).update(next_try_at=refund.created_at)
            together([refund_work.push_due] * 3)
            end = fresh(order)
            assert (end.payment, end.refunded_fen) == ("refunded", order.total_fen)
            assert counts(shop.offers[0]) == (10, 0, 0)
    assert len(provider.refunds) == Refund.objects.count() and provider.kept() == 0


@contextmanager
def _unguarded(parties: int) -> Iterator[None]:
    """No row lock; all have seen what is left before the first writes; the line's own CHECK is off."""
    loose = unconstrained("orders_orderline", "line_refund_within_share", "line_counts_within_quantity")
    with loose, without(LOCK), meeting(WRITES_REFUND, parties):
        yield


def test_control_without_lock_and_check_more_is_promised_than_was_paid(provider: FakeProvider) -> None:
    """REF-02."""
    shop = make_world()
    order = _paid_order(shop, provider)
    with _unguarded(3):
        together([_whole(shop, order)] * 3)
        assert _promised(order) == 3 * order.total_fen
        assert violations() >= {"L5"}


def test_parts_of_forty_percent(pace: Pace, provider: FakeProvider) -> None:
    """REF-03: at most two of three."""
    with crowd(3):
        for _ in range(pace.size(2, 100, 1)):
            shop = make_world()
            order = _paid_order(shop, provider)
            assert _codes(together([_part(shop, order, 1596)] * 3)) == ["ok", "ok", "refund_exceeds_paid"]
            assert _promised(order) == 2 * 1596


def test_control_without_lock_and_check_three_parts_go(provider: FakeProvider) -> None:
    """REF-03."""
    shop = make_world()
    order = _paid_order(shop, provider)
    with _unguarded(3):
        together([_part(shop, order, 1596)] * 3)
        assert _promised(order) == 3 * 1596 > lines_of(order)[0].amount_fen


def test_cancelling_beside_a_refund(pace: Pace, provider: FakeProvider) -> None:
    """REF-01 between two people: the buyer cancels what the leader is giving back."""
    with crowd(2):
        for _ in range(pace.size(3, 100, 1)):
            shop = make_world()
            order = _paid_order(shop, provider)
            together([lambda o=order: cancel(o.person, o.id, ""), _part(shop, order, 1000)])  # type: ignore[misc]
            assert _promised(order) <= order.total_fen
            for refund in Refund.objects.filter(order_id=order.id):
                Refund.objects.filter(id=refund.id).update(
                    next_try_at=refund.created_at, send_after=refund.created_at
                )
                refund_work.push(refund.id)
                Refund.objects.filter(id=refund.id).update(next_try_at=refund.created_at)
                refund_work.push(refund.id)
            end = fresh(order)
            assert end.refunded_fen == _promised(order)
            assert (end.payment == "refunded") == (end.refunded_fen == order.total_fen)


def test_a_refund_and_its_notice(pace: Pace, provider: FakeProvider) -> None:
    """REF-06: the provider's word comes by answer, by question and by notice at once; counted and restocked once."""
    with crowd(2 * pace.size(3, 5, 2)):
        for _ in range(pace.size(2, 100, 1)):
            shop = make_world()
            order = _paid_order(shop, provider)
            refund = _whole(shop, order)()
            refund_work.push(refund.id)
            told = provider.query_refund(refund.out_refund_no)
            assert told is not None
            Refund.objects.filter(id=refund.id).update(next_try_at=refund.created_at)
            works = [lambda t=told: refund_work.apply_refund_result(t), refund_work.push_due]  # type: ignore[misc]
            assert not [one for one in together(works * pace.size(3, 5, 2)) if isinstance(one, Exception)]
            end = fresh(order)
            assert (end.payment, end.refunded_fen) == ("refunded", order.total_fen)
            assert counts(shop.offers[0]) == (10, 0, 0)


def _told_twice(provider: FakeProvider, *guards: Guard) -> Order:
    """Two answers about one refund of ten yuan, booked by two threads that have both read before one writes."""
    shop = make_world()
    order = _paid_order(shop, provider, 2)
    part = _part(shop, order, 1000)()
    refund_work.push(part.id)
    told = provider.query_refund(part.out_refund_no)
    assert told is not None
    with without(LOCK, SEEN, *guards), meeting('UPDATE "payments_refund"', 2):
        done = together([lambda: refund_work.apply_refund_result(told)] * 2)
    assert not [one for one in done if isinstance(one, Exception)]
    return fresh(order)


def test_without_lock_and_version_a_refund_still_counts_once(provider: FakeProvider) -> None:
    """REF-06: only one of both may turn the row to `succeeded`, whatever they read."""
    assert _told_twice(provider).refunded_fen == 1000


def test_control_without_guards_a_refund_counts_twice(provider: FakeProvider) -> None:
    """REF-06: the order says it has given back twice what the provider did."""
    once = Guard(
        re.compile(r'^UPDATE "payments_refund"'),
        re.compile(r' AND NOT \("payments_refund"\."state" = \'\w+\'\)'),
    )
    assert _told_twice(provider, once).refunded_fen == 2000
    assert violations() >= {"L4"}
