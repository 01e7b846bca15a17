"""Paid orders of forming teams wait: nothing of them is shipped or handed out before it is known what they get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yantuan.orders.holding import Held, provide_held
from yantuan.teams.models import Seat
from yantuan.teams.states import TAKEN

UNFORMED: Final = Held(
    "team_forming",
    "拼团还没有成团，成团后才能发货或自提",
    "The team is still forming; its orders wait until it is formed.",
)


@provide_held
def held(group_buys: Mapping[int, int]) -> dict[int, Held]:
    """Orders whose team is forming, or is over and on its way back."""
    waiting = Seat.objects.filter(order_id__in=list(group_buys))
    rows = waiting.filter(state=TAKEN) | waiting.filter(team__state="over")
    return dict.fromkeys(rows.values_list("order_id", flat=True), UNFORMED)
