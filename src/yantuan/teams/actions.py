"""What becomes of teams: they form with the last payment, or end with their time and give everything back.

A decision holds the team's row only; what follows for its orders is done afterwards, order by order. So a payment
at the very moment of the end is either counted by the decision or, booked after it, given back.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Final

from django.db.models import F, Q

from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel import outbox
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.certain import surely
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError
from yantuan.orders import actions as orders
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.payments import attempts, closing, refunds
from yantuan.payments import rules as payment_rules
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.payments.queries import left_of_lines
from yantuan.teams.models import Seat, Team
from yantuan.teams.rules import Verdict, verdict
from yantuan.teams.seats import give_back, lock_team, paid_orders
from yantuan.teams.states import BACK, KEPT, TAKEN, TEAM

log = logging.getLogger("yantuan.teams")

SETTLED: Final = "team.settled"
REASON: Final = "拼团未成，自动全额退款"


def settle(team_id: int) -> Verdict:
    """Form a team whose members have all paid, or end one whose time is over; safe to repeat and to run in parallel."""
    return retrying(lambda: _settle(team_id))


def _settle(team_id: int) -> Verdict:
    team = lock_team(team_id)
    if team.state != "forming":
        return "wait"
    paid = len(paid_orders([team.id])[team.id])
    found = verdict(size=team.size, paid=paid, due=_due(team), sell_anyway=team.sell_anyway)
    if found == "wait":
        return found
    team.state, team.settled_at = TEAM.next(team.state, found), surely()
    team.taken = 0 if found == "end" else team.taken
    team.save(update_fields=["state", "settled_at", "taken"])
    Seat.objects.filter(team=team, state=TAKEN).update(state=BACK if found == "end" else KEPT)
    outbox.emit(SETTLED, {"team_id": str(team.id)}, store_id=team.store_id, key=f"team:{team.id}")
    return found


def _due(team: Team) -> bool:
    """Whether its time is over: its own, or its sale was closed before."""
    if team.ends_at <= surely():
        return True
    return GroupBuy.objects.filter(id=team.group_buy_id, state=GroupBuy.State.CLOSED).exists()


def order_paid(order_id: int) -> None:
    """A payment arrived: the team may be formed by it. After its end the money goes back."""
    seat = Seat.objects.select_related("team").filter(order_id=order_id).first()
    if seat is None:
        return
    if seat.team.state == "forming":
        settle(seat.team_id)
        return
    if seat.team.state == "over":
        wind_up(order_id)


def order_refunded(order_id: int) -> None:
    """Money of an order goes back: with all of it gone, its seat is free again."""

    def work() -> None:
        order = orders.lock_order(order_id)
        if all(left.nothing for left in left_of_lines(list(OrderLine.objects.filter(order_id=order_id)))):
            give_back(order)

    if Seat.objects.filter(order_id=order_id, state=TAKEN).exists():
        retrying(work)


def tell_orders(team: Team) -> None:
    """A line in the timeline of each order that got what its team was for; once."""
    seats = Seat.objects.filter(team=team, state=KEPT).order_by("order_id")
    for order_id in seats.values_list("order_id", flat=True):
        retrying(partial(_note, order_id, f"team_{team.state}"))


def _note(order_id: int, event: str) -> None:
    order = orders.lock_order(order_id)
    if not order.events.filter(axis="note", event=event).exists():
        orders.note_event(order, event, SYSTEM)


def wind_up_all(team_id: int) -> bool:
    """Give back and close whatever a team that is over still holds; True when nothing is left to do."""
    seats = Seat.objects.filter(team_id=team_id, team__state="over").order_by("order_id")
    done = [_wound_up(order_id) for order_id in seats.values_list("order_id", flat=True)]
    return all(done)


def _wound_up(order_id: int) -> bool:
    """One member's trouble never keeps the others' money."""
    try:
        return wind_up(order_id)
    except AppError as error:
        log.warning("order %s of a team that is over can't be given back yet: %s", order_id, error)
        return False


def wind_up(order_id: int) -> bool:
    """One order of a team that is over: paid, its money goes back in full; unpaid, it is closed, at the provider first.

    False where the provider doesn't say clearly; then nothing is changed and it is to be asked again. Must be called
    outside a transaction.
    """
    order = Order.objects.get(id=order_id)
    if order.payment == "unpaid":
        attempt = attempts.live_attempt(order_id)
        if attempt is not None and not _ended(attempt):
            return False
        closing.close_if_over(order_id, "team_over", SYSTEM)
    return retrying(lambda: _refund(order_id))


def _ended(attempt: PaymentAttempt) -> bool:
    """Whether the provider has said what became of it: its money is booked, or nobody can pay it any more."""
    try:
        closing.settle(attempt)
    except AppError as error:
        log.warning("no clear word about %s of a team that is over: %s", attempt.out_trade_no, error)
        return False
    return True


def _refund(order_id: int) -> bool:
    order = orders.lock_order(order_id)
    if order.payment in PAID_PAYMENTS:
        left = left_of_lines(list(OrderLine.objects.filter(order_id=order_id).order_by("id")))
        if not all(one.nothing for one in left):
            refunds.start_refund(
                order,
                payment_rules.everything(left),
                cause=Refund.Cause.UNFORMED,
                reason=REASON,
                restock=True,
                actor=SYSTEM,
            )
    return order.payment not in ("unpaid", "awaiting_confirmation")


def teams_due(limit: int) -> list[int]:
    """Forming teams that may have come to their end, by time, by their sale or by being full; the oldest first."""
    forming = Team.objects.filter(state="forming")
    over = Q(ends_at__lte=surely()) | Q(group_buy__state=GroupBuy.State.CLOSED) | Q(taken=F("size"))
    return list(forming.filter(over).order_by("ends_at", "id").values_list("id", flat=True)[:limit])
