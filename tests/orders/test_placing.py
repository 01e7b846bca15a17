"""Placing against a real database: what is written, what is refused and leaves nothing behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from orderworld import World, counts, footprint, make_world, order_of, refusal

from yantuan.catalog.models import StockMovement
from yantuan.groupbuys.models import GroupBuy, GroupCounter, Offer
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict
from yantuan.orders import actions
from yantuan.orders.drafts import Draft, Placed
from yantuan.orders.models import LimitUse, Order, OrderEvent, OrderLine, Participation
from yantuan.orders.placing import place_orders
from yantuan.stores.models import PickupPoint, Store


def test_an_order_keeps_what_was_promised(world: World) -> None:
    draft = world.draft(lines=((world.offers[0], 2),), remark="放门口")
    [outcome] = place_orders([draft])
    order = order_of(outcome)
    assert (order.payment, order.delivery, order.aftersale) == ("unpaid", "none", "none")
    assert (order.goods_fen, order.freight_fen, order.total_fen) == (7980, 800, 8780)
    assert (order.number, order.recipient_name, order.room, order.remark) == (1, "王小雁", "501", "放门口")
    assert order.expires_at == order.placed_at + timedelta(seconds=900)
    [line] = OrderLine.objects.filter(order=order)
    assert (line.title, line.sku_name, line.quantity, line.amount_fen) == ("红富士苹果0", "5斤", 2, 7980)
    assert line.freight_share_fen == 800
    assert order.goods_text == "红富士苹果0 5斤×2"
    assert counts(world.offers[0]) == (8, 2, 0)
    assert LimitUse.objects.get().quantity == 2
    assert GroupCounter.objects.get().orders == 1
    assert [e.event for e in OrderEvent.objects.filter(order=order)] == ["placed"]
    assert [m.kind for m in StockMovement.objects.filter(order_line_id=line.id)] == ["hold"]


def test_a_batch_answers_each_in_order(world: World) -> None:
    outcomes = place_orders([world.draft(lines=((world.offers[0], 4),)) for _ in range(3)])
    assert [isinstance(o, Placed) for o in outcomes] == [True, True, False]
    assert refusal(outcomes[2]) == "sold_out"
    assert counts(world.offers[0]) == (2, 8, 0)
    assert sorted(Participation.objects.values_list("number", flat=True)) == [1, 2]


def test_one_buyer_keeps_one_number(world: World) -> None:
    pair = world.buyer()
    orders = [order_of(o) for o in place_orders([world.draft(pair), world.draft(), world.draft(pair)])]
    orders.append(order_of(place_orders([world.draft(pair)])[0]))
    assert [o.number for o in orders] == [1, 2, 1, 1]
    assert Participation.objects.count() == 2


def test_the_same_key_answers_the_same_order(world: World) -> None:
    draft = world.draft()
    first, again = place_orders([draft, draft])
    [later] = place_orders([draft])
    assert isinstance(first, Placed) and isinstance(again, Placed) and isinstance(later, Placed)
    assert first.order.id == again.order.id == later.order.id
    assert [first.order.replayed, again.order.replayed, later.order.replayed] == [False, True, True]
    assert Order.objects.count() == 1
    other = world.draft(world.buyers[0], idempotency_key=draft.idempotency_key, body_hash="b" * 64)
    assert refusal(place_orders([other])[0]) == "idempotency_key_reused"
    assert counts(world.offers[0]) == (9, 1, 0)


def test_nothing_to_pay_is_sold_at_once(db: None) -> None:
    world = make_world(price_fen=0, freight_fen=0)
    order = order_of(place_orders([world.draft(delivery_method="pickup")])[0])
    assert (order.payment, order.payment_method, order.delivery) == ("paid", "zero", "awaiting_pickup")
    assert len(order.pickup_code) == 8
    assert counts(world.offers[0]) == (9, 0, 1)
    assert sorted(StockMovement.objects.exclude(kind="adjust").values_list("kind", flat=True)) == [
        "hold",
        "sell",
    ]


def test_offline_pickup_waits_a_day(world: World) -> None:
    order = order_of(place_orders([world.draft(delivery_method="pickup", payment_method="offline")])[0])
    assert order.expires_at == order.placed_at + timedelta(hours=24)
    assert (order.payment, order.delivery, order.freight_fen) == ("unpaid", "awaiting_pickup", 0)
    assert order.pickup_snapshot["name"] == "东门"


def _edit(model: type[Store] | type[GroupBuy] | type[Offer], **values: object) -> None:
    model.objects.update(**values)


REFUSALS = {
    "not_found": lambda w: w.draft(group_buy_id=1),
    "sold_out": lambda w: w.draft(lines=((w.offers[0], 11),)),
    "price_changed": lambda w: w.draft(expected_total_fen=1),
    "duplicate_offer": lambda w: w.draft(lines=((w.offers[0], 1), (w.offers[0], 1))),
    "address_needed": lambda w: w.draft(address_id=None),
    "address_unknown": lambda w: w.draft(address_id=w.buyer()[1].id),
    "pickup_point_unknown": lambda w: w.draft(delivery_method="pickup", pickup_point_id=5),
    "contact_needed": lambda w: w.draft(delivery_method="pickup", contact=None),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_changes_nothing(world: World, code: str) -> None:
    draft: Draft = REFUSALS[code](world)
    before = footprint()
    assert refusal(place_orders([draft])[0]) == code
    assert footprint() == before


EDITS = {
    "sale_closed": (GroupBuy, {"state": "closed"}),
    "sale_ended": (GroupBuy, {"ends_at": now() - timedelta(seconds=1)}),
    "sale_not_open": (GroupBuy, {"starts_at": now() + timedelta(hours=1)}),
    "sale_suspended": (Store, {"suspended_at": now()}),
    "store_halted": (Store, {"halted_at": now()}),
    "not_found": (GroupBuy, {"state": "draft"}),
    "offer_removed": (Offer, {"removed_at": now()}),
    "price_changed": (Offer, {"price_fen": 4000}),
    "delivery_unavailable": (Store, {"courier_enabled": False}),
    "payment_unavailable": (Store, {"wechatpay_enabled": False}),
    "answer_missing": (GroupBuy, {"questions": [{"id": "q1", "label": "楼栋", "required": True}]}),
    "limit_reached": (Offer, {"limit_per_person": 2}),
}


@pytest.mark.parametrize("code", EDITS)
def test_the_terms_of_the_moment_count(world: World, code: str) -> None:
    model, values = EDITS[code]
    _edit(model, **values)
    world.offers[0].price_fen = 3990
    draft = world.draft(lines=((world.offers[0], 3),))
    before = footprint()
    assert refusal(place_orders([draft])[0]) == code
    assert footprint() == before


def test_answers_are_kept_with_their_questions(world: World) -> None:
    questions = [{"id": "q1", "label": "口味", "kind": "choice", "choices": ["甜", "咸"], "required": True}]
    GroupBuy.objects.update(questions=questions)
    good, bad = world.draft(answers=(("q1", "甜"),)), world.draft(answers=(("q1", "辣"),))
    first, second = place_orders([good, bad])
    assert order_of(first).answers == [{"label": "口味", "answer": "甜"}]
    assert refusal(second) == "answer_unfit"


def test_limit_is_per_person_and_comes_back_once(db: None) -> None:
    world = make_world(limit=2)
    pair = world.buyer()
    outcomes = place_orders([world.draft(pair, lines=((world.offers[0], 1),)) for _ in range(3)])
    assert refusal(outcomes[2]) == "limit_reached"
    for _ in range(2):
        with transaction.atomic():
            actions.close_order(order_of(outcomes[0]).id, "buyer", Actor("buyer", pair[0].id))
    assert LimitUse.objects.get().quantity == 1
    assert counts(world.offers[0]) == (9, 1, 0)
    assert GroupCounter.objects.get().orders == 1
    assert isinstance(place_orders([world.draft(pair)])[0], Placed)


def test_unpaid_orders_per_sale_are_capped(db: None) -> None:
    world = make_world(stock_units=50)
    pair = world.buyer()
    codes = [type(o).__name__ for o in place_orders([world.draft(pair) for _ in range(12)])]
    assert codes == ["Placed"] * 10 + ["Refused"] * 2
    assert refusal(place_orders([world.draft(pair)])[0]) == "too_many_unpaid"


def test_twenty_orders_a_minute_are_enough(db: None) -> None:
    world = make_world(stock_units=50, price_fen=0, freight_fen=0)
    pair = world.buyer()
    outcomes = place_orders([world.draft(pair) for _ in range(22)])
    assert [isinstance(o, Placed) for o in outcomes].count(True) == 20
    assert refusal(place_orders([world.draft(pair)])[0]) == "too_many_requests"


def test_a_poisoned_draft_fails_alone(world: World) -> None:
    drafts = [
        world.draft(),
        world.draft(remark="\x00" if connection.vendor != "sqlite" else "\ud800"),
        world.draft(),
    ]
    outcomes = place_orders(drafts)
    assert [isinstance(o, Placed) for o in outcomes] == [True, False, True]
    assert refusal(outcomes[1]) == "order_not_booked"
    assert counts(world.offers[0]) == (8, 2, 0)


def test_paying_closing_and_late_money(world: World) -> None:
    first, second = [
        order_of(o) for o in place_orders([world.draft(), world.draft(lines=((world.offers[0], 9),))])
    ]
    with transaction.atomic():
        paid = actions.mark_paid(first.id, first.total_fen, SYSTEM)
        assert actions.mark_paid(first.id, first.total_fen, SYSTEM).version == paid.version
    assert (paid.payment, paid.paid_fen, paid.expires_at) == ("paid", first.total_fen, None)
    assert counts(world.offers[0]) == (0, 9, 1)
    with transaction.atomic(), pytest.raises(Conflict):
        actions.close_order(first.id, "expired", SYSTEM)
    with transaction.atomic():
        actions.close_order(second.id, "expired", SYSTEM)
    assert counts(world.offers[0]) == (9, 0, 1)
    with transaction.atomic():
        assert actions.mark_paid_late(second.id, second.total_fen, SYSTEM)
    assert counts(world.offers[0]) == (0, 0, 10)
    second.refresh_from_db()
    assert (second.payment, second.close_reason) == ("paid", "")
    assert GroupCounter.objects.get().orders == 2


def test_late_money_without_stock_is_recorded(world: World) -> None:
    order = order_of(place_orders([world.draft(lines=((world.offers[0], 8),))])[0])
    with transaction.atomic():
        actions.close_order(order.id, "expired", SYSTEM)
    place_orders([world.draft(lines=((world.offers[0], 5),))])
    with transaction.atomic():
        assert not actions.mark_paid_late(order.id, order.total_fen, SYSTEM)
    with transaction.atomic():
        actions.mark_refunded(order.id, order.total_fen, SYSTEM, extra=True)
    order.refresh_from_db()
    assert (order.payment, order.paid_fen, order.refunded_fen) == ("closed", order.total_fen, order.total_fen)
    assert counts(world.offers[0]) == (5, 5, 0)


def test_statements_per_order(world: World) -> None:
    draft = world.draft()
    with CaptureQueriesContext(
        connection,
    ) as one:
        place_orders([draft])
    many = [world.draft() for _ in range(8)]
    with CaptureQueriesContext(connection) as eight:
        place_orders(many)
    assert len(one) <= 17
    assert connection.vendor == "sqlite" or len(eight) <= len(one)


def test_only_live_points_of_this_sale_hand_out(world: World) -> None:
    other = PickupPoint.objects.create(
        store=world.store, name="西门", address="文三路 2 号", created_at=now()
    )
    elsewhere = world.draft(delivery_method="pickup", pickup_point_id=other.id)
    assert refusal(place_orders([elsewhere])[0]) == "pickup_point_unknown"
    foreign = make_world().point
    GroupBuy.objects.filter(id=world.group_buy.id).update(
        pickup_point_ids=[str(world.point.id), str(foreign.id)]
    )
    assert refusal(place_orders([world.draft(delivery_method="pickup", pickup_point_id=foreign.id)])[0]) == (
        "pickup_point_unknown"
    )
    PickupPoint.objects.filter(id=world.point.id).update(archived_at=now())
    assert refusal(place_orders([world.draft(delivery_method="pickup")])[0]) == "pickup_point_unknown"
    assert Order.objects.count() == 0
