"""Two people at one pick-up point at one instant: a shortage is refunded once, a friend's pass is good once."""

from __future__ import annotations

import pytest
from django.db import transaction

from fulfilment.tradeworld import Trade, make_shop
from races.racing import LOCK, meeting, together, without
from yantuan.batchrefunds.models import BatchRefund
from yantuan.fulfilment.schemas import PieceIn
from yantuan.gate import passing
from yantuan.gate.actions import take_in
from yantuan.gate.rules import china_day
from yantuan.gate.schemas import EntryIn, PassIn
from yantuan.hosts import actions, shortage
from yantuan.hosts.schemas import CountIn, CountLine, ShortStart
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict

ROUNDS = 5


def _short() -> Trade:
    """Two pieces were ordered, one came."""
    trade = make_shop(stock_units=10).order(2, pickup=True)
    world = trade.shop.world
    with transaction.atomic():
        lines = [CountLine(offer_id=world.offers[0].id, came=1)]
        actions.count(world.leader_person, world.group_buy, world.point, CountIn(base=0, lines=lines))
    return trade


def _refunds(trade: Trade) -> list[str]:
    world = trade.shop.world
    body = ShortStart(counts=1, reason="到货缺货", expected_total_fen=3990)

    def refund() -> str:
        try:
            with transaction.atomic():
                shortage.refund(world.leader_person, world.group_buy, world.point, body, now())
        except Conflict as refusal:
            return refusal.code
        return "started"

    return sorted(map(str, together([refund, refund])))


def test_a_shortage_is_refunded_once() -> None:
    for _ in range(ROUNDS):
        trade = _short()
        assert _refunds(trade) == ["batch_running", "started"]
        assert BatchRefund.objects.filter(group_buy=trade.shop.world.group_buy).count() == 1


def test_control_without_the_lock_two_batches_run() -> None:
    trade = _short()
    with without(LOCK), meeting('INSERT INTO "batchrefunds_batchrefund" ', 2):
        _refunds(trade)
    found = BatchRefund.objects.filter(group_buy=trade.shop.world.group_buy).count()
    if found != 2:
        pytest.fail(f"the race did not show: {found}")


def _fetched(trade: Trade) -> list[str]:
    """One pass shown at two gates, a piece each."""
    buyer, world = trade.buyer.who, trade.shop.world
    _, code = passing.make(buyer, PassIn(order_ids=[trade.id], day=china_day(now())))
    line = trade.lines[0].id

    def gate(key: str) -> str:
        one = EntryIn(
            key=key, order_id=trade.id, kind="hand_out", at=now(), pass_code=code,
            lines=[PieceIn(order_line_id=line, quantity=1)],
        )  # fmt: skip
        return take_in(world.leader_person, world.store, [one]).entries[0].friend

    return sorted(map(str, together([lambda: gate("gate-one-1"), lambda: gate("gate-two-2")])))


def test_a_pass_is_good_once() -> None:
    for _ in range(ROUNDS):
        assert _fetched(make_shop(stock_units=10).order(2, pickup=True)) == ["ok", "used"]


def test_control_without_the_lock_a_pass_is_good_twice() -> None:
    trade = make_shop(stock_units=10).order(2, pickup=True)
    with without(LOCK), meeting('UPDATE "gate_passorder"', 2):
        found = _fetched(trade)
    if found != ["ok", "ok"]:
        pytest.fail(f"the race did not show: {found}")
