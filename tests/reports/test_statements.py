from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.trade import Trade, full_trade, open_trade
from stores.shop_kit import caller, leader, person, shop
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Person
from yantuan.kernel.clock import CHINA, frozen, now
from yantuan.kernel.errors import Invalid
from yantuan.kernel.ids import new_id, short_code
from yantuan.orders.models import Order, Participation
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.reports.statements import china_day, day_start, statement, summary
from yantuan.stores.models import Store

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]

NEW_YEAR = datetime(2026, 12, 31, 16, tzinfo=UTC)
"""Midnight in Beijing between 2026 and 2027."""


def test_days_are_beijing_days() -> None:
    assert day_start(date(2027, 1, 1)) == NEW_YEAR
    assert china_day(NEW_YEAR - timedelta(microseconds=1)) == date(2026, 12, 31)
    assert china_day(NEW_YEAR) == date(2027, 1, 1)


def bare_store() -> tuple[Store, list[GroupBuy], Person]:
    row = leader()
    store = Store.objects.create(leader=row, code=short_code(), name="店", created_at=now(), updated_at=now())
    groups = [
        GroupBuy.objects.create(
            store=store, code=short_code(), title=f"团{n}", state="published", starts_at=now(), ends_at=now(),
            created_at=now(), updated_at=now(),
        )
        for n in range(3)
    ]  # fmt: skip
    return store, groups, person()


def paid_order(group: GroupBuy, who: Person, fen: int, at: datetime | None, method: str = "offline") -> Order:
    joined, _ = Participation.objects.get_or_create(
        store_id=group.store_id, group_buy=group, person=who, defaults={"number": 1, "created_at": now()}
    )
    return Order.objects.create(
        store_id=group.store_id, group_buy=group, person=who, participation=joined, number=1, payment="paid" if at else "closed",
        payment_method=method, delivery_method="courier", recipient_name="王五", phone_sealed="x", phone_last4="0000",
        goods_fen=fen, total_fen=fen, paid_fen=fen if at else 0, paid_at=at, idempotency_key=str(new_id()), body_hash="h",
        placed_at=at or now(),
    )  # fmt: skip


def refund(order: Order, fen: int, done: datetime | None, state: str = "succeeded") -> Refund:
    return Refund.objects.create(
        order=order, store_id=order.store_id, cause="leader", out_refund_no=f"R{new_id()}", amount_fen=fen, state=state,
        actor_kind="leader", created_at=now(), done_at=done, send_after=now(),
    )  # fmt: skip


def extra_money(order: Order, at: datetime) -> None:
    """A payment beyond what was owed, as booking writes it."""
    PaymentAttempt.objects.create(
        order=order, store_id=order.store_id, trade_type="JSAPI", appid="a", mchid="m", out_trade_no=f"T{new_id()}"[:32],
        amount_fen=order.total_fen, paid_fen=order.total_fen, state="succeeded", extra=True, success_at=at,
        transaction_id=str(new_id()), created_at=at, time_expire=at,
    )  # fmt: skip
    Order.objects.filter(id=order.id).update(paid_fen=order.paid_fen + order.total_fen)


moments = st.integers(-40 * 86400, 40 * 86400).map(lambda s: NEW_YEAR + timedelta(seconds=s))
trades = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(1, 10**8),
        moments,
        st.sampled_from(["offline", "wechatpay"]),
        moments,
        st.integers(0, 3),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trades, st.integers(-30, 30), st.integers(0, 30))
