"""Imported at start: the teams' part in placing, closing and holding, and what follows payments, refunds and the clock."""

from __future__ import annotations

from typing import Any

from yantuan.kernel.outbox import Later, on
from yantuan.kernel.schedule import every
from yantuan.orders import parts
from yantuan.payments import closing
from yantuan.teams import actions, holding, placing, seats
from yantuan.teams import parts as shown
from yantuan.teams.models import Team

__all__ = ["holding", "placing", "shown"]

parts.provide_closing("teams", seats.give_back, seats.take_again)

AT_ONCE = 200
AGAIN_SECONDS = 10


@on("order.paid")
def payment_counts(payload: dict[str, Any]) -> None:
    """The last payment forms a team; one after its end goes back."""
    actions.order_paid(int(payload["order_id"]))


@on("refund.created")
def seat_of_refunded(payload: dict[str, Any]) -> None:
    """Who gets all their money back leaves the team."""
    actions.order_refunded(int(payload["order_id"]))


@on(actions.SETTLED)
def follow_up(payload: dict[str, Any]) -> None:
    """Tell the orders, or give everything back; asked again until nothing is left to do."""
    team = Team.objects.get(id=int(payload["team_id"]))
    if team.state != "over":
        actions.tell_orders(team)
    elif not actions.wind_up_all(team.id):
        raise Later(AGAIN_SECONDS)


@every(5)
def end_teams() -> int:
    """Settle teams whose time is over, and those that are full; answers how many."""
    return closing.each(lambda team_id: bool(actions.settle(team_id)), actions.teams_due(AT_ONCE))
