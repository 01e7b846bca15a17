"""Money arriving at the same instant (PAY, STK-07): booked once, given back when it can't be honoured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from payments.fakepay import FakeProvider
from payments.payworld import World, counts, fresh, make_world, run_out, start_pay
from races.conftest import Pace
from races.provider import deliver, success_notice
from races.racing import LOCK, SEEN, Guard, crowd, meeting, together, unconstrained, violations, without
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError
from yantuan.orders.models import Order, OrderEvent
from yantuan.payments import closing, refund_work
from yantuan.payments.actions import cancel
from yantuan.payments.models import PaymentAttempt, ProviderNotice, Refund

MOVES_ORDER = 'UPDATE "orders_order"'


@contextmanager
def unguarded(parties: int) -> Iterator[None]:
    """No row locks, no compare-and-set; all have decided before the first one moves the order."""
    with without(LOCK, SEEN), meeting(MOVES_ORDER, parties):
        yield


def _paid(provider: FakeProvider, order: Order, channel: str = "native") -> PaymentAttempt:
    """The buyer has paid at the cashier; nobody has told us yet."""
    _, attempt = start_pay(order, channel)
    assert provider.pay(attempt.out_trade_no)
    return attempt


def _pay_events(order: Order) -> int:
    return OrderEvent.objects.filter(order_id=order.id, axis="payment", event="pay").count()


def test_one_notice_many_times(pace: Pace, provider: FakeProvider) -> None:
    """PAY-02: stored once, booked once, whatever else asks at the same moment."""
    copies = pace.size(24, 100, 4)
    with crowd(copies):
        for _ in range(pace.size(2, 20, 1)):
            shop = make_world()
            order = shop.order()
            attempt = _paid(provider, order)
            notice = success_notice(provider, attempt.out_trade_no)
            done = together([lambda n=notice: deliver(n)] * copies)  # type: ignore[misc]
            assert len(set(done)) == 1, done
            row = ProviderNotice.objects.get(business_no=attempt.out_trade_no)
            assert row.seen == copies and row.outcome in ("applied", "repeated")
            assert (_pay_events(order), fresh(order).paid_fen) == (1, order.total_fen)
            assert counts(shop.offers[0]) == (9, 0, 1)


def test_control_without_guards_one_notice_pays_many_times(provider: FakeProvider) -> None:
    """PAY-02, also without the attempt's own row, which is written first and so is a lock of its own."""
    order = make_world().order()
    notice = success_notice(provider, _paid(provider, order).out_trade_no)
    unmarked = Guard(
        re.compile(r'^UPDATE "payments_paymentattempt"'), re.compile("^.*", re.DOTALL), "SELECT 1"
    )
    with without(unmarked), unguarded(3):
        together([lambda: deliver(notice)] * 3)
    assert _pay_events(order) == 3
    assert violations() >= {"O1"}


def _two_paid(shop: World, provider: FakeProvider) -> tuple[Order, list[Any]]:
    """An order both of whose attempts were paid: the first was closed here, not there."""
    order = shop.order()
    first = _paid(provider, order)
    PaymentAttempt.objects.filter(id=first.id).update(state="closed", next_poll_at=None)
    second = _paid(provider, order, "h5")
    return order, [success_notice(provider, one.out_trade_no) for one in (first, second)]


def test_two_paid_attempts(pace: Pace, provider: FakeProvider) -> None:
    """PAY-11: one pays, the other is given back, both are in the book."""
    with crowd(2 * pace.size(2, 4, 1)):
        for _ in range(pace.size(3, 100, 1)):
            shop = make_world()
            order, notices = _two_paid(shop, provider)
            together([lambda n=n: deliver(n) for n in notices * pace.size(2, 4, 1)])  # type: ignore[misc]
            end = fresh(order)
            assert (end.payment, _pay_events(order), end.paid_fen) == ("paid", 1, 2 * order.total_fen)
            back = Refund.objects.get(order_id=order.id)
            assert (back.cause, back.amount_fen) == ("extra", order.total_fen)
            assert (
                PaymentAttempt.objects.filter(order_id=order.id, state="succeeded", extra=False).count() == 1
            )
            refund_work.push(back.id)
            assert counts(shop.offers[0]) == (9, 0, 1)


