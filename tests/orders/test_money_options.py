"""Checkouts in sales that promise reductions, gifts, prices for new buyers and freight by region; and what refunds leave."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from orderworld import World, counts, footprint, make_person, make_world, order_of, refusal

from yantuan.groupbuys.models import Offer
from yantuan.groupbuys.options import OfferOptions, SaleOptions, packed
from yantuan.groupbuys.options.money import Gift, OfferMoney, Reduction, SaleMoney, Step
from yantuan.groupbuys.pages import group_buy_page
from yantuan.identity.models import Address
from yantuan.kernel.actors import Actor
from yantuan.orders import actions
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.placing import place_orders
from yantuan.orders.quoting import quote
from yantuan.orders.schemas import LineIn, QuoteIn, QuoteOut
from yantuan.stores.freight import FreightRule, FreightTemplate

pytestmark = pytest.mark.django_db

BUYER = Actor("buyer", 1)
REDUCTION = Reduction(steps=(Step(reach=7000, minus_fen=700), Step(reach=15000, minus_fen=2000)))
ZHEJIANG = FreightTemplate(
    rest=FreightRule(first_fen=1200, more_fen=300),
    rules=(
        FreightRule(regions=("浙江省",), first_fen=500, more_fen=100),
        FreightRule(regions=("西藏自治区",), refused=True),
    ),
)


def sale(world: World, **money: Any) -> None:
    world.group_buy.options = packed(SaleOptions(money=SaleMoney(**money)))
    world.group_buy.save(update_fields=["options"])


def offer(of: Offer, **money: Any) -> None:
    of.options = packed(OfferOptions(money=OfferMoney(**money)))
    of.save(update_fields=["options"])


def asked(world: World, person_id: int, *lines: tuple[Offer, int], **more: Any) -> QuoteOut:
    return quote(
        person_id,
        QuoteIn(
            group_buy_id=world.group_buy.id, delivery_method="courier",
            lines=[LineIn(offer_id=o.id, quantity=q) for o, q in lines], **more,
        ),
    )  # fmt: skip


def pay(order: Order) -> None:
    with transaction.atomic():
        actions.mark_paid(order.id, order.total_fen, BUYER)


def test_what_the_quote_says_is_what_placing_takes(db: None) -> None:
    world = make_world(offers=2, stock_units=20)
    sale(world, reduction=REDUCTION)
    person, address = world.buyer()
    lines = ((world.offers[0], 1), (world.offers[1], 1))
    found = asked(world, person.id, *lines)
    assert [(one.kind, one.fen, one.text) for one in found.deductions] == [("reduction", 700, "满减优惠")]
    assert (found.total_fen, found.hint) == (3990 + 3991 + 800 - 700, "再买 ¥70.19 可减 ¥20.00")
    before = footprint()
    wrong = world.draft((person, address), lines=lines, expected_total_fen=found.total_fen + 700)
    assert refusal(place_orders([wrong])[0]) == "price_changed"
    assert footprint() == before
    order = order_of(
        place_orders([world.draft((person, address), lines=lines, expected_total_fen=found.total_fen)])[0]
    )
    rows = list(OrderLine.objects.filter(order=order).order_by("position"))
    assert [row.discount_share_fen for row in rows] == [350, 350]
    assert (order.discount_fen, order.total_fen) == (700, 8081)


def test_the_page_says_what_is_promised(db: None) -> None:
    world = make_world(offers=3, stock_units=1)
    sale(world, reduction=REDUCTION, gifts=True, freight=ZHEJIANG, new_buyers=True)
    offer(world.offers[1], gift=Gift(by="pieces", reach=2))
    offer(world.offers[2], new_buyer_fen=990)
    page = group_buy_page(world.group_buy.code)
    assert page.money is not None
    assert page.money.reduction == "满 ¥70.00 减 ¥7.00，满 ¥150.00 减 ¥20.00"
    assert [(one.title, one.text, one.gone) for one in page.money.gifts] == [
        ("红富士苹果1 5斤", "满 2 件送 1 件", False)
    ]
    assert [(row.regions, row.text) for row in page.money.freight] == [
        ("浙江省", "首件 ¥5.00，每多 1 件加 ¥1.00"),
        ("西藏自治区", "不配送"),
        ("其他地区", "首件 ¥12.00，每多 1 件加 ¥3.00"),
    ]
    assert (page.freight_text, page.money.freight_by_place) == ("运费按收货地区计算", True)
    assert [o.new_buyer_fen for p in page.products for o in p.offers] == [None, 990]


def test_a_gift_is_a_line_at_nothing_with_its_own_stock(db: None) -> None:
    world = make_world(offers=2, stock_units=2)
    goods, gift = world.offers
    sale(world, gifts=True)
    offer(gift, gift=Gift(reach=3990, quantity=1, repeating=True))
    person, address = world.buyer()
    found = asked(world, person.id, (goods, 1))
    assert [(g.offer_id, g.quantity, g.missing) for g in found.gifts] == [(str(gift.id), 1, 0)]
    taken = world.draft((person, address), lines=((goods, 1), (gift, 1)), expected_total_fen=found.total_fen)
    order = order_of(place_orders([taken])[0])
    assert list(order.lines.order_by("position").values_list("amount_fen", "freight_share_fen")) == [
        (3990, 800), (0, 0),
    ]  # fmt: skip
    assert counts(gift) == (1, 1, 0)
    with transaction.atomic():
        actions.close_order(order.id, "expired", BUYER)
    assert counts(gift) == (2, 0, 0)


def test_a_gift_that_is_out_is_told_and_dropped(db: None) -> None:
    world = make_world(offers=2, stock_units=5)
    goods, gift = world.offers
    sale(world, gifts=True)
    offer(gift, gift=Gift(reach=3990, quantity=7))
    person, address = world.buyer()
    found = asked(world, person.id, (goods, 1))
    assert [(g.quantity, g.missing) for g in found.gifts] == [(5, 2)]
    before = footprint()
    too_many = world.draft(
        (person, address), lines=((goods, 1), (gift, 6)), expected_total_fen=found.total_fen
    )
    assert refusal(place_orders([too_many])[0]) == "sold_out"
    alone = world.draft((person, address), lines=((gift, 1),), expected_total_fen=800)
    assert refusal(place_orders([alone])[0]) == "gift_not_earned"
    assert footprint() == before


def test_a_new_buyer_pays_less_once(db: None) -> None:
    world = make_world(stock_units=20)
    sale(world, new_buyers=True)
    offer(world.offers[0], new_buyer_fen=1990)
    pair = world.buyer()
    cheap = world.draft(pair, expected_total_fen=1990 + 800)
    usual = world.draft(pair)
    again = world.draft(pair, expected_total_fen=1990 + 800)
    outcomes = place_orders([cheap, again, usual])
    assert order_of(outcomes[0]).deductions == [
        {"kind": "new_buyer", "fen": 2000, "text": "新人价", "text_en": "New-buyer price"}
    ]
    assert refusal(outcomes[1]) == "price_changed"
    assert order_of(outcomes[2]).discount_fen == 0
    assert asked(world, pair[0].id, (world.offers[0], 1)).total_fen == 4790
    assert asked(world, make_person().id, (world.offers[0], 1)).total_fen == 2790


def test_freight_by_the_region_of_the_address(db: None) -> None:
    world = make_world(stock_units=20)
    sale(world, freight=ZHEJIANG)
    pair = world.buyer()
    near = asked(world, pair[0].id, (world.offers[0], 3), address_id=pair[1].id)
    assert (near.freight_fen, near.freight_text) == (700, "运费按收货地区计算")
    order = order_of(
        place_orders([world.draft(pair, lines=((world.offers[0], 3),), expected_total_fen=near.total_fen)])[0]
    )
    assert order.freight_fen == 700
    Address.objects.filter(id=pair[1].id).update(province="西藏自治区", city="拉萨市", district="城关区")
    far = asked(world, pair[0].id, (world.offers[0], 3), address_id=pair[1].id)
    assert (far.orderable, far.demand) == (
        False, "西藏自治区拉萨市城关区不在配送范围，请换一个收货地址或改为自提",
    )  # fmt: skip
    before = footprint()
    assert refusal(place_orders([world.draft(pair, expected_total_fen=far.total_fen)])[0]) == (
        "region_not_delivered"
    )
    assert footprint() == before


def test_the_stores_template_counts_by_weight(db: None) -> None:
    world = make_world(stock_units=20)
    template = FreightTemplate(
        by="weight", rest=FreightRule(first=1000, first_fen=800, more=500, more_fen=150)
    )
    store, sku = world.store, world.offers[0].sku
    store.freight_kind, store.freight_template = "template", {
        "by": "weight", "rest": {"first": 1000, "first_fen": 800, "more": 500, "more_fen": 150},
    }  # fmt: skip
    store.save(update_fields=["freight_kind", "freight_template"])
    sku.weight_g = 700
    sku.save(update_fields=["weight_g"])
    assert template.by == "weight"
    pair = world.buyer()
    assert [asked(world, pair[0].id, (world.offers[0], n)).freight_fen for n in (1, 2, 3)] == [800, 950, 1250]
    three = world.draft(pair, lines=((world.offers[0], 3),), expected_total_fen=3 * 3990 + 1250)
    assert order_of(place_orders([three])[0]).freight_fen == 1250


def test_an_added_order_pays_only_what_the_parcel_costs_more(db: None) -> None:
    world = make_world(stock_units=20)
    sale(world, freight=ZHEJIANG)
    pair, goods = world.buyer(), world.offers[0]
    first = order_of(
        place_orders([world.draft(pair, lines=((goods, 2),), expected_total_fen=2 * 3990 + 600)])[0]
    )
    unpaid = asked(world, pair[0].id, (goods, 1), address_id=pair[1].id, adds=True)
    assert unpaid.freight_fen == 500
    pay(first)
    added = asked(world, pair[0].id, (goods, 1), address_id=pair[1].id, adds=True)
    assert added.freight_fen == 100
    order = order_of(place_orders([world.draft(pair, adds=True, expected_total_fen=3990 + 100)])[0])
    assert (order.freight_fen, order.number) == (100, first.number)
    assert asked(world, pair[0].id, (goods, 1), address_id=pair[1].id).freight_fen == 500
    Address.objects.filter(id=pair[1].id).update(room="502")
    assert asked(world, pair[0].id, (goods, 1), address_id=pair[1].id, adds=True).freight_fen == 500
    Address.objects.filter(id=pair[1].id).update(room="501")
    Order.objects.filter(id=first.id).update(delivery="shipped")
    assert asked(world, pair[0].id, (goods, 1), address_id=pair[1].id, adds=True).freight_fen == 500


def test_an_added_order_with_flat_freight_pays_none(db: None) -> None:
    world = make_world(stock_units=20)
    pair = world.buyer()
    pay(order_of(place_orders([world.draft(pair)])[0]))
    order = order_of(place_orders([world.draft(pair, adds=True, expected_total_fen=3990)])[0])
    assert order.freight_fen == 0
