"""Two phones come back with the same goods at one instant."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fulfilment.tradeworld import Trade, make_shop
from races.racing import LOCK, meeting, together, without
from yantuan.fulfilment.schemas import PieceIn
from yantuan.gate.actions import take_in
from yantuan.gate.models import GateEntry
from yantuan.gate.schemas import EntryIn
from yantuan.kernel.clock import now
from yantuan.payments.actions import confirm_offline_refund, refund_as_leader
from yantuan.payments.rules import Wish

ROUNDS = 10


def _trade() -> Trade:
    """Two pieces were bought and one was given back: one is left for two phones."""
    trade = make_shop(stock_units=10).order(2, pickup=True)
    boss = trade.shop.world.leader_person
    piece = Wish(trade.lines[0].id, 1)
    refund = refund_as_leader(boss, trade.id, [piece], include_freight=False, reason="缺货", restock=True)
    confirm_offline_refund(boss, refund.id)
    return trade


def _race(trade: Trade, keys: tuple[str, str]) -> list[object]:
    line = trade.lines[0].id
    shop = trade.shop.world

    def phone(key: str) -> str:
        one = EntryIn(
            key=key, order_id=trade.id, kind="hand_out", at=now() - timedelta(minutes=1),
            lines=[PieceIn(order_line_id=line, quantity=1)],
        )  # fmt: skip
        return take_in(shop.leader_person, shop.store, [one]).entries[0].outcome

    return list(together([lambda key=key: phone(key) for key in keys]))  # type: ignore[misc]


def test_one_piece_goes_to_one_of_two_phones() -> None:
    for number in range(ROUNDS):
        trade = _trade()
        found = _race(trade, (f"phone-a-{number}", f"phone-b-{number}"))
        assert sorted(map(str, found)) == ["already", "done"]
        assert trade.lines[0].picked_quantity == 1


def test_one_entry_sent_twice_at_once_is_booked_once() -> None:
    trade = make_shop(stock_units=10).order(2, pickup=True)
    assert _race(trade, ("same-phone", "same-phone")) == ["done", "done"]
    assert trade.lines[0].picked_quantity == 1 and GateEntry.objects.count() == 1


def test_control_without_the_lock_both_get_it() -> None:
    trade = _trade()
    with without(LOCK), meeting('UPDATE "orders_orderline"|INSERT INTO "fulfilment_pickupcheck"', 2):
        _race(trade, ("phone-a-x", "phone-b-x"))
    picked = trade.lines[0].picked_quantity
    if picked != 2:
        pytest.fail(f"the race did not show: {picked}")