def test_days_sales_and_whole_agree_to_the_fen(
    work: list[tuple[int, int, datetime, str, datetime, int]], start: int, length: int
) -> None:
    store, groups, who = bare_store()
    first = date(2027, 1, 1) + timedelta(days=start)
    last = first + timedelta(days=length)
    paid = back = orders = 0
    for group, fen, at, method, other, what in work:
        order = paid_order(groups[group], who, fen, at, method)
        if first <= china_day(at) <= last:
            paid, orders = paid + fen, orders + 1
        if what == 1:
            refund(order, fen // 2 + 1, other)
            back += (fen // 2 + 1) * (first <= china_day(other) <= last)
        elif what == 2:
            refund(order, fen, None, "processing")
        elif what == 3:
            extra_money(order, other)
            paid += fen * (first <= china_day(other) <= last)
    seen = statement(store, first, last)
    assert (seen.orders, seen.paid_fen, seen.refunded_fen, seen.net_fen) == (orders, paid, back, paid - back)
    assert seen.paid_wechatpay_fen + seen.paid_offline_fen == paid
    for parts in (seen.days, seen.groups):
        assert sum(p.orders for p in parts) == orders
        assert sum(p.paid_fen for p in parts) == paid
        assert sum(p.refunded_fen for p in parts) == back
        assert all(p.net_fen == p.paid_fen - p.refunded_fen for p in parts)
    assert [d.day for d in seen.days] == sorted({d.day for d in seen.days}, reverse=True)
    split = [
        statement(store, day, day) for day in (first + timedelta(days=n) for n in range(min(length, 3) + 1))
    ]
    assert (
        sum(s.paid_fen for s in split)
        == statement(store, first, first + timedelta(days=min(length, 3))).paid_fen
    )


def test_the_last_instant_of_a_day_and_the_first_of_the_next() -> None:
    store, groups, who = bare_store()
    paid_order(groups[0], who, 100, NEW_YEAR - timedelta(microseconds=1))
    paid_order(groups[0], who, 10, NEW_YEAR)
    old, new = date(2026, 12, 31), date(2027, 1, 1)
    assert (statement(store, old, old).paid_fen, statement(store, new, new).paid_fen) == (100, 10)
    assert [d.paid_fen for d in statement(store, old, new).days] == [10, 100]


def test_spans_are_sane() -> None:
    store, _, _ = bare_store()
    for first, last in ((date(2027, 1, 2), date(2027, 1, 1)), (date(2026, 1, 1), date(2027, 1, 2))):
        with pytest.raises(Invalid) as refused:
            statement(store, first, last)
        assert refused.value.code == "span_invalid"
    assert statement(store, date(2026, 1, 1), date(2026, 12, 31)).paid_fen == 0


@pytest.fixture
def trade() -> Trade:
    return full_trade()


def test_a_real_trade_agrees_with_orders_and_refunds(trade: Trade) -> None:
    today = now().astimezone(CHINA).date().isoformat()
    seen = trade.shop.boss.ok("GET", f"{trade.shop.path}/statement?first={today}&last={today}")
    orders = Order.objects.aggregate(paid=Sum("paid_fen"), back=Sum("refunded_fen"))
    assert (seen["paid_fen"], seen["refunded_fen"]) == (orders["paid"], orders["back"])
    assert seen["net_fen"] == orders["paid"] - orders["back"]
    attempts = PaymentAttempt.objects.aggregate(n=Sum("paid_fen"))["n"]
    assert seen["paid_wechatpay_fen"] == attempts
    waiting = Refund.objects.exclude(state="succeeded").aggregate(n=Sum("amount_fen"))["n"]
    assert seen["refunding_fen"] == waiting
    assert seen["orders"] == Order.objects.filter(paid_at__isnull=False).count()
    assert trade.shop.boss.ok("GET", f"{trade.shop.path}/statement")["net_fen"] == seen["net_fen"]


def test_the_first_look_counts_what_waits(trade: Trade) -> None:
    seen = trade.shop.boss.ok("GET", f"{trade.shop.path}/summary")
    counts = Order.objects.filter(payment__in=["paid", "partly_refunded"])
    assert seen["to_ship"] == counts.filter(delivery_method="courier", delivery="none").count()
    assert (seen["to_pick"], seen["to_confirm"], seen["running_groups"]) == (1, 1, 1)
    assert seen["aftersales_open"] == Order.objects.filter(aftersale="open").count()
    assert seen["refund_trouble"] == 0
    assert seen["today_paid_fen"] == Order.objects.aggregate(n=Sum("paid_fen"))["n"]
    Refund.objects.filter(state="created").update(state="abnormal")
    assert summary(Store.objects.get()).refund_trouble == Refund.objects.filter(state="abnormal").count() > 0
    with frozen(now() + timedelta(days=1)):
        tomorrow = summary(Store.objects.get())
    assert (tomorrow.today_orders, tomorrow.today_paid_fen) == (0, 0)


def test_numbers_are_the_owners_only() -> None:
    trade, other = open_trade(), shop()
    for who in (other.boss, caller(person())):
        for path in ("summary", "statement"):
            assert who.refused("GET", f"{trade.shop.path}/{path}") == (404, "not_found")
    assert trade.shop.boss.refused("GET", f"{trade.shop.path}/statement?first=x")[0] == 422
    assert other.boss.ok("GET", f"{other.path}/statement")["days"] == []
