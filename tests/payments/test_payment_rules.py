"""Properties of the pure decisions: shares that always add up, schedules that move on, numbers WeChat Pay accepts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.kernel.errors import Conflict
from yantuan.kernel.ids import new_id
from yantuan.payments import rules
from yantuan.payments.rules import Left, RefundPart, Wish

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)

Row = tuple[int, int, int]
"""Units, fen of goods, fen of freight."""
lines = st.lists(
    st.tuples(st.integers(1, 99), st.integers(0, 999_999), st.integers(0, 99_999)), min_size=1, max_size=8
)


def _lefts(rows: list[Row]) -> list[Left]:
    return [Left(i + 1, q, goods, freight) for i, (q, goods, freight) in enumerate(rows)]


def _minus(left: list[Left], parts: list[RefundPart]) -> list[Left]:
    by_line = {p.order_line_id: p for p in parts}
    found = []
    for x in left:
        p = by_line.get(x.order_line_id, RefundPart(x.order_line_id, 0, 0))
        found.append(
            Left(
                x.order_line_id,
                x.quantity - p.quantity,
                x.goods_fen - p.goods_fen,
                x.freight_fen - p.freight_fen,
            )
        )
    return found


def _money(left: list[Left]) -> int:
    return sum(x.goods_fen + x.freight_fen for x in left)


@given(lines, st.data())
def test_any_sequence_of_refunds_ends_at_exactly_what_was_paid(rows: list[Row], data: st.DataObject) -> None:
    left = _lefts(rows)
    paid, back = _money(left), 0
    for _ in range(data.draw(st.integers(0, 12))):
        open_lines = [x for x in left if x.quantity]
        if not open_lines:
            break
        line = data.draw(st.sampled_from(open_lines))
        units = data.draw(st.integers(1, line.quantity))
        full = rules.share(line.goods_fen, units, line.quantity)
        amount = data.draw(st.none() | st.integers(0, full))
        parts = rules.wished_parts(
            left, [Wish(line.order_line_id, units, amount)], with_freight=data.draw(st.booleans())
        )
        if not parts:
            continue
        rules.check_parts(left, parts)
        left = _minus(left, parts)
        back += sum(p.goods_fen + p.freight_fen for p in parts)
        assert all(min(x.quantity, x.goods_fen, x.freight_fen) >= 0 for x in left)
        assert back + _money(left) == paid
    rest = rules.everything(left)
    assert back + sum(p.goods_fen + p.freight_fen for p in rest) == paid
    assert all(x.nothing for x in _minus(left, rest))


@given(lines, st.randoms(use_true_random=False))
def test_units_one_by_one_in_any_order_take_everything(rows: list[Row], random: object) -> None:
    left = _lefts([(min(units, 6), goods, freight) for units, goods, freight in rows])
    paid, back = _money(left), 0
    units = [x.order_line_id for x in left for _ in range(x.quantity)]
    random.shuffle(units)  # type: ignore[attr-defined]
    for line_id in units:
        parts = rules.wished_parts(left, [Wish(line_id, 1)], with_freight=True)
        left = _minus(left, parts)
        back += sum(p.goods_fen + p.freight_fen for p in parts)
    assert back == paid and all(x.nothing for x in left)


@given(lines, st.integers(1, 10**6), st.sampled_from(["quantity", "goods_fen", "freight_fen"]))
def test_nothing_above_what_is_left_is_accepted(rows: list[Row], more: int, where: str) -> None:
    left = _lefts(rows)
    x = left[0]
    good = {"quantity": x.quantity, "goods_fen": x.goods_fen, "freight_fen": x.freight_fen}
    rules.check_parts(left, [RefundPart(x.order_line_id, **good)])
    for bad in (good[where] + more, -more):
        with pytest.raises(Conflict):
            rules.check_parts(left, [RefundPart(x.order_line_id, **{**good, where: bad})])


def test_a_line_twice_unknown_or_empty_is_refused() -> None:
    left = [Left(1, 2, 200, 0)]
    for parts, code in (
        ([], "nothing_to_refund"),
        ([RefundPart(9, 1, 1)], "refund_line_unknown"),
        ([RefundPart(1, 1, 100), RefundPart(1, 1, 100)], "refund_line_repeated"),
    ):
        with pytest.raises(Conflict) as refused:
            rules.check_parts(left, parts)
        assert refused.value.code == code
    with pytest.raises(Conflict):
        rules.wished_parts(left, [Wish(1, 1), Wish(1, 1)], with_freight=False)


@given(st.integers(1, 2**63 - 1), st.integers(1, 2**63 - 1))
def test_numbers_fit_and_never_collide(one: int, other: int) -> None:
    assert re.fullmatch(r"[0-9A-Za-z]{6,32}", rules.out_trade_no(one))
    assert re.fullmatch(r"[0-9A-Za-z]{1,64}", rules.out_refund_no(one))
    assert (rules.out_trade_no(one) == rules.out_trade_no(other)) == (one == other)
    assert len(rules.base32(new_id())) == 13


@given(st.integers(0, 10**6), st.integers(0, 50), st.none() | st.integers(-(10**5), 10**5))
def test_polling_always_moves_on_and_never_sleeps_through_the_deadline(
    age: int, polls: int, deadline_in: int | None
) -> None:
    now = NOON + timedelta(seconds=age)
    deadline = None if deadline_in is None else now + timedelta(seconds=deadline_in)
    planned = rules.next_poll(NOON, polls, deadline, now)
    assert now < planned <= now + timedelta(seconds=600)
    if deadline is not None and deadline >= now + timedelta(seconds=2):
        assert planned <= deadline


def test_refund_schedules_grow_to_a_quarter_of_an_hour() -> None:
    for plan in (rules.refund_ask_at, rules.refund_retry_at):
        waits = [(plan(tries, NOON) - NOON).total_seconds() for tries in range(12)]
        assert waits == sorted(waits) and waits[0] == 5 and waits[-1] == 900
    assert rules.send_after(None, NOON) == NOON
    assert rules.send_after(NOON, NOON) == NOON + timedelta(minutes=1)
    assert rules.send_after(NOON - timedelta(hours=1), NOON) == NOON
