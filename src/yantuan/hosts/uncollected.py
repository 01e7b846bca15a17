"""Goods nobody has fetched: the rule buyers read before ordering, one reminder, and what the leader may do then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from yantuan.batchrefunds import actions as batches
from yantuan.batchrefunds.models import BatchRefund
from yantuan.batchrefunds.queries import Plan
from yantuan.batchrefunds.rules import wish_of_units
from yantuan.groupbuys.models import GroupBuy
from yantuan.hosts import rules, sheet
from yantuan.hosts.models import Arrival, UncollectedRule
from yantuan.hosts.schemas import (
    RuleIn,
    RuleOut,
    UncollectedOrder,
    UncollectedOut,
    UncollectedPoint,
    UncollectedRefund,
)
from yantuan.identity.models import Person
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, NotFound
from yantuan.orders.models import Order
from yantuan.orders.rules import left_to_hand_out
from yantuan.payments.queries import left_of_lines
from yantuan.payments.rules import Wish

NO_RULE = RuleOut(days=0, then="keep", text="", text_en="")


def rules_of(group_buy_id: int) -> list[UncollectedRule]:
    """All rules of a sale, the newest first."""
    return list(UncollectedRule.objects.filter(group_buy_id=group_buy_id).order_by("-id"))


def rule_out(found: Sequence[UncollectedRule]) -> RuleOut:
    """The newest rule in words; `days` 0 where there is none."""
    if not found:
        return NO_RULE
    zh, en = rules.rule_words(found[0].days, found[0].then)
    return RuleOut(days=found[0].days, then=rules.then_of(found[0].then), text=zh, text_en=en)


def public_rule(code: str) -> RuleOut:
    """What a buyer reads on the sale's page. Raises NotFound for a sale nobody may see."""
    sale = GroupBuy.objects.filter(code=code).exclude(state=GroupBuy.State.DRAFT).first()
    if sale is None:
        raise NotFound
    return rule_out(rules_of(sale.id)) if sale.pickup_enabled else NO_RULE


def set_rule(person: Person, group_buy: GroupBuy, body: RuleIn) -> RuleOut:
    """The rule for orders from now on; the same again: no change. In the caller's transaction."""
    GroupBuy.objects.select_for_update(no_key=True).get(id=group_buy.id)
    newest = rules_of(group_buy.id)[:1]
    if not newest or (newest[0].days, newest[0].then) != (body.days, body.then):
        row = UncollectedRule.objects.create(
            store_id=group_buy.store_id, group_buy=group_buy, days=body.days, then=body.then, person_id=person.id,
            created_at=now(),
        )  # fmt: skip
        audit.record(
            Actor("leader", person.id), "uncollected.rule", "group_buy", group_buy.id,
            store_id=group_buy.store_id, days=body.days, then=body.then,
        )  # fmt: skip
        newest = [row]
    return rule_out(newest)


def _rule_for(found: Sequence[UncollectedRule], placed_at: datetime) -> UncollectedRule | None:
    """The rule the buyer could read when they ordered."""
    return next((rule for rule in found if rule.created_at <= placed_at), None)


def _refundable(found: Sequence[UncollectedRule], arrival: Arrival, order: Order, moment: datetime) -> bool:
    rule = _rule_for(found, order.placed_at)
    return (
        rule is not None
        and order.aftersale != "open"
        and rules.may_take_back(rule.days, rule.then, arrival.told_at, arrival.reminded_at, moment)
    )


def _told(group_buy: GroupBuy) -> list[Arrival]:
    # The shelf's goods come again and again: there is no one day they wait since.
    rows = Arrival.objects.filter(
        group_buy=group_buy, group_buy__kind=GroupBuy.Kind.DATED, told_at__isnull=False
    ).select_related("point")
    return list(rows.order_by("point__position", "id"))


def _wishes(order: Order) -> list[Wish]:
    """Everything of the order nobody has fetched, at the price paid."""
    lines = list(order.lines.all())
    lefts = {left.order_line_id: left for left in left_of_lines(lines)}
    return [wish_of_units(lefts[x.id], left_to_hand_out(x)) for x in lines if left_to_hand_out(x)]


def uncollected_out(group_buy: GroupBuy) -> UncollectedOut:
    """Who has not come, point by point, and what the rule allows for each order."""
    found, moment = rules_of(group_buy.id), now()
    points = []
    for arrival in _told(group_buy):
        rows = sheet.hearers(group_buy.id, arrival.point_id).prefetch_related("lines")[:500]
        points.append(UncollectedPoint(
            id=str(arrival.point_id), name=arrival.point.name, told_at=arrival.told_at,
            days=(moment - arrival.told_at).days if arrival.told_at else 0, reminded_at=arrival.reminded_at,
            orders=[
                UncollectedOrder(
                    id=str(order.id), number=order.number, name=order.recipient_name, last4=order.phone_last4,
                    goods=order.goods_text, refundable=_refundable(found, arrival, order, moment),
                    amount_fen=sum(wish.amount_fen or 0 for wish in _wishes(order)),
                )
                for order in rows
            ],
        ))  # fmt: skip
    return UncollectedOut(title=group_buy.title, rule=rule_out(found), points=points)


def refund(
    person: Person, group_buy: GroupBuy, body: UncollectedRefund, confirmed_at: datetime | None
) -> BatchRefund:
    """Give back in full what was not fetched of chosen orders, as their rule allows. In the caller's transaction.

    Raises Conflict `not_by_rule` when one of them may not be settled so; refusals as of `batchrefunds.actions.start`.
    """
    batches.lock_sale(group_buy)
    found, moment, plan = rules_of(group_buy.id), now(), Plan()
    wanted = set(body.order_ids)
    offers: set[int] = set()
    for arrival in _told(group_buy):
        rows = sheet.hearers(group_buy.id, arrival.point_id).filter(id__in=wanted).prefetch_related("lines")
        for order in rows:
            if _refundable(found, arrival, order, moment):
                plan.parts.append((order, _wishes(order)))
                offers |= {line.offer_id for line in order.lines.all()}
    if {order.id for order, _ in plan.parts} != wanted:
        raise Conflict(
            "not_by_rule",
            "有订单不符合下单时公示的未取规则，请刷新后再选",
            "The rule shown before ordering does not allow this for one of the orders.",
        )
    plan.parts.sort(key=lambda part: (part[0].number, part[0].id))
    spec = batches.Agreed(
        body.reason, body.expected_total_fen, 100, tuple(sorted(offers)), BatchRefund.Kind.UNITS
    )
    return batches.agree(person, group_buy, plan, spec, confirmed_at)