def test_control_without_guards_two_attempts_both_pay(provider: FakeProvider) -> None:
    """PAY-11: both believe to be the first, and nobody gives anything back."""
    shop = make_world()
    shop.order()
    order, notices = _two_paid(shop, provider)
    with unguarded(2):
        together([lambda n=n: deliver(n) for n in notices])  # type: ignore[misc]
        assert _pay_events(order) == 2
        assert not Refund.objects.exists() and violations() >= {"P4"}


def _settle_down(order: Order) -> None:
    """Whatever the race left for the timers."""
    PaymentAttempt.objects.filter(order_id=order.id, next_poll_at__isnull=False).update(next_poll_at=now())
    closing.watch_due()
    closing.expire_due()


def test_cancel_expiry_and_success(pace: Pace, provider: FakeProvider) -> None:
    """STK-07: ends paid, or closed with everything given back; never both."""
    with crowd(4):
        for turn in range(pace.size(6, 300, 2)):
            shop = make_world()
            order = shop.order()
            _, attempt = start_pay(order)
            run_out(order)

            def paying(number: str = attempt.out_trade_no) -> bool:
                if not provider.pay(number):
                    return False
                deliver(success_notice(provider, number))
                return True

            works: list[Any] = [
                paying, lambda o=order: cancel(o.person, o.id, ""), closing.watch_due, closing.expire_due,
            ]  # fmt: skip
            done = together([*works[turn % 4 :], *works[: turn % 4]])
            assert all(not isinstance(one, Exception) or isinstance(one, AppError) for one in done), done
            _settle_down(order)
            _ended_in_one_way(shop, order, paid="at" in provider.orders[attempt.out_trade_no])


def _ended_in_one_way(shop: World, order: Order, *, paid: bool) -> None:
    end = fresh(order)
    refunds = list(Refund.objects.filter(order_id=order.id).values_list("amount_fen", flat=True))
    if end.payment == "paid":
        assert (paid, end.paid_fen, counts(shop.offers[0])) == (True, order.total_fen, (9, 0, 1))
        # Paid first and cancelled at once: the whole is on its way back and the goods are sold until it is there.
        assert refunds in ([], [order.total_fen])
    else:
        assert (end.payment, counts(shop.offers[0])) == ("closed", (10, 0, 0))
        assert (end.paid_fen, refunds) == ((order.total_fen, [order.total_fen]) if paid else (0, []))
    assert not PaymentAttempt.objects.filter(order_id=order.id, state__in=["created", "prepaid"]).exists()


def test_control_without_guards_paid_and_closed_at_once(provider: FakeProvider) -> None:
    """STK-07: within a few rounds an order is booked as paid and closed as expired in the same second."""
    seen = set()
    for _ in range(12):
        order = make_world().order()
        attempt = _paid(provider, order)
        PaymentAttempt.objects.filter(id=attempt.id).update(state="closed", next_poll_at=None)
        Order.objects.filter(id=order.id).update(expires_at=now())
        notice = success_notice(provider, attempt.out_trade_no)
        with unguarded(2):
            together([lambda n=notice: deliver(n), closing.expire_due])  # type: ignore[misc]
        events = OrderEvent.objects.filter(order_id=order.id, axis="payment").values_list("event", flat=True)
        seen.add(tuple(sorted(events)))
        if ("close", "pay") in seen:
            break
    assert ("close", "pay") in seen
    assert violations() & {"O1", "O2", "O4", "ST2", "ST4"}


def test_many_tabs_pay_one_order(pace: Pace, provider: FakeProvider) -> None:
    """P2: one live attempt, one number at the provider, however often the button is pressed."""
    taps = pace.size(4, 4, 3)
    with crowd(taps):
        for _ in range(pace.size(3, 50, 1)):
            order = make_world().order()
            done = together([lambda o=order: start_pay(o)[0].kind] * taps)  # type: ignore[misc]
            assert done == ["qr"] * taps
            assert PaymentAttempt.objects.filter(order_id=order.id).count() == 1
    assert len(provider.orders) == PaymentAttempt.objects.count()


def test_control_without_guards_two_tabs_make_two_numbers(provider: FakeProvider) -> None:
    """P2 without the order's lock and the unique live attempt: the buyer could pay twice."""
    order = make_world().order()
    loose = unconstrained("payments_paymentattempt", "one_live_attempt_per_order")
    with loose, without(LOCK), meeting('INSERT INTO "payments_paymentattempt"', 2):
        together([lambda: start_pay(order)[0].kind] * 2)
        assert PaymentAttempt.objects.filter(order_id=order.id, state__in=["created", "prepaid"]).count() == 2
    assert len(provider.orders) == 2
