"""Goods that did not come, or came unfit: whose orders lose them, and the refund of just those pieces."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from yantuan.batchrefunds import actions as batches
from yantuan.batchrefunds.models import BatchRefund
from yantuan.batchrefunds.queries import Plan
from yantuan.batchrefunds.rules import wish_of_units
from yantuan.groupbuys.models import GroupBuy
from yantuan.hosts import rules, sheet
from yantuan.hosts.models import Arrival
from yantuan.hosts.schemas import ShortGoods, ShortIn, ShortLine, ShortOut, ShortStart
from yantuan.identity.models import Person
from yantuan.kernel.errors import Conflict, NotFound
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.rules import left_to_hand_out
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.payments.queries import left_of_lines
from yantuan.stores.models import PickupPoint

SHOWN = 500
"""Lines named in a preview; the sums are always of all."""


@dataclass
class Short:
    """What is short at a point, and which lines lose it."""

    counts: int
    goods: list[tuple[sheet.Due, int]] = field(default_factory=list)
    """Each kind of goods with how many pieces are short."""
    lines: list[OrderLine] = field(default_factory=list)
    """Those that could lose something, in the order of the rule."""
    taken: dict[int, int] = field(default_factory=dict)
    """Pieces by order line."""


def point_of(group_buy: GroupBuy, point_id: int) -> PickupPoint:
    """A point of the sale's own store. Raises NotFound otherwise."""
    point = PickupPoint.objects.filter(id=point_id, store_id=group_buy.store_id).first()
    if point is None:
        raise NotFound
    if group_buy.kind != GroupBuy.Kind.DATED:
        raise Conflict(
            "shelf_not_short",
            "货架的商品少了等下次到货，要退请在订单里退",
            "Goods of the shelf come with the next delivery; refund in the order.",
        )
    return point


def shortage(group_buy: GroupBuy, point: PickupPoint, wish: ShortIn) -> Short:
    """The shortage as orders are now, shared out by the rule or as the leader chose.

    Pieces that were refunded since the count are no more due, so the same shortage is never refunded twice.
    Raises Conflict `not_counted_yet`, Invalid `choice_does_not_fit`.
    """
    arrival = Arrival.objects.filter(group_buy=group_buy, point=point, counts__gte=1).first()
    if arrival is None:
        raise Conflict("not_counted_yet", "请先清点到货", "Count what came first.")
    came = sheet.newest(arrival)
    found = Short(arrival.counts)
    for due in sheet.due_goods(group_buy.id, point.id):
        units = rules.short_of(due.due, came[due.offer_id]) if due.offer_id in came else 0
        if units:
            found.goods.append((due, units))
    found.lines = _lines(group_buy, point, [due.offer_id for due, _ in found.goods])
    places = [
        rules.Place(line.id, line.offer_id, line.order.number, left_to_hand_out(line)) for line in found.lines
    ]
    short = {due.offer_id: units for due, units in found.goods}
    chosen = {one.order_line_id: one.quantity for one in wish.chosen}
    found.taken = rules.check_choice(short, places, chosen) if chosen else rules.latest_first(short, places)
    return found


def _lines(group_buy: GroupBuy, point: PickupPoint, offers: list[int]) -> list[OrderLine]:
    """Lines with pieces nobody has fetched, the latest 跟团号 first. What an open case is about stays out of it."""
    rows = OrderLine.objects.filter(
        offer_id__in=offers,
        order__group_buy_id=group_buy.id,
        order__pickup_point_id=point.id,
        order__payment__in=list(PAID_PAYMENTS),
    ).exclude(order__aftersale="open")
    ordered = rows.select_related("order").order_by("-order__number", "-order_id", "-id")
    return [line for line in ordered if left_to_hand_out(line)]


def short_out(found: Short) -> ShortOut:
    """The shortage as the leader reads it before agreeing."""
    plan = plan_of(found)
    placed: dict[int, int] = defaultdict(int)
    for line in found.lines:
        placed[line.offer_id] += found.taken.get(line.id, 0)
    return ShortOut(
        counts=found.counts,
        goods=[
            ShortGoods(offer_id=str(due.offer_id), title=due.title, short=units, placed=placed[due.offer_id])
            for due, units in found.goods
        ],
        lines=[
            ShortLine(
                order_line_id=str(line.id), number=line.order.number, name=line.order.recipient_name,
                title=f"{line.title} {line.sku_name}".strip(), left=left_to_hand_out(line),
                units=found.taken.get(line.id, 0),
            )
            for line in found.lines[:SHOWN]
        ],
        more=max(0, len(found.lines) - SHOWN), orders=len(plan.parts), total_fen=plan.total_fen,
        offline=sum(1 for order, _ in plan.parts if order.payment_method == "offline"),
    )  # fmt: skip


def plan_of(found: Short) -> Plan:
    """The refunds it comes to, in the order of 跟团号; lines without money need none."""
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    orders: dict[int, Order] = {}
    for line in found.lines:
        if found.taken.get(line.id):
            lines[line.order_id].append(line)
            orders[line.order_id] = line.order
    plan = Plan()
    for order in sorted(orders.values(), key=lambda one: (one.number, one.id)):
        lefts = {left.order_line_id: left for left in left_of_lines(lines[order.id])}
        wishes = [wish_of_units(lefts[line.id], found.taken[line.id]) for line in lines[order.id]]
        if sum(wish.amount_fen or 0 for wish in wishes):
            plan.parts.append((order, wishes))
        else:
            plan.left_out.append((order, "nothing_left"))
    return plan


def refund(
    person: Person, group_buy: GroupBuy, point: PickupPoint, body: ShortStart, confirmed_at: datetime | None
) -> BatchRefund:
    """Refund what was previewed; a worker carries it out. In the caller's transaction.

    Refusals as of `batchrefunds.actions.start` and `shortage`; Conflict `count_changed` when it was counted again.
    """
    batches.lock_sale(group_buy)
    found = shortage(group_buy, point, body)
    rules.check_base(found.counts, body.counts)
    offers = tuple(due.offer_id for due, _ in found.goods)
    spec = batches.Agreed(body.reason, body.expected_total_fen, 100, offers, BatchRefund.Kind.UNITS)
    return batches.agree(person, group_buy, plan_of(found), spec, confirmed_at)
