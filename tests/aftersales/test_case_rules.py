"""The arithmetic of claims: whatever is asked in whatever order, no line gives back more than it took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.aftersales import rules
from yantuan.kernel.errors import AppError
from yantuan.kernel.money import split_by_weight

AMOUNTS = st.integers(0, 100_000)


@dataclass
class Line:
    id: int
    quantity: int
    amount_fen: int
    discount_share_fen: int
    freight_share_fen: int
    shipped_quantity: int = 0
    picked_quantity: int = 0
    refunded_quantity: int = 0
    refunded_goods_fen: int = 0
    refunded_freight_fen: int = 0


@st.composite
def orders(draw: st.DrawFn) -> list[Line]:
    """An order with discount and freight spread over its lines as placing spreads them."""
    goods = draw(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 5000)), min_size=1, max_size=4))
    amounts = [quantity * price for quantity, price in goods]
    discount = draw(st.integers(0, sum(amounts)))
    freight = draw(st.integers(0, 3000))
    cuts = split_by_weight(discount, amounts)
    shares = split_by_weight(freight, amounts)
    lines = []
    for i, (quantity, _) in enumerate(goods):
        shipped = draw(st.integers(0, quantity))
        lines.append(Line(i + 1, quantity, amounts[i], cuts[i], shares[i], shipped_quantity=shipped))
    return lines


def book(lines: list[Line], parts: list[rules.RefundPart]) -> int:
    """What `start_refund` does to the lines; the database has the same CHECKs."""
    for part in parts:
        line = next(one for one in lines if one.id == part.order_line_id)
        line.refunded_quantity += part.quantity
        line.refunded_goods_fen += part.goods_fen
        line.refunded_freight_fen += part.freight_fen
        assert min(part.quantity, part.goods_fen, part.freight_fen) >= 0
        assert line.refunded_quantity <= line.quantity
        assert line.refunded_goods_fen <= line.amount_fen - line.discount_share_fen
        assert line.refunded_freight_fen <= line.freight_share_fen
    return sum(part.goods_fen + part.freight_fen for part in parts)


def ask(lines: list[Line], wanted: list[tuple[int, int]], share: float, kind: rules.Kind) -> int:
    """One case from claim to refund, for `share` of the ceiling; the fen given back."""
    lefts = {line.id: rules.line_left(line) for line in lines}
    nothing_moved = rules.untouched(lines)
    claims = rules.make_claims(lefts, wanted, kind, nothing_moved=nothing_moved)
    amount = int(rules.total(claims) * share)
    shares = rules.split(amount, claims)
    assert rules.total(shares) == amount
    for given_share, claim in zip(shares, claims, strict=True):
        assert 0 <= given_share.goods_fen <= claim.goods_fen
        assert 0 <= given_share.freight_fen <= claim.freight_fen
    cut = rules.within(shares, lefts)
    parts = rules.refund_parts(rules.split(amount, cut), lefts, returned=kind == "return_refund")
    assert book(lines, parts) == amount
    return amount


@given(orders(), st.data())
def test_claims_in_any_order_never_exceed_what_is_left(lines: list[Line], data: st.DataObject) -> None:
    paid = sum(line.amount_fen - line.discount_share_fen + line.freight_share_fen for line in lines)
    back = 0
    for _ in range(data.draw(st.integers(1, 6))):
        line = data.draw(st.sampled_from(lines))
        kind = data.draw(st.sampled_from(["refund_only", "return_refund"]))
        share = data.draw(st.sampled_from([1.0, 0.5, 0.1]))
        quantity = data.draw(st.integers(1, line.quantity))
        try:
            back += ask(lines, [(line.id, quantity)], share, kind)  # type: ignore[arg-type]
        except AppError as error:
            assert error.code in ("too_many_pieces", "nothing_to_return")
    assert 0 <= back <= paid


@given(orders(), st.randoms(use_true_random=False))
def test_lines_given_back_singly_end_at_exactly_what_was_paid(lines: list[Line], random: object) -> None:
    """REF-08: piece by piece, in any order, discount and freight included."""
    paid = sum(line.amount_fen - line.discount_share_fen + line.freight_share_fen for line in lines)
    pieces = [line.id for line in lines for _ in range(line.quantity)]
    random.shuffle(pieces)  # type: ignore[attr-defined]
    assert sum(ask(lines, [(line, 1)], 1.0, "refund_only") for line in pieces) == paid


@given(AMOUNTS, st.integers(1, 50), st.data())
def test_shares_of_pieces_grow_and_add_up(total: int, of: int, data: st.DataObject) -> None:
    pieces = data.draw(st.integers(0, of - 1))
    smaller, larger = rules.piece_share(total, pieces, of), rules.piece_share(total, pieces + 1, of)
    assert 0 <= smaller <= larger <= total
    assert rules.piece_share(total, of, of) == total
    assert rules.piece_share(total, pieces, of) == sum(split_by_weight(total, [1] * of)[:pieces])


def test_fewer_pieces_come_back_than_were_asked_for() -> None:
    """REF-07: three asked, two received; freight only with a line that came back whole."""
    claims = [rules.Claim(1, 3, 2997, 100), rules.Claim(2, 1, 500, 50)]
    assert rules.received_only(claims, {1: 2, 2: 1}) == [
        rules.Claim(1, 2, 1998, 0),
        rules.Claim(2, 1, 500, 50),
    ]
    assert rules.received_only(claims, {1: 3}) == [rules.Claim(1, 3, 2997, 100)]


def test_freight_comes_along_only_with_the_last_pieces_or_before_anything_left() -> None:
    left = rules.LineLeft(1, 3, 3000, 100, moved=0)
    assert rules.ceiling(left, 1, nothing_moved=True).freight_fen == 34
    assert rules.ceiling(left, 1, nothing_moved=False).freight_fen == 0
    assert rules.ceiling(left, 3, nothing_moved=False).freight_fen == 100


def test_a_compensation_gives_no_pieces_back() -> None:
    lefts = {1: rules.LineLeft(1, 2, 2000, 0, moved=0)}
    part = rules.refund_parts([rules.Claim(1, 1, 999, 0)], lefts, returned=False)[0]
    assert (part.quantity, part.goods_fen) == (0, 999)
    assert rules.refund_parts([rules.Claim(1, 1, 1000, 0)], lefts, returned=False)[0].quantity == 1
    assert rules.refund_parts([rules.Claim(1, 1, 999, 0)], lefts, returned=True)[0].quantity == 1


RECEIVED = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("payment", "received", "late", "code"),
    [
        ("paid", None, 10_000_000, None),
        ("paid", RECEIVED, 0, None),
        ("partly_refunded", RECEIVED, 0, None),
        ("paid", RECEIVED, 1, "aftersale_window_over"),
        ("unpaid", None, 0, "order_not_paid"),
        ("closed", None, 0, "order_not_paid"),
        ("refunded", RECEIVED, 0, "order_refunded"),
    ],
)
def test_the_window(payment: str, received: datetime | None, late: int, code: str | None) -> None:
    moment = RECEIVED + timedelta(days=7, seconds=late)
    refusal = rules.window_refusal(payment, received, moment, 7)
    assert (refusal.code if refusal else None) == code
