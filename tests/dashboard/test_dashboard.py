"""The dashboard's figures against a recount by hand, and through the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import factories as make
from members.test_members import client_of
from yantuan.aftersales.actions import agree
from yantuan.aftersales.schemas import AgreeIn
from yantuan.dashboard.queries import dashboard
from yantuan.dashboard.rules import DAYS, Length
from yantuan.groupbuys.actions import create_group_buy, publish_group_buy
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.identity.models import Person
from yantuan.kernel.clock import CHINA, frozen, now
from yantuan.kernel.ids import new_id
from yantuan.members.counting import count_new
from yantuan.orders.models import Order, OrderLine, Participation
from yantuan.payments.actions import confirm_offline_refund, refund_as_leader
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.reports.statements import statement
from yantuan.sharing.actions import count_open, share_group_buy
from yantuan.sharing.models import Share
from yantuan.sharing.schemas import ShareIn
from yantuan.stores.models import Store

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""12:00 in Beijing."""


class Shop:
    """A sale of rice at ¥10 that has run for two months, without freight."""

    def __init__(self) -> None:
        with frozen(NOON - timedelta(days=65)):
            self.leader = make.leader("林小满")
            self.store = make.store(self.leader, freight_fen=0)
            goods = [make.product(self.store, prices=(1000,))]
            body = make.sale_body(self.store, goods, days=90)
            self.sale = publish_group_buy(self.leader, create_group_buy(self.leader, self.store.id, body).id)
        self.web: Client = client_of(self.leader)

    def paid(self, who: Person, at: datetime, **how: Any) -> Order:
        with frozen(at):
            return make.paid(make.order(self.sale, who, **how))

    def look(self, length: Length = "week", at: datetime = NOON) -> dict[str, Any]:
        with frozen(at):
            answer = self.web.get(f"/api/leader/stores/{self.store.id}/dashboard", {"length": length})
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_an_empty_store_has_zeros_and_no_rates(shop: Shop) -> None:
    for length, bars in (("today", 24), ("week", 7), ("month", 30)):
        seen = shop.look(length)  # type: ignore[arg-type]
        assert set(seen["sums"].values()) == {0} and seen["sums"] == seen["before"]
        assert len(seen["slots"]) == bars and not any(s["orders"] or s["paid_fen"] for s in seen["slots"])
        assert (seen["goods"], seen["reasons"], seen["shares"]["rows"]) == ([], [], [])
        assert seen["shares"]["conversion_bp"] is None and seen["shipping"]["median_hours"] is None


def test_today_ends_now_and_is_held_against_yesterday_until_now(shop: Shop) -> None:
    chen = make.person("陈阿姨")
    shop.paid(chen, NOON - timedelta(hours=1), quantity=2)
    shop.paid(chen, NOON - timedelta(hours=13))
    shop.paid(chen, NOON - timedelta(hours=25), quantity=3)
    shop.paid(chen, NOON - timedelta(hours=23))
    seen = shop.look("today")
    assert (seen["sums"]["orders"], seen["sums"]["paid_fen"]) == (1, 2000)
    assert (seen["before"]["orders"], seen["before"]["paid_fen"]) == (1, 3000)
    bars = [(s["begin"], s["orders"], s["paid_fen"]) for s in seen["slots"] if s["orders"]]
    assert bars == [("2026-11-23T11:00:00+08:00", 1, 2000)]


def test_who_comes_back_paid_on_another_day_before(shop: Shop) -> None:
    old, twice, once, new = (make.person(n) for n in ("老客", "同天两单", "两天两单", "新客"))
    shop.paid(old, NOON - timedelta(days=40))
    shop.paid(old, NOON - timedelta(hours=1))
    for hours in (2, 3):
        shop.paid(twice, NOON - timedelta(hours=hours))
    shop.paid(once, NOON - timedelta(days=3))
    shop.paid(once, NOON - timedelta(days=2))
    shop.paid(new, NOON - timedelta(days=1))
    with frozen(NOON):
        count_new()
    seen = shop.look()["sums"]
    assert (seen["buyers"], seen["returning"], seen["returning_bp"]) == (4, 2, 5000)
    today = shop.look("today")["sums"]
    assert (today["buyers"], today["returning"]) == (2, 1)


def test_goods_are_ranked_by_money_with_what_went_back(shop: Shop) -> None:
    who = make.person()
    shop.paid(who, NOON - timedelta(days=1), quantity=3)
    order = shop.paid(who, NOON - timedelta(days=2))
    with frozen(NOON - timedelta(hours=2)):
        refund = refund_as_leader(
            shop.leader, order.id, [], include_freight=True, reason="缺货", restock=False
        )
        confirm_offline_refund(shop.leader, refund.id)
    seen = shop.look()
    assert seen["goods_sold"] == 1
    row = dict(seen["goods"][0], product_id="")
    assert row == {
        "product_id": "", "title": "五常大米", "pieces": 4, "amount_fen": 4000, "refunded_pieces": 1,
        "refunded_fen": 1000,
    }  # fmt: skip
    assert (seen["sums"]["paid_fen"], seen["sums"]["refunded_fen"], seen["sums"]["net_fen"]) == (
        4000,
        1000,
        3000,
    )


