"""Races for the bounds of a sale and of a household, each with a control without its lock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.orderworld import World, add_offer, make_address, make_world
from races.conftest import Pace
from races.racing import LOCK, meeting, together, without
from races.test_stock_races import TAKES_STOCK, codes, known, place_each, wins
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.options import OfferOptions, SaleOptions, packed
from yantuan.groupbuys.options.limits import OfferLimits, SaleLimits
from yantuan.groupbuys.schedule import publish_due
from yantuan.identity.models import Address, Person
from yantuan.kernel.clock import now
from yantuan.kernel.models import OutboxEvent
from yantuan.orders.drafts import Draft


def bounded(world: World, **limits: int | bool) -> None:
    world.group_buy.options = packed(SaleOptions(limits=SaleLimits(**limits)))  # type: ignore[arg-type]
    world.group_buy.save(update_fields=["options"])


def spread(world: World, pairs: list[tuple[Person, Address]]) -> list[Draft]:
    """A checkout each, of goods of one's own: no lock of a pool stands between them."""
    goods = [add_offer(world, 20 + n, 50, 1000) for n in range(len(pairs))]
    return [world.draft(pair, lines=((offer, 1),)) for pair, offer in zip(pairs, goods, strict=True)]


@pytest.mark.parametrize("limits", [{"most_orders": 4}, {"most_pieces": 4}, {"most_fen": 4 * 1800}])
def test_the_brake_holds_among_baskets_that_share_no_goods(limits: dict[str, int], pace: Pace) -> None:
    for _ in range(pace.size(2, 20, 1)):
        world = make_world()
        bounded(world, **limits)
        drafts = spread(world, [world.buyer() for _ in range(pace.size(12, 40, 6))])
        outcomes = place_each(drafts, len(drafts))
        assert (wins(outcomes), codes(outcomes)) == (4, {"sale_full"})


def test_control_without_the_counters_lock_the_brake_is_overrun() -> None:
    world = make_world()
    pairs = known(world, 4)
    drafts = spread(world, pairs)
    bounded(world, most_orders=5)
    with without(LOCK), meeting(TAKES_STOCK, 4):
        assert wins(place_each(drafts, 4)) == 4


def household(world: World, pairs: list[tuple[Person, Address]]) -> list[Draft]:
    """All behind one door, each with a phone of their own."""
    world.offers[0].options = packed(OfferOptions(limits=OfferLimits(per_household=2)))
    world.offers[0].save(update_fields=["options"])
    bounded(world, by_household=True)
    homes = [make_address(person, phone=f"1390000{n:04d}") for n, (person, _) in enumerate(pairs)]
    return [world.draft((person, home)) for (person, _), home in zip(pairs, homes, strict=True)]


def test_a_family_on_many_phones_gets_its_share_once(pace: Pace) -> None:
    world = make_world(stock_units=50)
    outcomes = place_each(household(world, [world.buyer() for _ in range(pace.size(8, 40, 4))]), 4)
    assert (wins(outcomes), codes(outcomes)) == (2, {"household_limit"})


def test_control_without_the_pools_lock_a_family_gets_more() -> None:
    world = make_world(stock_units=50)
    drafts = household(world, known(world, 4))
    with without(LOCK), meeting(TAKES_STOCK, 4):
        assert wins(place_each(drafts, 4)) == 4


def test_a_scheduled_draft_is_published_once(pace: Pace) -> None:
    world = make_world()
    at = now() - timedelta(seconds=1)
    GroupBuy.objects.update(state="draft", published_at=None, publish_at=at)
    done = together([publish_due] * pace.size(6, 30, 4))
    assert [one for one in done if isinstance(one, Exception)] == []
    sale = GroupBuy.objects.get(id=world.group_buy.id)
    assert (sale.state, sale.publish_at) == ("published", None)
    told = OutboxEvent.objects.filter(topic="group_buy.scheduled")
    assert [event.payload["published"] for event in told] == [True]
