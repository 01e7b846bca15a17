"""Faults of teams, planted into a trade that has none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from reports.trade import Trade
from yantuan.kernel.clock import now
from yantuan.kernel.ids import short_code
from yantuan.teams.models import Seat, Team

Plant = Callable[[Trade], object]
AGO = timedelta(days=1)


def team(trade: Trade, name: str, seat: str = "taken", **values: object) -> Team:
    """A forming team of two with one seat, that of the order of this name."""
    order = trade.order(name)
    started = now() - AGO
    made = {
        "code": short_code(), "store_id": order.store_id, "group_buy_id": order.group_buy_id, "size": 2, "taken": 1,
        "sell_anyway": False, "started_at": started, "ends_at": now() + AGO,
    } | values  # fmt: skip
    row = Team.objects.create(**made)
    Seat.objects.create(
        team=row, group_buy_id=order.group_buy_id, order_id=order.id, person_id=order.person_id, state=seat,
        taken_at=started,
    )  # fmt: skip
    return row


def another_persons(trade: Trade) -> None:
    team(trade, "unpaid")
    Seat.objects.update(person_id=trade.order("paid").person_id + 1)


OVER = {"state": "over", "taken": 0, "settled_at": now() - AGO}

PLANTS: list[tuple[str, Plant]] = [
    ("TM1", lambda t: team(t, "paid", taken=2)),
    ("TM1", lambda t: team(t, "closed")),
    ("TM1", lambda t: team(t, "unpaid", "back", taken=0)),
    ("TM1", another_persons),
    ("TM1", lambda t: team(t, "paid", "kept", state="formed", settled_at=now())),
    ("TM2", lambda t: team(t, "unpaid", ends_at=now() - AGO)),
    ("TM2", lambda t: team(t, "unpaid", "back", **OVER)),
    ("TM2", lambda t: team(t, "paid", "back", **OVER)),
]
