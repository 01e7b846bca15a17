"""Pure decisions about what arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from yantuan.kernel.errors import Conflict, Invalid


@dataclass(frozen=True)
class Came:
    """Units of one offer: all that came, and of those the unfit."""

    came: int
    damaged: int


@dataclass(frozen=True)
class Pieces:
    """Units of one order line."""

    ordered: int
    refunded: int
    picked: int

    @property
    def due(self) -> int:
        """Pieces the point needs for this line: those not given back, and those handed out before they were."""
        return max(self.ordered - self.refunded, self.picked)


@dataclass(frozen=True)
class Step:
    """One line of a count as it was written."""

    title: str
    due: int
    came: int
    damaged: int


ALL_THERE: Final = ("全部到齐", "Everything is there")


def check_count(due: Mapping[int, int], lines: Sequence[tuple[int, Came]]) -> dict[int, Came]:
    """The count by offer. Raises Invalid `count_incomplete` unless it names every kind of goods that is due just once,
    `damaged_more_than_came`."""
    found = dict(lines)
    if set(found) != set(due) or len(found) != len(lines):
        raise Invalid(
            "count_incomplete", "每种商品都要清点一次", "Count every kind of goods once.", field="lines"
        )
    if any(one.damaged > one.came for one in found.values()):
        raise Invalid("damaged_more_than_came", "破损不能多于实到", "More damaged than came.", field="lines")
    return found


def short_of(due: int, came: Came) -> int:
    """Pieces of one offer that can't be handed out: not there, or unfit."""
    return max(0, due - (came.came - came.damaged))


def check_base(counts: int, base: int) -> None:
    """Raise Conflict `count_changed` when somebody else has counted meanwhile."""
    if counts != base:
        raise Conflict(
            "count_changed", "别人刚刚清点过，请刷新后再核对", "Somebody else has just counted; look again.",
            counts=counts,
        )  # fmt: skip


def told_of(steps: Sequence[Step]) -> tuple[str, str]:
    """What one count says, in Chinese and English: only what differs from what was due."""
    zh, en = [], []
    for step in steps:
        missing = step.due - step.came
        if not missing and not step.damaged:
            continue
        words = [f"少 {missing}" if missing > 0 else f"多 {-missing}"] if missing else []
        english = [f"{abs(missing)} {'missing' if missing > 0 else 'too many'}"] if missing else []
        if step.damaged:
            words.append(f"破损 {step.damaged}")
            english.append(f"{step.damaged} damaged")
        zh.append(f"{step.title} {'、'.join(words)}")
        en.append(f"{step.title}: {', '.join(english)}")
    return ("；".join(zh), "; ".join(en)) if zh else ALL_THERE


@dataclass(frozen=True)
class Place:
    """An order line that could lose pieces: `free` are those neither fetched nor given back."""

    line_id: int
    offer_id: int
    number: int
    """跟团号."""
    free: int


def latest_first(short: Mapping[int, int], places: Sequence[Place]) -> dict[int, int]:
    """Pieces by line: who joined last goes without first, until the shortage of each kind of goods is used up.

    The same places in whatever order give the same answer.
    """
    left, taken = dict(short), {}
    for place in sorted(places, key=lambda one: (one.number, one.line_id), reverse=True):
        units = min(left.get(place.offer_id, 0), place.free)
        if units:
            taken[place.line_id] = units
            left[place.offer_id] -= units
    return taken


def check_choice(
    short: Mapping[int, int], places: Sequence[Place], chosen: Mapping[int, int]
) -> dict[int, int]:
    """The leader's own sharing out. Raises Invalid `choice_does_not_fit` where it takes more than is short, or than a line has."""
    known = {place.line_id: place for place in places}
    sums: dict[int, int] = {}
    for line_id, units in chosen.items():
        place = known.get(line_id)
        if place is None or units > place.free:
            raise _misfit()
        sums[place.offer_id] = sums.get(place.offer_id, 0) + units
    if any(units > short.get(offer, 0) for offer, units in sums.items()):
        raise _misfit()
    return {line: units for line, units in chosen.items() if units}


def _misfit() -> Invalid:
    return Invalid(
        "choice_does_not_fit", "分配的件数和缺少的对不上，请重新分配", "It takes more than is short.", field="chosen"
    )  # fmt: skip


REMIND_APART: Final = timedelta(hours=20)
"""Least time between two words to those who have not come."""
TAKE_BACK_AFTER: Final = timedelta(days=1)
"""Least time between the reminder and taking goods back."""
Then = Literal["keep", "refund"]


def then_of(word: str) -> Then:
    """The word of a row; anything but `refund` keeps the goods."""
    return "refund" if word == "refund" else "keep"


def rule_words(days: int, then: str) -> tuple[str, str]:
    """What buyers read before they order, in Chinese and English."""
    zh, en = (
        f"到货通知后 {days} 天还没取，会提醒一次",
        f"{days} days after the word of arrival you are reminded once",
    )
    if then == "refund":
        zh += "；提醒后再过 1 天仍未取，团长可以取回商品，没取的部分全额退款"
        en += "; a day after that the leader may take the goods back and refund in full what was not fetched"
    else:
        zh, en = f"{zh}，商品继续为你保留", f"{en}; the goods are kept for you"
    return f"{zh}。", f"{en}."


def may_take_back(
    days: int, then: str, told_at: datetime | None, reminded_at: datetime | None, moment: datetime
) -> bool:
    """Whether the rule lets the leader take goods back: only where it says so, its days are over, and a day after the reminder."""
    if then != "refund" or told_at is None or reminded_at is None:
        return False
    return moment >= told_at + timedelta(days=days) and moment >= reminded_at + TAKE_BACK_AFTER
