"""A sale that is sold to teams as well, and checkouts in them."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from orders.orderworld import World, make_world, order_of
from yantuan.groupbuys.options import OfferOptions, SaleOptions, packed
from yantuan.groupbuys.options.teams import OfferTeams, SaleTeams
from yantuan.identity.models import Address, Person
from yantuan.kernel import outbox
from yantuan.kernel.actors import SYSTEM
from yantuan.orders import actions as orders
from yantuan.orders.drafts import Draft, Outcome, TeamWish
from yantuan.orders.models import Order
from yantuan.orders.placing import place_orders
from yantuan.teams.models import Seat, Team

TEAM_FEN = 2990
FREIGHT = 800
Pair = tuple[Person, Address]


def team_world(size: int = 3, **more: Any) -> World:
    """¥39.90 alone, ¥29.90 in a team of `size`; `more` as in `make_world` or of `SaleTeams`."""
    terms = {name: more.pop(name) for name in ("hours", "sell_anyway") if name in more}
    world = make_world(**more)
    world.group_buy.options = packed(SaleOptions(teams=SaleTeams(size=size, **terms)))
    world.group_buy.save(update_fields=["options"])
    for offer in world.offers:
        offer.options = packed(OfferOptions(teams=OfferTeams(price_fen=TEAM_FEN)))
        offer.save(update_fields=["options"])
    return world


def team_draft(world: World, team_id: int | None = None, pair: Pair | None = None, **changes: Any) -> Draft:
    """One piece at the team price, in that team or a new one."""
    values = {"expected_total_fen": TEAM_FEN + FREIGHT, "team": TeamWish(team_id)}
    return world.draft(pair, **(values | changes))


def placed(*drafts: Draft) -> list[Order]:
    return [order_of(one) for one in place_orders(list(drafts))]


def start(world: World, pair: Pair | None = None) -> tuple[Team, Order]:
    [order] = placed(team_draft(world, pair=pair))
    return team_of(order), order


def team_of(order: Order) -> Team:
    return Seat.objects.select_related("team").get(order_id=order.id).team


def pay(*paid: Order) -> None:
    """The money is here, by a stroke of the pen; what follows is done."""
    for order in paid:
        with transaction.atomic():
            orders.mark_paid(order.id, order.total_fen, SYSTEM)
    outbox.drain()


def close(order: Order, reason: str = "expired") -> None:
    with transaction.atomic():
        orders.close_order(order.id, reason, SYSTEM)
    outbox.drain()


def counted(team: Team) -> tuple[str, int, int]:
    """(state, taken, seats that count now)."""
    row = Team.objects.get(id=team.id)
    return row.state, row.taken, Seat.objects.filter(team=team, state="taken").count()


def codes_of(outcomes: list[Outcome]) -> list[str]:
    """`placed`, or the code of the refusal, one by one."""
    return [getattr(one, "error", None).code if hasattr(one, "error") else "placed" for one in outcomes]