def test_refunds_are_told_by_what_the_buyer_chose_or_by_what_caused_them(shop: Shop) -> None:
    who = make.person()
    first, second = (shop.paid(who, NOON - timedelta(days=3)) for _ in range(2))
    with frozen(NOON - timedelta(days=1)):
        case = make.aftersale(first)
        agree(shop.leader, case.id, AgreeIn())
        confirm_offline_refund(shop.leader, Refund.objects.get(aftersale_id=case.id).id)
        own = refund_as_leader(shop.leader, second.id, [], include_freight=True, reason="坏了", restock=False)
    seen = shop.look()["reasons"]
    assert seen == [{"code": "other", "label": "其他", "label_en": "Other", "refunds": 1, "fen": 1000}]
    with frozen(NOON - timedelta(hours=1)):
        confirm_offline_refund(shop.leader, own.id)
    codes = [(r["code"], r["label"], r["label_en"], r["fen"]) for r in shop.look()["reasons"]]
    assert codes == [("leader", "团长主动退款", "By the leader", 1000), ("other", "其他", "Other", 1000)]
    assert shop.look("today")["reasons"][0]["code"] == "leader" and len(shop.look("today")["reasons"]) == 1


def test_opens_become_orders_share_by_share(shop: Shop) -> None:
    with frozen(NOON - timedelta(days=20)):
        group, moms = (
            share_group_buy(shop.leader, shop.sale.id, ShareIn(kind="link", label=n))
            for n in ("三期群", "妈妈群")
        )
        assert count_open(group.token, "long ago")
    who = make.person()
    with frozen(NOON - timedelta(days=1)):
        for n in range(4):
            assert count_open(group.token, f"visitor {n}")
        assert not count_open(group.token, "visitor 0")
        assert count_open(moms.token, "visitor 0")
    with frozen(NOON - timedelta(hours=1)):
        assert count_open(group.token, "visitor 0")
    via = shop.paid(who, NOON - timedelta(hours=2))
    Order.objects.filter(id=via.id).update(share_id=group.id)
    shop.paid(who, NOON - timedelta(hours=1))
    shares = shop.look()["shares"]
    assert (shares["opens"], shares["orders"], shares["others"], shares["conversion_bp"]) == (6, 1, 1, 1667)
    rows = [(r["label"], r["opens"], r["orders"], r["paid_fen"], r["conversion_bp"]) for r in shares["rows"]]
    assert rows == [("三期群", 5, 1, 1000, 2000), ("妈妈群", 1, 0, 0, 0)]
    assert shares["rows"][0]["title"] == "周五鲜果团"
    today = shop.look("today")["shares"]
    assert [(r["label"], r["opens"], r["conversion_bp"]) for r in today["rows"]] == [("三期群", 1, 10_000)]


def test_speed_of_parcels_and_of_handing_out(shop: Shop) -> None:
    who = make.person()
    for paid, hours in ((4, 5), (4, 30), (4, 80)):
        order = shop.paid(who, NOON - timedelta(days=paid))
        Order.objects.filter(id=order.id).update(
            delivery="shipped",
            shipped_at=order.paid_at + timedelta(hours=hours),  # type: ignore[operator]
        )
    shop.paid(who, NOON - timedelta(days=3))
    shop.paid(who, NOON - timedelta(hours=47))
    gone = shop.paid(who, NOON - timedelta(days=5))
    Order.objects.filter(id=gone.id).update(payment="refunded")
    shop.paid(who, NOON - timedelta(days=1), method="pickup")
    seen = shop.look()
    assert seen["shipping"] == {
        "orders": 6, "done": 3, "within": [1, 2, 2], "median_hours": 31, "waiting": 2, "late": 1,
    }  # fmt: skip
    assert seen["pickup"] == {
        "orders": 1, "done": 0, "within": [0, 0, 0], "median_hours": None, "waiting": 1, "late": 0,
    }  # fmt: skip


def test_exactly_a_day_is_no_longer_within_a_day(shop: Shop) -> None:
    for seconds in (86_399, 86_400):
        order = shop.paid(make.person(), NOON - timedelta(days=3))
        Order.objects.filter(id=order.id).update(
            delivery="shipped",
            shipped_at=order.paid_at + timedelta(seconds=seconds),  # type: ignore[operator]
        )
    assert shop.look()["shipping"]["within"] == [1, 2, 2]


