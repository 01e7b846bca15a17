"""Which claims settle themselves: the pure decision."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.aftersales.allowance_rules import Facts, month_start, refusal


@dataclass(frozen=True)
class Allows:
    enabled: bool = True
    month_fen: int = 200_00
    claim_fen: int = 20_00
    percent: int = 30
    reasons: tuple[str, ...] = field(default=("spoiled", "damaged"))
    needs_picture: bool = True
    claims_per_buyer: int = 2


FINE = Facts("wechatpay", "refund_only", "spoiled", 1, 12_00, 40_00, 0, 0)


def test_a_small_shown_claim_settles_itself() -> None:
    assert refusal(Allows(), FINE) == ""


@pytest.mark.parametrize(
    ("allows", "claim", "why"),
    [
        ({"enabled": False}, {}, "off"),
        ({}, {"method": "offline"}, "offline"),
        ({}, {"kind": "return_refund"}, "return"),
        ({}, {"reason": "changed_mind"}, "reason"),
        ({}, {"pictures": 0}, "picture"),
        ({"needs_picture": False}, {"pictures": 0}, ""),
        ({}, {"requested_fen": 20_01, "lines_fen": 100_00}, "amount"),
        ({}, {"requested_fen": 20_00, "lines_fen": 100_00}, ""),
        ({}, {"requested_fen": 12_01}, "share"),
        ({}, {"earlier": 2}, "history"),
        ({}, {"earlier": 1}, ""),
        ({}, {"spent_fen": 188_01}, "budget"),
        ({}, {"spent_fen": 188_00}, ""),
    ],
)
def test_each_bound_is_kept_to_the_fen(allows: dict, claim: dict, why: str) -> None:
    assert refusal(Allows(**allows), replace(FINE, **claim)) == why


@given(
    st.builds(
        Allows, month_fen=st.integers(1, 500_00), claim_fen=st.integers(1, 500_00), percent=st.integers(1, 100),
        claims_per_buyer=st.integers(1, 5),
    ),
    st.lists(st.tuples(st.integers(1, 300_00), st.integers(1, 600_00)), max_size=40),
)  # fmt: skip
def test_a_month_never_gives_more_than_allowed(allows: Allows, claims: list[tuple[int, int]]) -> None:
    spent = settled = 0
    for requested, lines in claims:
        facts = replace(FINE, requested_fen=requested, lines_fen=lines, earlier=settled, spent_fen=spent)
        if not refusal(allows, facts):
            spent, settled = spent + requested, settled + 1
            assert requested <= allows.claim_fen and requested * 100 <= lines * allows.percent
    assert spent <= allows.month_fen and settled <= allows.claims_per_buyer


def test_a_month_begins_at_midnight_in_beijing() -> None:
    assert month_start(datetime(2026, 11, 30, 16, 0, tzinfo=UTC)) == datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    assert month_start(datetime(2026, 11, 30, 15, 59, tzinfo=UTC)) == datetime(
        2026, 10, 31, 16, 0, tzinfo=UTC
    )
