"""How much is shared, when, and what comes back: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.kernel.errors import Conflict, Invalid
from yantuan.splits import rules
from yantuan.splits.rules import Facts, Verdict

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MONEY = st.integers(0, 10_000_000_000)
RATES = st.lists(st.integers(1, 1000), min_size=1, max_size=3)


def facts(**changes: Any) -> Facts:
    """Paid ten days ago, received nine days ago, protection over since two."""
    usual: dict[str, Any] = {
        "paid_at": NOW - timedelta(days=10), "paid_fen": 10_000, "refunded_fen": 0, "rate_bp": 500,
        "refunding": False, "case_open": False, "extra": False, "delivered": True, "agreed": True,
        "returnable": True, "settled": True, "ripe_at": NOW - timedelta(days=2),
    }  # fmt: skip
    return Facts(**(usual | changes))


def test_shared_when_protection_is_over() -> None:
    assert rules.verdict(facts(), NOW) == Verdict("share", 500)
    assert rules.verdict(facts(refunded_fen=3333), NOW) == Verdict("share", 333)
    assert rules.verdict(facts(ripe_at=NOW), NOW).do == "share"


@pytest.mark.parametrize(
    ("changes", "until"),
    [
        ({"ripe_at": NOW + timedelta(seconds=1)}, NOW + timedelta(seconds=1)),
        ({"ripe_at": NOW + timedelta(days=3)}, NOW + rules.AT_MOST_WAIT),
        ({"ripe_at": None}, NOW + rules.AT_MOST_WAIT),
        ({"case_open": True}, NOW + rules.AGAIN),
        ({"refunding": True}, NOW + rules.AGAIN),
        ({"settled": False}, NOW + rules.AGAIN),
        ({"extra": True}, NOW + rules.AGAIN),
        ({"refunding": True, "agreed": False}, NOW + rules.AGAIN),
    ],
)
def test_waiting(changes: dict[str, Any], until: datetime) -> None:
    assert rules.verdict(facts(**changes), NOW) == Verdict("wait", at=until)


@pytest.mark.parametrize(
    ("changes", "do", "why"),
    [
        ({"refunded_fen": 10_000}, "close", "refunded"),
        ({"refunded_fen": 9_981}, "free", "zero"),
        ({"agreed": False}, "free", "ended"),
        ({"agreed": False, "ripe_at": None}, "free", "ended"),
    ],
)
def test_nothing_to_share(changes: dict[str, Any], do: str, why: str) -> None:
    assert rules.verdict(facts(**changes), NOW) == Verdict(do, why=why)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "do"),
    [
        ({}, "share"),
        ({"ripe_at": None}, "share"),
        ({"ripe_at": None, "delivered": False}, "free"),
        ({"ripe_at": None, "returnable": False}, "free"),
        ({"settled": False}, "free"),
        ({"case_open": True}, "free"),
        ({"refunding": True}, "free"),
    ],
)
def test_a_day_before_wechat_pay_sets_it_free(changes: dict[str, Any], do: str) -> None:
    late = facts(paid_at=NOW - timedelta(days=29), **changes)
    assert rules.verdict(late, NOW).do == do
    early = facts(paid_at=NOW - timedelta(days=29) + timedelta(seconds=1), **{"ripe_at": None, **changes})
    assert rules.verdict(early, NOW).do == "wait"
    assert rules.verdict(early, NOW).at == NOW + timedelta(seconds=1)


@given(paid=st.integers(1, 10_000_000_000), back=MONEY, rates=RATES)
def test_a_fee_never_exceeds_its_rate_and_its_parts_add_up(paid: int, back: int, rates: list[int]) -> None:
    """MON-09: from one fen up, the parts are exactly the fee, and the fee is never more than agreed."""
    left = max(0, paid - back)
    amount = rules.share_of(left, sum(rates))
    parts = rules.parts_of(amount, rates)
    assert sum(parts) == amount <= left and amount * 10_000 <= left * sum(rates)
    assert all(0 <= part <= -(-left * rate // 10_000) for part, rate in zip(parts, rates, strict=True))


@given(paid=st.integers(1, 10_000_000_000), ratio=st.integers(1, 10_000), fee_bp=st.integers(0, 100))
def test_the_highest_rate_fits_under_the_platforms_limit(paid: int, ratio: int, fee_bp: int) -> None:
    fee = (paid * fee_bp + 5000) // 10_000
    share = rules.share_of(paid, rules.highest_rate(ratio))
    # The fee is rounded to the whole fen, which on a few fen may take the whole limit with it.
    assert share <= (paid - fee) * ratio // 10_000 + 1


@given(
    base=st.integers(1, 1_000_000), rates=RATES,
    steps=st.lists(st.integers(1, 1_000_000), min_size=1, max_size=6),
)  # fmt: skip
def test_what_stays_is_never_more_than_the_proportion_of_what_stays_paid(
    base: int, rates: list[int], steps: list[int]
) -> None:
    shared = rules.parts_of(rules.share_of(base, sum(rates)), rates)
    net, gone = list(shared), 0
    for step in steps:
        gone = min(base, gone + step)
        back = rules.to_take_back(net, shared, base, gone)
        assert all(0 <= fen <= have for fen, have in zip(back, net, strict=True))
        net = [have - fen for have, fen in zip(net, back, strict=True)]
        assert sum(net) * base <= sum(shared) * (base - gone)
        assert sum(net) * 10_000 <= (base - gone) * sum(rates)
        # No more is taken than that: one fen more would have been the receivers'.
        assert (sum(net) + 1) * base > sum(shared) * (base - gone)
    if gone == base:
        assert sum(net) == 0


def test_rates_are_checked() -> None:
    assert rules.check_rates([500, 100], 3000) == 600
    assert rules.check_rates([2970], 3000) == 2970
    with pytest.raises(Conflict) as high:
        rules.check_rates([2971], 3000)
    assert high.value.code == "split_rate_too_high" and high.value.details["highest"] == 2970
    for wrong in ([], [0], [-1], [10_001]):
        with pytest.raises(Invalid):
            rules.check_rates(wrong, 10_000)


def test_percents_are_written_as_people_read_them() -> None:
    assert [rules.percent_text(x) for x in (1, 50, 200, 250, 1205)] == [
        "0.01%",
        "0.5%",
        "2%",
        "2.5%",
        "12.05%",
    ]


def test_failed_returns_are_tried_again_by_themselves_only_where_that_may_help() -> None:
    waits = [rules.return_again_at("BALANCE_NOT_ENOUGH", n, NOW) for n in (1, 2, 3, 4)]
    assert waits == [NOW + wait for wait in rules.RETURN_RETRIES] + [None]
    assert rules.return_again_at("ACCOUNT_ABNORMAL", 1, NOW) is None