def test_another_store_is_not_seen_and_unknown_lengths_are_refused(shop: Shop) -> None:
    other = Shop()
    other.paid(make.person(), NOON - timedelta(hours=1))
    assert shop.look()["sums"]["orders"] == 0
    assert shop.web.get(f"/api/leader/stores/{other.store.id}/dashboard").status_code == 404
    assert shop.web.get(f"/api/leader/stores/{shop.store.id}/dashboard", {"length": "9"}).status_code == 422


# Rows without their timelines, so that a hundred worlds are made in a second.
moments = st.integers(-70 * 86400, 3600).map(lambda s: NOON + timedelta(seconds=s))
trades = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 10**8), moments, moments, st.integers(0, 2)), max_size=14
)


def _row(sale: GroupBuy, offer: Offer, who: Person, fen: int, at: datetime) -> Order:
    joined, _ = Participation.objects.get_or_create(
        store_id=sale.store_id, group_buy=sale, person=who, defaults={"number": new_id(), "created_at": now()}
    )
    order = Order.objects.create(
        store_id=sale.store_id, group_buy=sale, person=who, participation=joined, number=1, payment="paid",
        payment_method="offline", delivery_method="courier", recipient_name="王五", phone_sealed="x", phone_last4="0000",
        goods_fen=fen, total_fen=fen, paid_fen=fen, paid_at=at, idempotency_key=str(new_id()), body_hash="h", placed_at=at,
    )  # fmt: skip
    OrderLine.objects.create(
        order=order, store_id=sale.store_id, offer=offer, pool_id=1, product_id=1, title="米", price_fen=fen, quantity=1,
        amount_fen=fen, snapshot_hash="x",
    )  # fmt: skip
    return order


def _extra(order: Order, at: datetime) -> None:
    PaymentAttempt.objects.create(
        order=order, store_id=order.store_id, trade_type="JSAPI", appid="a", mchid="m", out_trade_no=f"T{new_id()}"[:32],
        amount_fen=order.total_fen, paid_fen=order.total_fen, state="succeeded", extra=True, success_at=at,
        transaction_id=str(new_id()), created_at=at, time_expire=at,
    )  # fmt: skip
    Order.objects.filter(id=order.id).update(paid_fen=order.paid_fen + order.total_fen)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trades, st.sampled_from(["today", "week", "month"]))
def test_money_equals_the_statement_of_the_same_days(
    shop: Shop, work: list[tuple[int, int, datetime, datetime, int]], length: Length
) -> None:
    store, sale, people = _fresh(shop)
    offer = Offer.objects.get(group_buy=shop.sale)
    first = (NOON - timedelta(days=DAYS[length] - 1)).astimezone(CHINA).date()
    for who, fen, at, other, what in work:
        order = _row(sale, offer, people[who], fen, min(at, NOON - timedelta(seconds=1)))
        if what == 1:
            Refund.objects.create(
                order=order, store_id=store.id, cause="leader", out_refund_no=f"R{new_id()}", amount_fen=fen, send_after=now(),
                state="succeeded", actor_kind="leader", created_at=now(), done_at=min(other, NOON - timedelta(seconds=1)),
            )  # fmt: skip
        elif what == 2:
            _extra(order, min(other, NOON - timedelta(seconds=1)))
    with frozen(NOON):
        seen, book = dashboard(store, length), statement(store, first, NOON.astimezone(CHINA).date())
    sums = seen.sums
    assert (sums.orders, sums.paid_fen, sums.refunded_fen, sums.net_fen) == (
        book.orders, book.paid_fen, book.refunded_fen, book.net_fen,
    )  # fmt: skip
    assert sum(s.orders for s in seen.slots) == sums.orders == sum(g.pieces for g in seen.goods)


def _fresh(shop: Shop) -> tuple[Store, GroupBuy, list[Person]]:
    """Each example has a store of its own beside the first."""
    store = Store.objects.create(
        leader=shop.store.leader, code=str(new_id())[-12:], name="店", created_at=now(), updated_at=now()
    )
    sale = GroupBuy.objects.create(
        store=store, code=str(new_id())[-12:], title="团", state="published", starts_at=now(), ends_at=now(),
        created_at=now(), updated_at=now(),
    )  # fmt: skip
    return store, sale, [make.person() for _ in range(4)]


def test_days_of_a_share_are_counted_with_its_sum(shop: Shop) -> None:
    with frozen(NOON):
        made = share_group_buy(shop.leader, shop.sale.id, ShareIn(kind="link", label="群"))
    for day in (2, 1, 1, 0):
        with frozen(NOON - timedelta(days=day)):
            count_open(made.token, "somebody")
    made = Share.objects.get(id=made.id)
    assert made.opens == 3
    assert [(str(d.day), d.opens) for d in made.days.order_by("day")] == [
        ("2026-11-21", 1), ("2026-11-22", 1), ("2026-11-23", 1),
    ]  # fmt: skip
