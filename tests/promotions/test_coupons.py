"""Coupons from issue to use, and back when the order closes unpaid."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from orders.orderworld import World, footprint, make_world, order_of, refusal
from promotions.couponworld import counted, draft, issue, take
from yantuan.groupbuys.pages import group_buy_page
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError
from yantuan.orders import actions as orders
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.placing import place_orders
from yantuan.orders.queries import order_detail
from yantuan.orders.quoting import quote
from yantuan.orders.schemas import LineIn, QuoteIn
from yantuan.promotions import actions
from yantuan.promotions.models import Coupon, CouponClaim, CouponUse
from yantuan.promotions.queries import sale_coupons, store_coupons
from yantuan.promotions.schemas import CouponChange

pytestmark = pytest.mark.django_db

BUYER = Actor("buyer", 1)


@pytest.fixture
def world(db: None) -> World:
    return make_world(stock_units=20)


def test_a_copy_is_used_once_and_comes_back_once(world: World) -> None:
    coupon, pair = issue(world), world.buyer()
    claim = take(pair[0], coupon)
    first = draft(world, pair, claim)
    order = order_of(place_orders([first])[0])
    assert (order.discount_fen, order.total_fen) == (500, 3990 + 800 - 500)
    assert order.deductions == [
        {
            "kind": "coupon",
            "fen": 500,
            "text": "优惠券：满 ¥30.00 减 ¥5.00",
            "text_en": "Coupon: ¥5.00 off from ¥30.00",
        }
    ]
    assert OrderLine.objects.get(order=order).discount_share_fen == 500
    assert counted(coupon) == (1, 1, 500)
    assert order_of(place_orders([first])[0]).id == order.id

    before = footprint()
    assert refusal(place_orders([draft(world, pair, claim)])[0]) == "coupon_used"
    assert (footprint(), counted(coupon)) == (before, (1, 1, 500))

    for _ in range(2):
        with transaction.atomic():
            orders.close_order(order.id, "expired", BUYER)
        assert counted(coupon) == (1, 0, 0)
    again = order_of(place_orders([draft(world, pair, claim)])[0])
    assert CouponUse.objects.get(claim=claim).order_id == again.id


def test_two_checkouts_of_one_batch_share_one_copy(world: World) -> None:
    coupon, pair = issue(world), world.buyer()
    claim = take(pair[0], coupon)
    outcomes = place_orders([draft(world, pair, claim), draft(world, pair, claim)])
    assert order_of(outcomes[0]).discount_fen == 500
    assert refusal(outcomes[1]) == "coupon_used"
    assert counted(coupon) == (1, 1, 500)


def test_the_budget_ends_within_a_batch(world: World) -> None:
    coupon = issue(world, budget_fen=900)
    pairs = [world.buyer() for _ in range(2)]
    drafts = [draft(world, pair, take(pair[0], coupon)) for pair in pairs]
    outcomes = place_orders(drafts)
    assert order_of(outcomes[0]).discount_fen == 500
    assert refusal(outcomes[1]) == "coupon_budget_spent"
    assert counted(coupon) == (2, 1, 500)


def test_nobody_uses_anothers_copy(world: World) -> None:
    mine, other = world.buyer(), world.buyer()
    claim = take(mine[0], issue(world))
    before = footprint()
    assert refusal(place_orders([draft(world, other, claim)])[0]) == "coupon_not_here"
    assert footprint() == before
    elsewhere = make_world()
    foreign = take(mine[0], issue(elsewhere))
    assert refusal(place_orders([draft(world, mine, foreign)])[0]) == "coupon_not_here"


def test_late_money_takes_the_copy_again_or_goes_back(world: World) -> None:
    coupon, pair = issue(world), world.buyer()
    claim = take(pair[0], coupon)
    order = order_of(place_orders([draft(world, pair, claim)])[0])
    with transaction.atomic():
        orders.close_order(order.id, "expired", BUYER)
    with transaction.atomic():
        assert orders.mark_paid_late(order.id, order.total_fen, BUYER)
    assert (counted(coupon), Order.objects.get(id=order.id).payment) == ((1, 1, 500), "paid")

    second = issue(world)
    copy = take(pair[0], second)
    closed = order_of(place_orders([draft(world, pair, copy)])[0])
    with transaction.atomic():
        orders.close_order(closed.id, "expired", BUYER)
    holder = order_of(place_orders([draft(world, pair, copy)])[0])
    with transaction.atomic():
        assert not orders.mark_paid_late(closed.id, closed.total_fen, BUYER)
    assert Order.objects.get(id=closed.id).payment == "closed"
    assert CouponUse.objects.get(claim=copy).order_id == holder.id
    assert counted(second) == (1, 1, 500)


def test_a_quote_names_what_the_coupon_lacks_and_keeps_the_price(world: World) -> None:
    pair = world.buyer()
    claim = take(pair[0], issue(world, threshold_fen=5000))
    body = QuoteIn(
        group_buy_id=world.group_buy.id, lines=[LineIn(offer_id=world.offers[0].id, quantity=1)],
        delivery_method="courier", coupon_id=claim.id,
    )  # fmt: skip
    found = quote(pair[0].id, body)
    assert (found.coupon_problem, found.total_fen, found.orderable) == (
        "优惠券满 ¥50.00 可用，还差 ¥10.10", 4790, True,
    )  # fmt: skip
    body.lines[0].quantity = 2
    fits = quote(pair[0].id, body)
    assert (fits.coupon_problem, [one.fen for one in fits.deductions], fits.total_fen) == ("", [500], 8280)


def test_a_percentage_is_shared_over_lines_and_shown_on_the_order(db: None) -> None:
    world = make_world(offers=2, stock_units=9)
    pair = world.buyer()
    claim = take(pair[0], issue(world, kind="percent", percent_off=15, minus_fen=0, threshold_fen=0))
    lines = ((world.offers[0], 1), (world.offers[1], 2))
    goods = 3990 + 2 * 3991
    off = goods * 15 // 100
    order = order_of(
        place_orders(
            [world.draft(pair, lines=lines, coupon_id=claim.id, expected_total_fen=goods + 800 - off)]
        )[0]
    )
    shares = [line.discount_share_fen for line in order.lines.order_by("position")]
    assert (sum(shares), order.discount_fen) == (off, off)
    assert [one.fen for one in order_detail(order, "buyer").deductions] == [off]


def test_who_may_take_a_copy(world: World) -> None:
    person, address = world.buyer()
    for_new, for_earlier = issue(world, audience="new"), issue(world, audience="earlier")
    assert take(person, for_new).nth == 1
    with pytest.raises(AppError) as refused:
        actions.claim(person, for_earlier.id)
    assert (refused.value.code, CouponClaim.objects.filter(coupon=for_earlier).count()) == (
        "coupon_for_earlier", 0,
    )  # fmt: skip
    order = order_of(place_orders([world.draft((person, address))])[0])
    with transaction.atomic():
        orders.mark_paid(order.id, order.total_fen, BUYER)
    assert take(person, for_earlier).nth == 1
    with pytest.raises(AppError) as late:
        actions.claim(person, issue(world, audience="new").id)
    assert late.value.code == "coupon_for_new"


def test_counts_per_person_and_in_all(world: World) -> None:
    coupon = issue(world, per_person=2, total=3)
    one, two = world.buyer()[0], world.buyer()[0]
    assert [take(one, coupon).nth, take(one, coupon).nth, take(two, coupon).nth] == [1, 2, 1]
    for person, code in ((one, "coupon_gone"), (two, "coupon_gone")):
        with pytest.raises(AppError) as refused:
            actions.claim(person, coupon.id)
        assert refused.value.code == code
    assert counted(coupon) == (3, 0, 0)


def test_a_code_opens_a_hidden_coupon(world: World) -> None:
    coupon = issue(world, code="Yan88")
    person = world.buyer()[0]
    assert sale_coupons(world.group_buy.code, person) == []
    with pytest.raises(AppError):
        actions.claim(person, coupon.id)
    with pytest.raises(AppError) as unknown:
        actions.redeem(person, world.store.code, "nope")
    assert unknown.value.code == "coupon_code_unknown"
    actions.redeem(person, world.store.code, " yan88 ")
    [card] = store_coupons(world.store.code, person)
    assert (len(card.free), card.claimable) == (1, False)


def test_cards_for_a_visitor_and_for_a_holder(world: World) -> None:
    coupon = issue(world, group_buy_id=world.group_buy.id)
    person = world.buyer()[0]
    [seen] = sale_coupons(world.group_buy.code, None)
    assert (seen.title, seen.claimable, seen.whole_store, seen.free) == (
        "满 ¥30.00 减 ¥5.00",
        True,
        False,
        [],
    )
    assert store_coupons(world.store.code, None) == []
    claim = take(person, coupon)
    [mine] = sale_coupons(world.group_buy.code, person)
    assert (mine.free, mine.claimable, mine.problem) == ([str(claim.id)], False, "每人限领 1 张，您已领过")


def test_pages_ask_for_coupons_only_where_there_are_some(world: World) -> None:
    def shown() -> bool:
        return group_buy_page(world.group_buy.code).store.coupons

    assert not shown()
    coupon = issue(world)
    assert shown()
    stop = CouponChange(ends_at=coupon.ends_at, total=0, budget_fen=0, stopped=True)
    actions.change_coupon(world.leader_person, coupon.id, stop)
    assert not shown()


def test_a_stopped_coupon_is_refused_and_bounds_never_fall_below_what_is_out(world: World) -> None:
    coupon, pair = issue(world), world.buyer()
    claim = take(pair[0], coupon)
    change = CouponChange(ends_at=coupon.ends_at, total=0, budget_fen=0, stopped=True)
    actions.change_coupon(world.leader_person, coupon.id, change)
    assert refusal(place_orders([draft(world, pair, claim)])[0]) == "coupon_over"
    other = world.buyer()[0]
    actions.change_coupon(world.leader_person, coupon.id, change.model_copy(update={"stopped": False}))
    take(other, coupon)
    with pytest.raises(AppError) as refused:
        actions.change_coupon(
            world.leader_person, coupon.id, change.model_copy(update={"total": 1, "stopped": False})
        )
    assert (refused.value.code, refused.value.details["field"]) == ("coupon_invalid", "total")
    with pytest.raises(AppError):
        actions.change_coupon(make_world().leader_person, coupon.id, change)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"minus_fen": 0}, "minus_fen"),
        ({"minus_fen": 3001}, "minus_fen"),
        ({"kind": "percent", "percent_off": 0}, "percent_off"),
        ({"ends_at": now() - timedelta(days=3), "starts_at": now()}, "ends_at"),
        ({"ends_at": now() + timedelta(days=400)}, "ends_at"),
    ],
)
def test_senseless_coupons_are_refused(world: World, changes: dict[str, object], field: str) -> None:
    with pytest.raises(AppError) as refused:
        issue(world, **changes)
    assert (refused.value.code, refused.value.details["field"]) == ("coupon_invalid", field)
    assert not Coupon.objects.exists()


def test_the_database_refuses_a_second_use_by_itself(world: World) -> None:
    coupon, pair = issue(world), world.buyer()
    claim = take(pair[0], coupon)
    order = order_of(place_orders([draft(world, pair, claim)])[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        CouponUse.objects.create(claim=claim, coupon=coupon, order_id=order.id + 1, fen=1, used_at=now())
