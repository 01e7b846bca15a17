"""Seats that come back and are taken again, each exactly once, in the transaction that moves the order.

Lock order: order row → stock pools → counter → limit rows → team row.
"""

from __future__ import annotations

from django.db import connection
from django.db.models import F

from yantuan.catalog.models import StockPool
from yantuan.groupbuys.models import GroupCounter
from yantuan.kernel.certain import surely
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.rules import left_to_refund
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.teams.models import Seat, Team
from yantuan.teams.states import BACK, TAKEN


def lock_team(team_id: int) -> Team:
    """The team's row, locked until the open transaction ends."""
    if not connection.in_atomic_block:
        raise RuntimeError("a team may be locked only inside a transaction")
    return Team.objects.select_for_update(no_key=True).get(id=team_id)


def give_back(order: Order) -> None:
    """The order closed unpaid or was refunded whole: its seat in a forming team is free again. Again: no change."""
    seat = Seat.objects.filter(order_id=order.id, state=TAKEN).first()
    if seat is None:
        return
    lock_team(seat.team_id)
    if Seat.objects.filter(id=seat.id, state=TAKEN).update(state=BACK):
        Team.objects.filter(id=seat.team_id).update(taken=F("taken") - 1)


def take_again(order: Order) -> bool:
    """Money came for the closed order: its seat is taken again. False where the team is full, settled or its time over."""
    seat = Seat.objects.filter(order_id=order.id).first()
    if seat is None or seat.state == TAKEN:
        return True
    pools = StockPool.objects.select_for_update(no_key=True)
    list(pools.filter(id__in=order.lines.values_list("pool_id", flat=True)).order_by("id"))
    # Whoever takes a seat in this sale holds its counter, so nobody sits down elsewhere meanwhile.
    GroupCounter.objects.select_for_update(no_key=True).filter(group_buy_id=order.group_buy_id).first()
    team = lock_team(seat.team_id)
    elsewhere = Seat.objects.filter(
        group_buy_id=order.group_buy_id, person_id=order.person_id, state=TAKEN
    ).exists()
    if team.state != "forming" or team.taken >= team.size or surely() >= team.ends_at or elsewhere:
        return False
    if not Seat.objects.filter(id=seat.id, state=BACK).update(state=TAKEN):
        return True
    Team.objects.filter(id=team.id).update(taken=F("taken") + 1)
    return True


def paid_orders(team_ids: list[int]) -> dict[int, set[int]]:
    """Orders by team that count as paid: money is here and something of it was not asked back."""
    seats = dict(
        Seat.objects.filter(team_id__in=team_ids).exclude(state=BACK).values_list("order_id", "team_id")
    )
    paid = Order.objects.filter(id__in=seats, payment__in=PAID_PAYMENTS).values_list("id", flat=True)
    found: dict[int, set[int]] = {team_id: set() for team_id in team_ids}
    for line in OrderLine.objects.filter(order_id__in=list(paid)):
        if left_to_refund(line):
            found[seats[line.order_id]].add(line.order_id)
    return found
