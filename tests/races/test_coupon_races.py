"""One copy of a coupon, one budget, and checkouts in two sales of a store at once; each guard with its control."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from django.db import transaction

from orders.orderworld import World, add_offer, make_world, order_of
from promotions.couponworld import counted, draft, issue, take
from races.racing import LOCK, deadlocks, meeting, together, unconstrained, without
from races.test_stock_races import TAKES_STOCK, codes, place_each, wins
from yantuan.groupbuys.models import GroupBuy, GroupCounter
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError
from yantuan.kernel.ids import new_id, short_code
from yantuan.orders import actions as orders
from yantuan.orders.models import Order
from yantuan.orders.placing import place_orders
from yantuan.promotions import actions
from yantuan.promotions.models import CouponClaim, CouponUse


def second_sale(world: World) -> World:
    """Another sale of the same store: nothing but the coupon is shared with the first."""
    moment = now()
    sale = GroupBuy.objects.create(
        store=world.store, code=short_code(), title="第二个团", state="published", created_at=moment,
        starts_at=moment - timedelta(hours=1), ends_at=moment + timedelta(days=1), updated_at=moment,
    )  # fmt: skip
    GroupCounter.objects.create(group_buy_id=sale.id)
    other = dataclasses.replace(world, group_buy=sale, offers=[])
    other.offers.append(add_offer(other, 0, 50, 3990))
    return other


def one_copy_in_two_sales(rounds: int) -> tuple[int, set[str]]:
    """How often more than one order got the copy's worth, and what the others were told."""
    doubled, told = 0, set()
    for _ in range(rounds):
        world = make_world(stock_units=50)
        pair = world.buyer()
        claim = take(pair[0], issue(world))
        outcomes = place_each([draft(one, pair, claim) for one in (world, second_sale(world))], 2)
        doubled += wins(outcomes) > 1
        told |= codes(outcomes)
        cheap = Order.objects.filter(store=world.store, discount_fen__gt=0).count()
        assert cheap == wins(outcomes)
    return doubled, told


def test_a_copy_is_used_once_across_sales() -> None:
    assert one_copy_in_two_sales(8) == (0, {"coupon_used"})


def test_without_the_lock_the_database_still_refuses_the_second_use() -> None:
    with without(LOCK), meeting(TAKES_STOCK, 2):
        assert one_copy_in_two_sales(1) == (0, {"coupon_used"})


def test_control_without_lock_and_constraints_a_copy_is_used_twice() -> None:
    once = unconstrained("promotions_couponuse", "promotions_couponuse_claim_id_key")
    counted_too = unconstrained("promotions_coupon", "coupon_within_count")
    with once, counted_too, without(LOCK), meeting(TAKES_STOCK, 2):
        assert one_copy_in_two_sales(1)[0] == 1


def test_a_budget_is_never_overspent_across_sales() -> None:
    for _ in range(4):
        world = make_world(stock_units=50)
        coupon = issue(world, budget_fen=1400)
        sales = (world, second_sale(world))
        pairs = [world.buyer() for _ in range(6)]
        drafts = [draft(sales[i % 2], pair, take(pair[0], coupon)) for i, pair in enumerate(pairs)]
        outcomes = place_each(drafts, 6)
        assert (wins(outcomes), codes(outcomes)) == (2, {"coupon_budget_spent"})
        assert counted(coupon) == (6, 2, 1000)


def test_the_last_copies_are_taken_once_each() -> None:
    world = make_world()
    coupon = issue(world, total=5, per_person=2)
    people = [world.buyer()[0] for _ in range(6)]

    def claim(person_id: int) -> str:
        try:
            actions.claim(people[person_id % 6], coupon.id)
        except AppError as refused:
            return refused.code
        return "taken"

    answers = together([lambda n=n: claim(n) for n in range(12)], 12)  # type: ignore[misc]
    assert answers.count("taken") == 5
    assert set(answers) <= {"taken", "coupon_gone", "coupon_taken"}
    assert (CouponClaim.objects.count(), counted(coupon)[0]) == (5, 5)


def test_closing_and_ordering_anew_at_once_end_with_one_use() -> None:
    for _ in range(5):
        world = make_world(stock_units=50)
        pair = world.buyer()
        coupon = issue(world)
        claim = take(pair[0], coupon)
        order = order_of(place_orders([draft(world, pair, claim)])[0])

        def close(order_id: int = order.id) -> None:
            with transaction.atomic():
                orders.close_order(order_id, "buyer", Actor("buyer", new_id()))

        again = draft(second_sale(world), pair, claim)
        together([close, close, lambda one=again: place_orders([one])], 3)  # type: ignore[list-item, misc]
        live = Order.objects.filter(store=world.store).exclude(payment="closed")
        assert CouponUse.objects.filter(coupon=coupon).count() == live.count() <= 1
        assert counted(coupon) == (1, live.count(), 500 * live.count())


def test_late_money_beside_checkouts_with_the_same_coupon_never_deadlocks() -> None:
    before = deadlocks()
    for _ in range(6):
        world = make_world(stock_units=50, offers=2)
        coupon = issue(world, per_person=1)
        late, other = world.buyer(), world.buyer()
        claim = take(late[0], coupon)
        order = order_of(place_orders([draft(world, late, claim)])[0])
        with transaction.atomic():
            orders.close_order(order.id, "expired", Actor("system", None))

        def revive(order_id: int = order.id, total: int = order.total_fen) -> bool:
            with transaction.atomic():
                return orders.mark_paid_late(order_id, total, Actor("provider", None))

        second = world.offers[1]
        total = second.price_fen + world.store.freight_fen - 500
        beside = world.draft(
            other, lines=((second, 1),), coupon_id=take(other[0], coupon).id, expected_total_fen=total
        )
        answers = together([revive, lambda one=beside: place_orders([one])[0]])  # type: ignore[misc]
        assert answers[0] is True
        assert wins(answers[1:]) == 1  # type: ignore[arg-type]
        assert counted(coupon) == (2, 2, 1000)
    assert deadlocks() == before
