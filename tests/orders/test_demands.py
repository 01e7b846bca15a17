"""What a sale demands, placed against a real database: exact bounds, the refusal, and nothing left behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from orderworld import World, footprint, make_address, make_person, make_world, order_of, refusal

from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.options import OfferOptions, SaleOptions, packed
from yantuan.groupbuys.options.limits import Flash, OfferLimits, SaleLimits
from yantuan.groupbuys.queries import group_buy_page, store_page
from yantuan.identity.models import Address
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import frozen, now
from yantuan.orders import actions
from yantuan.orders.drafts import Placed, Refused
from yantuan.orders.late import fits_again
from yantuan.orders.models import Order
from yantuan.orders.placing import place_orders
from yantuan.orders.quoting import quote
from yantuan.orders.schemas import QuoteIn

pytestmark = pytest.mark.django_db


def demand(world: World, **limits: Any) -> None:
    """Put limits on the sale."""
    world.group_buy.options = packed(SaleOptions(limits=SaleLimits(**limits)))
    world.group_buy.save(update_fields=["options"])


def offer_demand(world: World, **limits: Any) -> None:
    world.offers[0].options = packed(OfferOptions(limits=OfferLimits(**limits)))
    world.offers[0].save(update_fields=["options"])


def quoted(world: World, quantity: int, person_id: int | None = None) -> Any:
    body = {
        "group_buy_id": str(world.group_buy.id),
        "lines": [{"offer_id": str(world.offers[0].id), "quantity": quantity}],
        "delivery_method": "courier",
    }
    return quote(person_id or make_person().id, QuoteIn.model_validate(body))


def paid(world: World, pair: Any) -> Order:
    order = order_of(place_orders([world.draft(pair)])[0])
    with transaction.atomic():
        return actions.mark_paid(order.id, order.total_fen, SYSTEM)


def test_quantities_below_the_least_or_between_steps_are_refused(world: World) -> None:
    offer_demand(world, least=3, step=2)
    for quantity, said in ((2, "3 件起购"), (3, "2 的倍数"), (5, "2 的倍数")):
        before = footprint()
        [outcome] = place_orders([world.draft(lines=((world.offers[0], quantity),))])
        assert isinstance(outcome, Refused) and said in outcome.error.zh
        assert (outcome.error.code, outcome.error.details["least"]) == ("quantity_unfit", 3)
        assert footprint() == before
    assert order_of(place_orders([world.draft(lines=((world.offers[0], 4),))])[0]).goods_fen == 4 * 3990
    shown = quoted(world, 5)
    assert (shown.orderable, shown.lines[0].suggested) == (False, 6)
    assert "2 的倍数" in shown.lines[0].problem and "multiples of 2" in shown.lines[0].problem_en


def test_the_sale_closes_at_its_orders_and_opens_when_one_closes(world: World) -> None:
    demand(world, most_orders=2)
    drafts = [world.draft() for _ in range(3)]
    first, second, third = place_orders(drafts)
    assert isinstance(first, Placed) and isinstance(second, Placed)
    assert refusal(third) == "sale_full"
    page = group_buy_page(world.group_buy.code)
    assert page.demands is not None and page.demands.capacity is not None
    assert page.demands.capacity.model_dump() == {
        "full": True,
        "text": "已接满 2 单，有人取消会再开放",
        "text_en": "All orders are taken; it opens again when one is cancelled",
    }
    shown = quoted(world, 1)
    assert (shown.orderable, shown.demand) == (False, "已接满 2 单，有人取消会再开放")
    with transaction.atomic():
        actions.close_order(order_of(first).id, "buyer", SYSTEM)
    page = group_buy_page(world.group_buy.code)
    assert page.demands and page.demands.capacity and page.demands.capacity.text == "限量接单，还剩 1 单"
    again = [replace(draft, idempotency_key=f"again-{n}") for n, draft in enumerate(drafts[1:])]
    assert [isinstance(o, Placed) for o in place_orders(again)] == [True, False]


@pytest.mark.parametrize(
    ("limits", "quantities", "granted"),
    [
        ({"most_pieces": 5}, [2, 2, 2, 1], [True, True, False, True]),
        ({"most_fen": 3 * 3990 + 2 * 800}, [1, 2, 1], [True, True, False]),
        ({"most_fen": 3 * 3990 + 2 * 800 - 1}, [1, 2], [True, False]),
        ({"most_pieces": 9, "most_orders": 1}, [1, 1], [True, False]),
    ],
)
def test_the_brake_is_exact_within_and_between_batches(
    world: World, limits: dict[str, int], quantities: list[int], granted: list[bool]
) -> None:
    demand(world, **limits)
    drafts = [world.draft(lines=((world.offers[0], q),)) for q in quantities]
    with transaction.atomic():
        together = [isinstance(o, Placed) for o in place_orders(drafts)]
        transaction.set_rollback(True)
    assert together == granted
    assert [isinstance(place_orders([one])[0], Placed) for one in drafts] == granted


def test_refunded_pieces_make_room(world: World) -> None:
    demand(world, most_pieces=3)
    order = order_of(place_orders([world.draft(lines=((world.offers[0], 3),))])[0])
    assert refusal(place_orders([world.draft()])[0]) == "sale_full"
    order.lines.update(refunded_quantity=1)
    assert isinstance(place_orders([world.draft()])[0], Placed)


def test_a_household_shares_its_limit(world: World) -> None:
    demand(world, by_household=True)
    offer_demand(world, per_household=2)
    mother, son, other = make_person(), make_person(), make_person()
    home = make_address(mother, room="501")
    same_door = make_address(son, phone="13900000000", room="501")
    Address.objects.filter(id=same_door.id).update(detail="文三路1号 东苑", building="3号楼", unit="2单元")
    next_door = make_address(other, phone="13911111111", room="502")
    assert isinstance(place_orders([world.draft((mother, home))])[0], Placed)
    before = footprint()
    [refused] = place_orders([world.draft((son, same_door), lines=((world.offers[0], 2),))])
    assert isinstance(refused, Refused) and refused.error.code == "household_limit"
    assert refused.error.zh == "「红富士苹果0」每户限购 2 件，您家还能买 1 件"
    assert footprint() == before
    both = [world.draft((son, same_door)), world.draft((mother, home), idempotency_key="k2")]
    assert [isinstance(o, Placed) for o in place_orders(both)] == [True, False]
    assert isinstance(
        place_orders([world.draft((other, next_door), lines=((world.offers[0], 2),))])[0], Placed
    )


def test_one_phone_at_one_address_is_one_household_without_a_room(world: World) -> None:
    demand(world, by_household=True)
    offer_demand(world, per_household=1)
    one, two = make_person(), make_person()
    first, second = make_address(one, room=""), make_address(two, room="")
    assert isinstance(place_orders([world.draft((one, first))])[0], Placed)
    assert refusal(place_orders([world.draft((two, second))])[0]) == "household_limit"
    neighbour = make_person()
    third = make_address(neighbour, phone="13700000000", room="")
    assert isinstance(place_orders([world.draft((neighbour, third))])[0], Placed)


def test_a_sale_for_earlier_buyers(world: World) -> None:
    regular, stranger = world.buyer(), world.buyer()
    paid(world, regular)
    demand(world, audience="earlier")
    before = footprint()
    assert refusal(place_orders([world.draft(stranger)])[0]) == "regulars_only"
    assert footprint() == before
    assert quoted(world, 1, stranger[0].id).demand.startswith("这个团购是老客专享")
    assert quoted(world, 1, regular[0].id).orderable
    assert isinstance(place_orders([world.draft(regular)])[0], Placed)
    other = make_world()
    demand(other, audience="earlier")
    assert refusal(place_orders([other.draft(regular)])[0]) == "regulars_only"


def test_the_price_is_that_of_the_moment(world: World) -> None:
    start = now() + timedelta(minutes=5)
    flash = Flash(price_fen=1990, starts_at=start, ends_at=start + timedelta(minutes=10))
    offer_demand(world, flash=flash)
    usual, cheap = world.draft(), world.draft(expected_total_fen=1990 + 800)
    assert refusal(place_orders([cheap])[0]) == "price_changed"
    with frozen(start):
        page = group_buy_page(world.group_buy.code)
        shown = page.products[0]
        assert (shown.price_min_fen, shown.offers[0].price_fen) == (1990, 1990)
        assert shown.offers[0].limits and shown.offers[0].limits.flash and shown.offers[0].limits.flash.on
        assert quoted(world, 1).total_fen == 1990 + 800
        assert refusal(place_orders([usual])[0]) == "price_changed"
        order = order_of(place_orders([cheap])[0])
        assert [line.price_fen for line in order.lines.all()] == [1990]
    with frozen(flash.ends_at):
        late = replace(cheap, idempotency_key="late")
        assert refusal(place_orders([late])[0]) == "price_changed"
        assert group_buy_page(world.group_buy.code).products[0].offers[0].limits is None


def test_unlisted_sales_and_hidden_counts(world: World) -> None:
    paid(world, world.buyer())
    assert [g.code for g in store_page(world.store.code).groups] == [world.group_buy.code]
    assert group_buy_page(world.group_buy.code).products[0].sold == 1
    demand(world, unlisted=True, hide_sold=True)
    assert store_page(world.store.code).groups == []
    page = group_buy_page(world.group_buy.code)
    assert (page.products[0].sold, page.products[0].offers[0].sold) == (0, 0)
    assert page.demands is not None and page.demands.hide_sold
    demand(world, hide_sold=True)
    assert [g.code for g in store_page(world.store.code).groups] == [world.group_buy.code]


def test_late_money_revives_an_order_only_within_the_bounds(world: World) -> None:
    demand(world, most_orders=1)
    late = order_of(place_orders([world.draft()])[0])
    with transaction.atomic():
        late = actions.close_order(late.id, "expired", SYSTEM)
        assert fits_again(late, world.group_buy, list(late.lines.all()))
    order_of(place_orders([world.draft()])[0])
    with transaction.atomic():
        assert not fits_again(late, world.group_buy, list(late.lines.all()))
    demand(world, by_household=True)
    offer_demand(world, per_household=1)
    with transaction.atomic():
        # Everybody in this world lives behind one door.
        assert not fits_again(late, GroupBuy.objects.get(id=world.group_buy.id), list(late.lines.all()))
    offer_demand(world, per_household=2)
    with transaction.atomic():
        assert fits_again(late, GroupBuy.objects.get(id=world.group_buy.id), list(late.lines.all()))


def test_a_sale_without_options_asks_nothing_more(world: World) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            assert isinstance(place_orders([world.draft()])[0], Placed)
        return len(found)

    world.draft()
    plain = asked()
    demand(world, categories=("水果",), hide_sold=True)
    offer_demand(world, category="水果", least=1)
    assert asked() == plain
    demand(world, most_orders=99)
    assert asked() == plain + 1
    assert Offer.objects.count() == 1
