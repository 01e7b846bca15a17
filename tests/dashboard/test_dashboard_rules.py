"""The arithmetic of the dashboard."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from yantuan.dashboard.rules import Span, average_fen, pace, part_bp, slots_of, span_of

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""12:00 in Beijing."""
MIDNIGHT = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def test_spans_begin_at_midnight_in_beijing_and_end_now() -> None:
    assert span_of(1, NOON) == Span(MIDNIGHT, NOON)
    assert span_of(7, NOON).begin == MIDNIGHT - timedelta(days=6)
    assert span_of(30, NOON).earlier(30) == Span(MIDNIGHT - timedelta(days=59), NOON - timedelta(days=30))


def test_a_quarter_to_one_at_night_in_beijing_is_still_yesterday_in_london() -> None:
    assert span_of(1, datetime(2026, 11, 22, 16, 45, tzinfo=UTC)).begin == MIDNIGHT


def test_slots_cover_the_span_without_gap() -> None:
    for days, many in ((1, 24), (7, 7), (30, 30)):
        found = slots_of(days, span_of(days, NOON))
        assert len(found) == many and found[0].begin == span_of(days, NOON).begin
        assert all(a.end == b.begin for a, b in itertools.pairwise(found))
        assert found[-1].end == MIDNIGHT + timedelta(days=1)


def test_parts_round_half_up_and_nothing_of_nothing_is_nothing() -> None:
    assert [part_bp(1, 3), part_bp(2, 3), part_bp(1, 20_000), part_bp(3, 2), part_bp(0, 5), part_bp(5, 0)] == [
        3333, 6667, 1, 15_000, 0, 0,
    ]  # fmt: skip
    assert [average_fen(100, 3), average_fen(5, 2), average_fen(0, 0)] == [33, 3, 0]


@given(st.lists(st.integers(0, 100), min_size=1, max_size=40))
def test_half_are_done_within_the_median(taken: list[int]) -> None:
    found = pace({hour: taken.count(hour) for hour in taken})
    assert found.done == len(taken)
    assert found.within == tuple(sum(h < step for h in taken) for step in (24, 48, 72))
    assert found.median_hours is not None
    assert 2 * sum(h < found.median_hours for h in taken) >= len(taken)
    assert 2 * sum(h < found.median_hours - 1 for h in taken) < len(taken)


def test_nothing_done_has_no_median_and_clocks_that_ran_back_count_at_once() -> None:
    assert pace({}).median_hours is None
    assert pace({-1: 2}) == pace({0: 2}).__class__(2, (2, 2, 2), 1)
