"""What an order's page shows of its team, and the words of its timeline."""

from __future__ import annotations

from yantuan.orders import parts
from yantuan.orders.english import event_texts as english_texts
from yantuan.orders.english import plain
from yantuan.orders.models import Order
from yantuan.orders.schemas import TeamRef
from yantuan.teams.models import Seat
from yantuan.teams.seats import paid_orders
from yantuan.teams.states import LABELS, LABELS_EN


@parts.provide("team")
def team_of(order: Order) -> list[TeamRef]:
    """The team of the order; empty for those bought alone."""
    seat = Seat.objects.select_related("team").filter(order_id=order.id).first()
    if seat is None:
        return []
    team = seat.team
    return [
        TeamRef(
            code=team.code,
            state=team.state,
            state_label=LABELS[team.state],
            state_label_en=LABELS_EN[team.state],
            size=team.size,
            paid=len(paid_orders([team.id])[team.id]),
            ends_at=team.ends_at,
            sell_anyway=team.sell_anyway,
        )
    ]


parts.event_texts |= {
    ("note", "team_formed"): lambda d: "拼团已成团",
    ("note", "team_kept"): lambda d: "拼团到时未满，按约定以拼团价成交",
}
english_texts |= {
    ("note", "team_formed"): plain("The team is formed"),
    ("note", "team_kept"): plain("The team was not full in time; sold at the team price as agreed"),
}
