"""Pure rules: what may be shown of a trace, what it adds up to, when an order counts as received."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.gateways.couriers import STATUSES, Status, Step
from yantuan.tracking import rules
from yantuan.tracking.rules import Seen, alarm_of, clean_text, receive_at, report_of, signed_since, usable

NOON = datetime(2026, 5, 14, 4, tzinfo=UTC)
DAY = timedelta(days=1)
AFTER = {"after_signed": 3 * DAY, "after_shipped": 10 * DAY}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("派件员：张三，电话 13812345678", "派件员：张*，电话 138****5678"),
        ("快递员【李四光】(+86 138 1234 5678)正在派送", "快递员【李**】(138****5678)正在派送"),
        ("网点电话：0571-8888 1234", "网点电话：057****1234"),
        ("电话8888-1234", "电话****34"),
        (
            "客服电话 95338，投诉 400-811-1111 或 4008111111",
            "客服电话 95338，投诉 400-811-1111 或 4008111111",
        ),
        ("您的快件已由【本人】签收，签收人：本人签收", "您的快件已由【本人】签收，签收人：本人签收"),
        ("签收人：王小雁", "签收人：王**"),
        ("收件人电话无人接听，改日再派", "收件人电话无人接听，改日再派"),
        ("派件员正在派送，请保持电话畅通", "派件员正在派送，请保持电话畅通"),
        ("收件人是赵六，已代收", "收件人是赵*，已代收"),
        ("已放入丰巢，取件码 12-3-4567", "已放入丰巢，取件码 12-3-4567"),
        ("取件码13812345678", "取件码138****5678"),
        ("预计 2026-05-15 18:00 前送达", "预计 2026-05-15 18:00 前送达"),
        ("虚拟号 95013 6123 4567 8", "虚拟号 95013 ****78"),
        ("【杭州市】快件离开【杭州中转部】", "【杭州市】快件离开【杭州中转部】"),
    ],
)
def test_phones_and_names_are_covered(text: str, shown: str) -> None:
    assert clean_text(text) == shown


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text("快递员电话：，。 （）", max_size=8))
def test_no_mobile_number_survives(phone: str, around: str) -> None:
    for text in (
        f"{around}{phone}{around}",
        f"{phone[:3]} {phone[3:7]} {phone[7:]}",
        f"{phone[:3]}-{phone[3:7]}-{phone[7:]}",
    ):
        digits = "".join(ch for ch in clean_text(text) if ch.isdigit())
        assert phone not in digits and len(digits) <= 7


@given(st.text(max_size=400))
def test_a_kept_line_fits_its_column(text: str) -> None:
    assert len(clean_text(text)) <= 300


def test_steps_of_another_life_of_the_number_do_not_count() -> None:
    old = Step(NOON - 200 * DAY, "去年签收", "signed")
    slip = Step(NOON + 400 * DAY, "年份写错", "signed")
    good = Step(NOON, "揽收", "picked_up")
    assert usable([old, slip, good, good], NOON, NOON) == [good]


def test_the_later_of_two_words_for_one_line_counts() -> None:
    first, second = Step(NOON, "派送", "in_transit"), Step(NOON, "派送", "delivering")
    for steps in ([first, second], [second, first]):
        assert usable(steps, NOON, NOON) == [second]


@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from(STATUSES)), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_strongest_report_is_the_same_in_any_order(
    told: list[tuple[int, Status]], chance: object
) -> None:
    reports = [
        report
        for n, (hours, status) in enumerate(told)
        if (report := report_of([Step(NOON + timedelta(hours=hours), f"第{n}条", status)], status))
    ]
    strongest = max(reports)
    chance.shuffle(reports)  # type: ignore[attr-defined]
    assert max(reports) == strongest
    assert all(report.status in STATUSES for report in reports)


def test_signed_since_the_last_time_it_was_not() -> None:
    steps = [
        Step(NOON, "派送", "delivering"),
        Step(NOON + DAY, "签收", "signed"),
        Step(NOON + 2 * DAY, "改派", "delivering"),
        Step(NOON + 3 * DAY, "签收", "signed"),
        Step(NOON + 4 * DAY, "感谢使用", "signed"),
    ]
    assert signed_since("signed", steps) == NOON + 3 * DAY
    assert signed_since("delivering", steps) is None
    assert signed_since("signed", []) is None


@pytest.mark.parametrize(
    ("parcels", "days"),
    [
        ([], 10),
        ([Seen()], 10),
        ([Seen("signed", True, NOON + DAY)], 4),
        ([Seen("signed", True, NOON + DAY), Seen("signed", True, NOON + 5 * DAY)], 8),
        ([Seen("signed", True, NOON + DAY), Seen()], 10),
        ([Seen("signed", True, NOON + 9 * DAY), Seen()], 12),
        ([Seen("in_transit", True)], None),
        ([Seen("signed", True, NOON), Seen("delivering", True)], None),
        ([Seen("in_transit", True, None, NOON + 30 * DAY)], 33),
        ([Seen("exception", True)], None),
        ([Seen("exception", True, None, NOON + 30 * DAY)], None),
        ([Seen("returned", True, None, NOON + 30 * DAY), Seen("signed", True, NOON)], None),
    ],
)
def test_when_an_order_counts_as_received(parcels: list[Seen], days: int | None) -> None:
    at = receive_at(parcels, NOON, **AFTER)
    assert at == (None if days is None else NOON + days * DAY)


SEEN = st.builds(
    Seen,
    st.sampled_from(STATUSES),
    st.just(True),
    st.none() | st.integers(0, 30).map(lambda n: NOON + n * DAY),
    st.none() | st.integers(0, 60).map(lambda n: NOON + n * DAY),
)


@given(st.lists(SEEN, min_size=1, max_size=4))
def test_never_earlier_than_three_days_after_any_signature(parcels: list[Seen]) -> None:
    at = receive_at(parcels, NOON, **AFTER)
    if at is not None:
        assert all(at >= p.signed_at + 3 * DAY for p in parcels if p.status == "signed" and p.signed_at)
        assert all(p.status not in ("exception", "returned") for p in parcels)


@pytest.mark.parametrize(
    ("status", "state", "hours", "alarm"),
    [
        ("in_transit", "watched", 47, ""),
        ("in_transit", "watched", 48, "silent"),
        ("created", "waiting", 48, "silent"),
        ("created", "refused", 1, "refused"),
        ("exception", "watched", 1, "exception"),
        ("returned", "ended", 1, "returned"),
        ("signed", "ended", 999, ""),
        ("in_transit", "stopped", 999, ""),
    ],
)
def test_what_the_leader_is_shown(status: str, state: str, hours: int, alarm: str) -> None:
    assert alarm_of(status, state, NOON - timedelta(hours=hours), NOON) == alarm


def test_waits_grow_to_six_hours() -> None:
    waits = [rules.retry_after(tries) for tries in range(40)]
    assert waits == sorted(waits) and waits[0] == timedelta(minutes=1) and waits[-1] == timedelta(hours=6)
