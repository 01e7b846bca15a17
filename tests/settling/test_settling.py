"""From paid orders to a judged sale and its refunds, to the fen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from fulfilment.tradeworld import Shop, Trade, books_add_up, caller, make_shop
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.options import OfferOptions, SaleOptions, packed
from yantuan.groupbuys.options.forming import FormingRule, OfferForming, SaleForming, Tier, Tiers
from yantuan.kernel import outbox
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.errors import Conflict
from yantuan.notices.models import InboxMessage
from yantuan.orders import actions as orders
from yantuan.orders.drafts import Draft, DraftLine, Placed
from yantuan.orders.placing import place_orders
from yantuan.payments.models import Refund
from yantuan.settling import actions, carrying, jobs
from yantuan.settling.models import CartonShare, Formation, Settlement

pytestmark = pytest.mark.django_db
TIERS = Tiers(steps=(Tier(reach=3, price_fen=3000), Tier(reach=6, price_fen=2500)))


def opened(forming: OfferForming | None = None, rule: FormingRule | None = None) -> Shop:
    """A shop whose first goods settle, with 500 pieces; 39.90 each, 8.00 freight an order."""
    shop = make_shop(offers=2, stock_units=500)
    own = forming or OfferForming()
    sale = SaleForming(rule=rule, settles=bool(own.tiers or own.carton), cartons=bool(own.carton))
    GroupBuy.objects.filter(id=shop.world.group_buy.id).update(options=packed(SaleOptions(forming=sale)))
    Offer.objects.filter(id=shop.world.offers[0].id).update(options=packed(OfferOptions(forming=own)))
    return shop


def wishing(shop: Shop, wish: int, most: int) -> Trade:
    """A paid order of goods in cartons."""
    pair = shop.world.buyer()
    offer = shop.world.offers[0]
    known = shop.world.draft(pair, lines=((offer, most),), payment_method="offline")
    fields = {name: getattr(known, name) for name in Draft.__slots__}
    draft = Draft(**{**fields, "lines": (DraftLine(offer.id, most, wish),)})
    outcome = place_orders([draft])[0]
    assert isinstance(outcome, Placed), outcome
    trade = Trade(int(outcome.order.id), caller(pair[0]), shop)
    pay(trade)
    return trade


def pay(trade: Trade) -> None:
    with transaction.atomic():
        orders.mark_paid(trade.id, trade.row.total_fen, SYSTEM)


def close(shop: Shop) -> None:
    shop.boss.ok("POST", f"/leader/group-buys/{shop.world.group_buy.id}/close")


def settle(shop: Shop) -> Formation:
    """Close the sale and let the worker do its work."""
    outbox.drain()
    close(shop)
    assert actions.judge_due() == 1
    outbox.drain()
    return Formation.objects.get(pk=shop.world.group_buy.id)


def refunds(*trades: Trade) -> list[tuple[str, int]]:
    rows = Refund.objects.filter(order_id__in=[trade.id for trade in trades]).order_by("order_id", "id")
    return list(rows.values_list("cause", "amount_fen"))


def public(shop: Shop) -> Any:
    return shop.boss.ok("GET", f"/g/{shop.world.group_buy.code}/forming")


def desk(shop: Shop, rest: str = "") -> Any:
    return shop.boss.ok("GET", f"/leader/group-buys/{shop.world.group_buy.id}/settling{rest}")


def held(trades: Sequence[Trade]) -> list[bool]:
    return [
        trade.shop.boss.call("POST", f"/leader/orders/{trade.id}/pickup", {}).status_code == 409
        and trade.axes[1] == "awaiting_pickup"
        for trade in trades
    ]


def test_a_sale_that_did_not_form_gives_everything_back(db: None) -> None:
    shop = opened(rule=FormingRule(reach=3))
    first, second, unpaid = shop.order(2), shop.order(1, 1), shop.order(paid=False)
    outbox.drain()
    seen = public(shop)
    assert (seen["state"], seen["by"], seen["have"], seen["reach"], seen["judged"]) == ("waiting", "people", 2, 3, False)  # fmt: skip
    close(shop)
    # Money may still come for the order that is not paid yet.
    assert actions.judge_due() == 0
    with transaction.atomic():
        orders.close_order(unpaid.id, "expired", SYSTEM)
    assert actions.judge_due() == 1
    assert actions.judge_due() == 0
    outbox.drain()
    assert public(shop)["state"] == "failed"
    totals = [(trade.row.total_fen, trade.row.paid_fen) for trade in (first, second)]
    assert refunds(first, second, unpaid) == [("unformed", total) for total, _ in totals]
    kinds = desk(shop)["kinds"]
    assert [(k["kind"], k["orders"], k["due"], k["amount_fen"]) for k in kinds] == [
        ("unformed", 2, 0, sum(total for total, _ in totals))
    ]
    books_add_up()


def test_a_sale_forms_with_the_payment_that_reaches_it_and_stays_so(db: None) -> None:
    shop = opened(rule=FormingRule(by="pieces", reach=4))
    first, second = shop.order(3, pickup=True), shop.order(1, pickup=True, paid=False)
    outbox.drain()
    assert held([first]) == [True]
    pay(second)
    outbox.drain()
    formation = Formation.objects.get(pk=shop.world.group_buy.id)
    assert (formation.state, formation.pieces, formation.judged_at) == ("formed", 4, None)
    first.refund()
    first_refunds = refunds(first)
    settled = settle(shop)
    assert (settled.state, settled.pieces) == ("formed", 4)
    assert refunds(first, second) == first_refunds
    second.hand_out()
    assert second.axes[1] == "picked"


def test_tiers_give_everybody_the_difference(db: None) -> None:
    shop = opened(OfferForming(tiers=TIERS))
    many, one, other, back = shop.order(4), shop.order(1, 1), shop.order(1), shop.order(2)
    outbox.drain()
    seen = public(shop)["tiers"][0]
    assert (seen["have"], seen["usual_fen"], seen["now_fen"]) == (8, 3990, 2500)
    assert [step["reached"] for step in seen["steps"]] == [True, True]
    back.refund()
    settle(shop)
    difference = 3990 - 2500
    assert refunds(many, one, other) == [("tier", 4 * difference), ("tier", difference), ("tier", difference)]
    assert [cause for cause, _ in refunds(back)] == ["leader"]
    # The buyers keep every piece.
    assert [line.refunded_quantity for trade in (many, one, other) for line in trade.lines] == [0, 0, 0, 0]
    assert public(shop)["tiers"][0]["now_fen"] == 2500
    books_add_up()


def test_a_tier_counts_what_is_kept(db: None) -> None:
    shop = opened(OfferForming(tiers=TIERS))
    kept, gone = shop.order(3), shop.order(3)
    gone.refund()
    settle(shop)
    assert refunds(kept) == [("tier", 3 * (3990 - 3000))]


def test_cartons_are_split_by_the_rule_and_the_rest_goes_back(db: None) -> None:
    shop = opened(OfferForming(carton=12))
    trades = [wishing(shop, 2, 4), wishing(shop, 3, 3), wishing(shop, 4, 6)]
    outbox.drain()
    seen = public(shop)
    carton = seen["cartons"][0]
    assert (carton["size"], carton["wished"], carton["most"], carton["cartons"], carton["last"], carton["could"]) == (12, 9, 13, 1, 9, 3)  # fmt: skip
    assert seen["shares"] == [] and "轮流" in seen["carton_rule"]
    answer = shop.boss.call(
        "POST",
        f"/leader/orders/{trades[0].id}/shipments",
        {"carrier": "YTO", "tracking_no": "YT1234567890123"},
    )
    assert (answer.status_code, b"cartons_open" in answer.content) == (409, True)
    settle(shop)
    shares = public(shop)["shares"]
    assert [(row["number"], row["wish"], row["most"], row["got"]) for row in shares] == [
        (1, 2, 4, 4), (2, 3, 3, 3), (3, 4, 6, 5),
    ]  # fmt: skip
    assert refunds(*trades) == [("unfilled", 3990)]
    assert [trade.lines[0].quantity - trade.lines[0].refunded_quantity for trade in trades] == [4, 3, 5]
    books_add_up()


def test_a_carton_nobody_fills_comes_back_with_its_freight(db: None) -> None:
    shop = opened(OfferForming(carton=12))
    trade = wishing(shop, 2, 4)
    settle(shop)
    assert refunds(trade) == [("unfilled", trade.row.total_fen)]
    assert public(shop)["cartons"][0]["cartons"] == 0
    books_add_up()


def test_cartons_and_tiers_together(db: None) -> None:
    shop = opened(OfferForming(carton=4, tiers=TIERS))
    first, second = wishing(shop, 3, 3), wishing(shop, 2, 2)
    settle(shop)
    # Five wished, one carton of four: the last to pay gets one, and the price is that of four pieces.
    assert refunds(first) == [("tier", 3 * 990)]
    assert refunds(second) == [("unfilled", 3990), ("tier", 990)]
    books_add_up()


def test_a_wish_above_what_is_paid_for_or_without_cartons_is_refused(db: None) -> None:
    shop = opened(OfferForming(carton=12))
    for place, wish in ((0, 5), (1, 1)):
        pair = shop.world.buyer()
        known = shop.world.draft(pair, lines=((shop.world.offers[place], 4),), payment_method="offline")
        fields = {name: getattr(known, name) for name in Draft.__slots__}
        lines = (DraftLine(shop.world.offers[place].id, 4, wish),)
        outcome = place_orders([Draft(**{**fields, "lines": lines})])[0]
        assert not isinstance(outcome, Placed) and outcome.error.code == "wish_unfit"
    assert CartonShare.objects.count() == 0


def test_money_that_comes_after_the_judgement(db: None) -> None:
    shop = opened(OfferForming(carton=3, tiers=TIERS))
    kept, late = wishing(shop, 3, 3), shop.order(1, paid=False)
    close(shop)
    outbox.drain()
    assert actions.judge_due() == 0
    with frozen(now() + timedelta(hours=25)):
        assert actions.judge_due() == 1
        outbox.drain()
        pay(late)
        outbox.drain()
    # It was not there when the cartons were split; the tier is for everybody who was.
    assert refunds(late) == [("unfilled", late.row.total_fen)]
    assert refunds(kept) == [("tier", 3 * 990)]
    jobs.note_paid({"order_id": late.id})
    jobs.note_paid({"order_id": kept.id})
    outbox.drain()
    assert Settlement.objects.count() == 2


def test_a_judged_sale_is_not_extended(db: None) -> None:
    shop = opened(rule=FormingRule(reach=2))
    shop.order()
    outbox.drain()
    sale = GroupBuy.objects.get(id=shop.world.group_buy.id)
    with frozen(sale.ends_at + timedelta(seconds=1) if sale.ends_at else now()):
        assert actions.judge_due() == 1
        path = f"/leader/group-buys/{sale.id}/extend"
        shop = Shop(shop.world, caller(shop.world.leader_person))
        body = {"ends_at": (now() + timedelta(days=2)).isoformat()}
        assert shop.boss.refused("POST", path, body) == (409, "sale_settled")


def test_the_work_done_twice_gives_back_once(db: None) -> None:
    shop = opened(OfferForming(tiers=TIERS))
    trade = shop.order(6)
    settle(shop)
    before = refunds(trade)
    jobs.carry_on({"group_buy_id": str(shop.world.group_buy.id)})
    jobs.resume_settling()
    outbox.drain()
    assert refunds(trade) == before == [("tier", 6 * 1490)]


def test_a_refund_that_is_refused_can_be_tried_again(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = opened(OfferForming(tiers=TIERS))
    trade = shop.order(6)
    outbox.drain()
    close(shop)
    actions.judge_due()

    def refuse(*_: object, **__: object) -> None:
        raise Conflict("refund_too_many", "太多", "Too many.")

    with monkeypatch.context() as patched:
        patched.setattr(carrying, "start_refund", refuse)
        outbox.drain()
    row = desk(shop, "/orders")["items"][0]
    assert (row["state"], row["why"]) == ("skipped", "这笔付款退款次数太多，请线下退")
    answer = shop.boss.ok("POST", f"/leader/group-buys/{shop.world.group_buy.id}/settling/retry")
    assert answer == {"orders": 1}
    outbox.drain()
    assert refunds(trade) == [("tier", 6 * 1490)]


def test_what_is_published_stays(db: None) -> None:
    shop = opened(OfferForming(tiers=TIERS), FormingRule(reach=2))
    path = f"/leader/group-buys/{shop.world.group_buy.id}"
    seen = shop.boss.ok("GET", path)
    body = {
        "title": seen["title"], "starts_at": seen["starts_at"], "ends_at": seen["ends_at"], "pickup_enabled": True,
        "pickup_point_ids": [str(shop.world.point.id)], "options": seen["options"],
        "offers": [
            {"sku_id": o["sku_id"], "price_fen": o["price_fen"], "options": o["options"]} for o in seen["offers"]
        ],
    }  # fmt: skip
    shop.boss.ok("PUT", path, body)
    harder = {**body, "options": {**seen["options"], "forming": {"rule": {"by": "people", "reach": 50}}}}
    assert shop.boss.refused("PUT", path, harder) == (409, "forming_fixed")
    body["offers"][0]["options"] = {}
    assert shop.boss.refused("PUT", path, body) == (409, "forming_fixed")


def test_the_leader_is_told_once_of_each(db: None) -> None:
    shop = opened(rule=FormingRule(reach=2))
    shop.order()
    shop.order()
    settle(shop)
    jobs.judge_closed_sales()
    outbox.drain()
    words = InboxMessage.objects.filter(person_id=shop.world.leader_person.id, kind="selling").order_by("id")
    assert [row.title for row in words] == ["「秋天的第一箱苹果」已成团", "「秋天的第一箱苹果」截单结算好了"]
