"""Amounts near the cap (MON-10): exact up to a hundred million yuan, refused above it."""

from __future__ import annotations

import pytest
from orderworld import World, counts, footprint, make_world, order_of, refusal

from yantuan.groupbuys.models import Offer
from yantuan.kernel.money import MAX_FEN
from yantuan.orders.models import OrderLine
from yantuan.orders.placing import place_orders


def _priced(fen: int, units: int = 10) -> World:
    world = make_world(stock_units=units, freight_fen=0)
    Offer.objects.update(price_fen=fen)
    world.offers[0].price_fen = fen
    return world


@pytest.mark.parametrize(
    ("fen", "quantity"),
    [(2_147_483_648, 1), (2_147_483_648, 4), (MAX_FEN, 1), (MAX_FEN // 10, 10), (1, 9999)],
)
def test_up_to_a_hundred_million_yuan(db: None, fen: int, quantity: int) -> None:
    world = _priced(fen, quantity)
    order = order_of(place_orders([world.draft(lines=((world.offers[0], quantity),))])[0])
    assert (order.goods_fen, order.total_fen) == (fen * quantity, fen * quantity)
    assert OrderLine.objects.get(order=order).amount_fen == fen * quantity
    assert counts(world.offers[0]) == (0, quantity, 0)


@pytest.mark.parametrize(("fen", "quantity"), [(MAX_FEN, 2), (MAX_FEN // 2 + 1, 2), (MAX_FEN, 9999)])
def test_above_it_nothing_is_placed(db: None, fen: int, quantity: int) -> None:
    world = _priced(fen, 9999)
    draft = world.draft(lines=((world.offers[0], quantity),))
    before = footprint()
    assert refusal(place_orders([draft])[0]) == "amount_too_large"
    assert footprint() == before
