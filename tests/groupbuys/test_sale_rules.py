from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.groupbuys.rules import (
    STATUS_LABELS,
    check_edited_window,
    check_extension,
    check_publishable,
    check_questions,
    check_window,
    copied_window,
    status,
)
from yantuan.kernel.errors import AppError

NOON = datetime(2026, 5, 12, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
moments = st.integers(-100, 100).map(lambda n: NOON + n * timedelta(minutes=7))


@given(
    st.sampled_from(["dated", "shelf"]),
    st.sampled_from(["draft", "published", "closed"]),
    moments,
    moments,
    st.booleans(),
    moments,
)
def test_only_a_published_running_sale_of_a_selling_store_is_open(
    kind: str, state: str, starts: datetime, ends: datetime, selling: bool, now: datetime
) -> None:
    end = None if kind == "shelf" else ends
    seen = status(kind, state, starts, end, selling, now)
    running = starts <= now and (end is None or now < end)
    assert (seen == "open") == (state == "published" and selling and running)
    assert seen in STATUS_LABELS


@pytest.mark.parametrize(
    ("offset", "seen"),
    [
        (-HOUR - timedelta(seconds=1), "coming"),
        (-HOUR, "open"),
        (-timedelta(seconds=1), "open"),
        (timedelta(0), "ended"),
        (HOUR, "ended"),
    ],
)
def test_the_edges_of_the_window(offset: timedelta, seen: str) -> None:
    assert status("dated", "published", NOON - HOUR, NOON, True, NOON + offset) == seen


def test_suspension_never_hides_that_a_sale_is_over() -> None:
    assert status("dated", "published", NOON - HOUR, NOON + HOUR, False, NOON) == "suspended"
    assert status("dated", "published", NOON - HOUR, NOON, False, NOON) == "ended"
    assert status("dated", "closed", NOON - HOUR, NOON + HOUR, False, NOON) == "closed"
    assert STATUS_LABELS["suspended"] == "暂停销售"


def code_of(check: object, *args: object, **named: object) -> str:
    with pytest.raises(AppError) as refused:
        check(*args, **named)  # type: ignore[operator]
    return refused.value.code


def test_windows() -> None:
    check_window("dated", NOON, NOON + HOUR)
    check_window("shelf", NOON, None)
    naive = NOON.replace(tzinfo=None)
    assert code_of(check_window, "dated", NOON, None) == "end_missing"
    assert code_of(check_window, "dated", NOON, NOON) == "end_before_start"
    assert code_of(check_window, "dated", NOON, NOON - HOUR) == "end_before_start"
    assert code_of(check_window, "dated", NOON, NOON + timedelta(days=400)) == "window_too_long"
    assert code_of(check_window, "dated", naive, NOON) == "window_without_zone"
    assert code_of(check_window, "shelf", NOON, NOON + HOUR) == "shelf_has_no_end"


def test_a_published_window_moves_only_at_its_start_and_only_before() -> None:
    def edit(starts: datetime, ends: datetime, now: datetime) -> None:
        check_edited_window(
            starts_before=NOON, ends_before=NOON + HOUR, starts_at=starts, ends_at=ends, now=now
        )

    edit(NOON, NOON + HOUR, NOON)
    edit(NOON + timedelta(minutes=5), NOON + HOUR, NOON - HOUR)
    edit(NOON + timedelta(seconds=59), NOON + HOUR + timedelta(microseconds=7), NOON)
    assert code_of(edit, NOON, NOON + 2 * HOUR, NOON - HOUR) == "end_fixed"
    assert code_of(edit, NOON + timedelta(minutes=5), NOON + HOUR, NOON) == "start_fixed"


def test_extensions_go_forward() -> None:
    check_extension(NOON, NOON + HOUR, NOON - HOUR, NOON)
    assert code_of(check_extension, NOON, NOON, NOON - HOUR, NOON - HOUR) == "extension_not_later"
    assert code_of(check_extension, NOON, NOON + HOUR, NOON - HOUR, NOON + 2 * HOUR) == "extension_not_later"
    assert code_of(check_extension, None, NOON, NOON, NOON) == "shelf_has_no_end"
    assert code_of(check_extension, NOON, NOON + timedelta(days=999), NOON, NOON) == "window_too_long"


GOOD = {
    "kind": "dated", "offers": 1, "courier": True, "pickup": True, "store_courier": True, "store_pickup": True,
    "points": 1, "payment_methods": ["offline"], "ends_at": NOON + HOUR, "now": NOON,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"offers": 0}, "offers_missing"),
        ({"courier": False, "pickup": False}, "delivery_missing"),
        ({"store_courier": False}, "courier_not_enabled"),
        ({"store_pickup": False}, "pickup_not_enabled"),
        ({"points": 0}, "pickup_points_missing"),
        ({"payment_methods": []}, "payment_missing"),
        ({"ends_at": NOON}, "window_over"),
        ({"ends_at": None}, "window_over"),
    ],
)
def test_each_lack_has_its_own_words(change: dict[str, object], code: str) -> None:
    check_publishable(**GOOD)  # type: ignore[arg-type]
    check_publishable(**{**GOOD, "kind": "shelf", "ends_at": None})  # type: ignore[arg-type]
    assert code_of(check_publishable, **{**GOOD, **change}) == code


def test_questions_tell_answers_apart() -> None:
    check_questions(["q1", "q2"], [("text", 0), ("choice", 2)])
    assert code_of(check_questions, ["q1", "q1"], []) == "question_repeated"
    assert code_of(check_questions, ["q1"], [("choice", 1)]) == "choices_missing"


@given(moments, st.integers(1, 10**6), moments)
def test_a_copy_lasts_as_long(starts: datetime, seconds: int, now: datetime) -> None:
    begins, ends = copied_window(starts, starts + timedelta(seconds=seconds), now)
    assert (begins, ends - begins) == (now.replace(second=0), timedelta(seconds=seconds))
