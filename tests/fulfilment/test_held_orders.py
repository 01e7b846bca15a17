"""Orders of which it is still open what they will get: nothing of them moves until the word is withdrawn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fulfilment.tradeworld import NUMBER, Shop, Trade
from yantuan.fulfilment.sending import Parcel, send
from yantuan.gate import rules
from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.errors import Conflict
from yantuan.orders import holding
from yantuan.picking.queries import lists


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[int]]:
    """Ids of the orders that wait; tests put theirs in."""
    ids: set[int] = set()
    word = holding.Held("not_formed", "还没成团", "Not formed yet.", holding.TO_FORM)
    source = lambda asked: {i: word for i in asked if i in ids}  # noqa: E731
    monkeypatch.setattr(holding, "_sources", [(source, lambda order: True)])
    yield ids


def parcel(trade: Trade) -> Parcel:
    return Parcel(trade.id, "shunfeng", "顺丰速运", f"{NUMBER}{trade.row.number}")


def test_no_parcel_leaves_and_its_neighbour_does(shop: Shop, waiting: set[int]) -> None:
    held, free = shop.order(2), shop.order(1)
    waiting.add(held.id)
    first, second = send(shop.world.store.id, [parcel(held), parcel(free)], SYSTEM)
    assert isinstance(first, Conflict) and first.code == "not_formed"
    assert not isinstance(second, Conflict)
    assert (held.axes[1], free.axes[1]) == ("none", "shipped")
    waiting.clear()
    assert not isinstance(send(shop.world.store.id, [parcel(held)], SYSTEM)[0], Conflict)


def test_nothing_is_handed_out(shop: Shop, waiting: set[int]) -> None:
    trade = shop.order(2, pickup=True)
    waiting.add(trade.id)
    assert shop.boss.refused("POST", f"/leader/orders/{trade.id}/pickup", {}) == (409, "not_formed")
    waiting.clear()
    trade.hand_out()
    assert trade.axes[1] == "picked"


def test_a_phone_that_handed_it_out_all_the_same_is_told(shop: Shop) -> None:
    trade = shop.order(2, pickup=True)
    line = {trade.lines[0].id: rules.Line(2, 0, 0)}
    pieces = {trade.lines[0].id: 2}
    assert rules.decide(trade.row, line, pieces, waits=True) == rules.Decision("waiting", {})
    assert rules.decide(trade.row, line, pieces) == rules.Decision("done", pieces)


def test_the_packing_lists_leave_it_out_and_say_so(shop: Shop, waiting: set[int]) -> None:
    held, free = shop.order(2), shop.order(1)
    waiting.add(held.id)
    sale = GroupBuy.objects.get(id=shop.world.group_buy.id)
    found = lists(sale, "left")
    assert ({piece.order_id for piece in found.pieces}, found.waiting) == ({free.id}, 1)
    waiting.clear()
    assert lists(sale, "left").waiting == 0


def test_lists_ask_only_about_what_may_wait(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    trade, asked = shop.order(2), []
    source = lambda ids: asked.append(dict(ids)) or {}  # type: ignore[func-returns-value]  # noqa: E731
    monkeypatch.setattr(holding, "_sources", [(source, lambda order: False), (source, lambda order: True)])
    assert holding.held_rows([trade.row]) == {}
    assert asked == [{trade.id: trade.row.group_buy_id}]
    trade.ship()
    asked.clear()
    assert holding.held_rows([trade.row]) == {} and asked == []
