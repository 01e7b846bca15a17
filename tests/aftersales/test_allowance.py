"""Claims that settle themselves within what the leader allows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from casework import Case, claim, claim_body

from fulfilment.tradeworld import Shop, Trade, caller, make_shop, picture
from orders.orderworld import make_person
from yantuan.aftersales import actions, allowance
from yantuan.aftersales.allowance_rules import month_start
from yantuan.aftersales.models import Allowance, AllowanceUse
from yantuan.aftersales.schemas import ClaimIn
from yantuan.kernel import outbox
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.models import AuditEntry
from yantuan.orders.models import Order, OrderEvent

ALLOWS = {
    "enabled": True, "month_fen": 3000, "claim_fen": 1500, "percent": 50, "reasons": ["spoiled", "missing"],
    "needs_picture": True, "claims_per_buyer": 2,
}  # fmt: skip


def path(shop: Shop) -> str:
    return f"/leader/stores/{shop.world.store.id}/allowance"


def allow(shop: Shop, **changes: Any) -> Any:
    return shop.boss.ok("PUT", path(shop), ALLOWS | changes)


def paid_by_wechat(shop: Shop, pair: Any = None) -> Trade:
    """A claim asks only how an order was paid; where the money goes back through is the refund's own business."""
    trade = shop.order(1, pair=pair)
    Order.objects.filter(id=trade.id).update(payment_method="wechatpay")
    return trade


def claimed(trade: Trade, amount: int = 1200, **more: Any) -> Case:
    """Asked by the verb itself: on a later day the buyer's session would have ended."""
    shown = [str(picture(trade.buyer.who).id)]
    body = claim_body(trade, **{"amount": amount, "reason": "spoiled", "media_ids": shown} | more)
    case = actions.claim(trade.buyer.who, trade.id, ClaimIn(**body))
    outbox.drain()
    return Case(case.id, trade)


def test_nothing_settles_itself_until_the_leader_says_so(shop: Shop) -> None:
    shown = shop.boss.ok("GET", path(shop))
    assert (shown["enabled"], shown["claim_fen"], shown["percent"], shown["spent_fen"]) == (
        False,
        2000,
        30,
        0,
    )
    assert claimed(paid_by_wechat(shop)).state == "requested"


def test_a_claim_within_the_rule_is_agreed_and_refunded(shop: Shop) -> None:
    allow(shop)
    trade = paid_by_wechat(shop)
    case = claimed(trade)
    row = case.row
    assert (row.state, row.agreed_fen) == ("agreed", 1200) and row.refund_id
    event = OrderEvent.objects.get(order_id=trade.id, event="allow")
    assert (event.actor_kind, event.before, event.after, event.data["amount_fen"]) == (
        "system",
        "requested",
        "agreed",
        1200,
    )
    shown = shop.boss.ok("GET", path(shop))
    assert (shown["spent_fen"], shown["spent_claims"]) == (1200, 1)
    trade.finish_refunds()
    assert case.state == "refunded"


def test_the_same_word_twice_pays_once(shop: Shop) -> None:
    allow(shop)
    case = claimed(paid_by_wechat(shop))
    before = case.row
    assert allowance.settle(case.id) == "off"
    assert case.row == before and AllowanceUse.objects.count() == 1


def test_what_is_beyond_a_bound_waits_for_a_person(shop: Shop) -> None:
    allow(shop)
    assert claimed(paid_by_wechat(shop), amount=1501).state == "requested"
    assert claimed(paid_by_wechat(shop), reason="changed_mind").state == "requested"
    offline = shop.order(1)
    assert claimed(offline).state == "requested"
    assert AllowanceUse.objects.count() == 0


def test_a_buyer_settles_so_often_within_thirty_days(shop: Shop) -> None:
    allow(shop, month_fen=100000, claims_per_buyer=1)
    pair = shop.world.buyer()
    assert claimed(paid_by_wechat(shop, pair)).state == "agreed"
    assert claimed(paid_by_wechat(shop, pair)).state == "requested"
    assert claimed(paid_by_wechat(shop)).state == "agreed"
    late = paid_by_wechat(shop, pair)
    with frozen(now() + timedelta(days=31)):
        assert claimed(late).state == "agreed"


def test_the_month_is_never_overspent_and_begins_anew(shop: Shop) -> None:
    allow(shop)
    first, second, third, fourth = (paid_by_wechat(shop) for _ in range(4))
    inside = (month_start(now()) + timedelta(days=40)).replace(day=2)
    with frozen(inside):
        assert [claimed(trade).state for trade in (first, second, third)] == ["agreed", "agreed", "requested"]
    with frozen(inside + timedelta(days=32)):
        assert claimed(fourth).state == "agreed"


def test_money_that_cannot_go_leaves_the_claim_to_a_person(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(shop)
    trade = paid_by_wechat(shop)
    shown = [str(picture(trade.buyer.who).id)]
    case = claim(trade, amount=1200, reason="spoiled", media_ids=shown)
    trade.refund()
    outbox.drain()
    assert case.state == "closed" and AllowanceUse.objects.count() == 0


def test_only_the_leader_sees_and_sets_it_and_it_is_on_record(shop: Shop) -> None:
    trade, other = shop.order(1), make_shop()
    for stranger in (other.boss, trade.buyer, caller(make_person())):
        assert stranger.refused("GET", path(shop)) == (404, "not_found")
        assert stranger.refused("PUT", path(shop), ALLOWS) == (404, "not_found")
    assert shop.boss.refused("PUT", path(shop), ALLOWS | {"reasons": ["bored"]}) == (422, "reason_unknown")
    assert shop.boss.refused("PUT", path(shop), ALLOWS | {"claim_fen": 50001}) == (422, "fields_invalid")
    assert not Allowance.objects.exists()
    allow(shop)
    entry = AuditEntry.objects.get(action="allowance.set")
    assert (entry.actor_id, entry.data["month_fen"]) == (shop.boss.who.id, 3000)
