"""Money: exact splits and exact reading."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from yantuan.kernel.errors import Invalid
from yantuan.kernel.money import MAX_FEN, parse_yuan, price_text, split_by_weight, yuan_text


@given(st.integers(0, MAX_FEN), st.lists(st.integers(0, 10**12), min_size=1, max_size=20))
# Where floats round down what is whole: 100 × 0.29.
@example(100, [71, 29])
@example(MAX_FEN, [MAX_FEN - 1, 1, MAX_FEN])
def test_a_split_loses_and_invents_nothing(total: int, weights: list[int]) -> None:
    shares = split_by_weight(total, weights)
    assert sum(shares) == total
    assert all(share >= 0 for share in shares)
    if sum(weights):
        for share, weight in zip(shares, weights, strict=True):
            assert abs(share * sum(weights) - total * weight) < sum(weights)


@given(st.integers(0, MAX_FEN))
def test_text_reads_back(fen: int) -> None:
    assert parse_yuan(yuan_text(fen)) == fen


@pytest.mark.parametrize(
    "text",
    [
        "9.999",
        "1e2",
        "１２.５",
        "-0",
        "-1",
        "NaN",
        "Infinity",
        " 1 ",
        "1,000",
        "",
        ".5",
        "1.",
        "00.10",
        "1\n",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_yuan(text)
    assert caught.value.code == "amount_invalid"


def test_prices_are_written_with_two_decimals() -> None:
    assert [price_text(f) for f in (0, 5, 3990, -250)] == ["¥0.00", "¥0.05", "¥39.90", "¥-2.50"]
