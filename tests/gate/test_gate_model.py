"""Several phones with spells without a line: whatever order their entries come in, the books hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from yantuan.gate.initials import initials
from yantuan.gate.rules import CODE_DIGITS, OUTCOMES, Line, code_digest, decide, undo_outcome


@dataclass
class Books:
    payment: str = "paid"
    delivery_method: str = "pickup"


MOVES = st.lists(
    st.tuples(st.sampled_from(["hand", "refund", "again", "sync"]), st.integers(0, 2), st.integers(0, 1), st.integers(1, 3)),
    max_size=40,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(ordered=st.tuples(st.integers(1, 4), st.integers(1, 4)), moves=MOVES)
def test_phones_never_hand_out_in_the_books_what_is_not_there(
    ordered: tuple[int, int], moves: list[tuple[str, int, int, int]]
) -> None:
    picked, refunded = [0, 0], [0, 0]
    queues: list[list[tuple[int, int, int]]] = [[], [], []]
    outcomes: dict[tuple[int, int], str] = {}
    serial = 0

    def lines() -> dict[int, Line]:
        return {n: Line(ordered[n], picked[n], refunded[n]) for n in (0, 1)}

    def sync(phone: int) -> None:
        for key, line, units in queues[phone]:
            if (phone, key) in outcomes:
                continue
            found = decide(Books(), lines(), {line: units})
            outcomes[phone, key] = found.outcome
            for where, taken in found.pieces.items():
                picked[where] += taken

    for move, phone, line, units in [*moves, ("sync", 0, 0, 1), ("sync", 1, 0, 1), ("sync", 2, 0, 1)]:
        if move == "hand":
            serial += 1
            queues[phone].append((serial, line, units))
        elif move == "refund":
            refunded[line] += min(units, ordered[line] - refunded[line] - picked[line])
        elif move == "again":
            queues[phone] = [*queues[phone], *queues[phone][:1]]
        else:
            sync(phone)
        assert all(picked[n] + refunded[n] <= ordered[n] for n in (0, 1))
    told = {(phone, key) for phone in range(3) for key, _, _ in queues[phone]}
    assert set(outcomes) == told and set(outcomes.values()) <= set(OUTCOMES)


def test_why_nothing_is_booked() -> None:
    assert decide(Books("refunded"), {1: Line(1, 0, 1)}, {1: 1}).outcome == "refunded"
    assert decide(Books("unpaid"), {1: Line(1, 0, 0)}, {1: 1}).outcome == "unpaid"
    assert decide(Books(), {1: Line(1, 1, 0)}, {1: 1}).outcome == "already"
    assert decide(Books(), {1: Line(1, 0, 1)}, {1: 1}).outcome == "refunded"
    assert decide(Books(), {1: Line(1, 0, 0, held=1)}, {1: 1}).outcome == "held"
    assert decide(Books(), {1: Line(1, 0, 0)}, {2: 1}).outcome == "changed"
    assert decide(Books(delivery_method="courier"), {1: Line(1, 0, 0)}, {1: 1}).outcome == "changed"
    part = decide(Books(), {1: Line(2, 1, 0), 2: Line(1, 0, 0)}, {1: 2, 2: 1})
    assert (part.outcome, part.pieces) == ("part", {1: 1, 2: 1})


def test_an_undo_counts_by_the_phones_own_clock() -> None:
    at = datetime(2026, 5, 12, 10, tzinfo=UTC)
    assert undo_outcome(at, at + timedelta(minutes=30)) == "undone"
    assert undo_outcome(at, at + timedelta(minutes=31)) == "undo_late"


def test_a_lost_phone_names_no_code() -> None:
    digest = code_digest("salt", "123456")
    fitting = sum(code_digest("salt", f"{n:06d}") == digest for n in range(200_000))
    assert len(digest) == CODE_DIGITS and fitting >= 2


def test_initials_of_names() -> None:
    assert [initials(n) for n in ("王小雁", "单田芳", "刘鑫 Li", "欧阳娜娜", "😀")] == [
        "WXY",
        "STF",
        "LXLI",
        "OYNN",
        "",
    ]
