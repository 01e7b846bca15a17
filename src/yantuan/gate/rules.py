"""Pure decisions about what a phone at the gate reports afterwards, and the codes of its list."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, Protocol

from yantuan.fulfilment.rules import UNDO_WITHIN
from yantuan.kernel.clock import CHINA
from yantuan.orders.states import PAID_PAYMENTS

Outcome = Literal[
    "done", "part", "already", "refunded", "unpaid", "held", "waiting", "changed", "undone", "undo_late", "undo_nothing",
]  # fmt: skip
OUTCOMES: Final[tuple[Outcome, ...]] = (
    "done", "part", "already", "refunded", "unpaid", "held", "waiting", "changed", "undone", "undo_late", "undo_nothing",
)  # fmt: skip
Friend = Literal["", "ok", "unknown", "revoked", "expired", "used"]
FRIENDS: Final[tuple[Friend, ...]] = ("", "ok", "unknown", "revoked", "expired", "used")
PASS_DIGITS: Final = 9
"""No other number people say at a gate has as many."""
PASS_DAYS: Final = 14
"""How far ahead the day of a pass may be."""
_PASS = re.compile(r"(?:yantuan:pass:)?([0-9]{9})", re.IGNORECASE)
CODE_DIGITS: Final = 4
"""Hexadecimal digits kept of a code's digest: sixteen of a million codes fit each, so a lost phone names none."""


class Facts(Protocol):
    """What of an order decides."""

    payment: str
    delivery_method: str


@dataclass(frozen=True)
class Line:
    """Units of one order line."""

    ordered: int
    picked: int
    refunded: int
    held: int = 0
    """Of those left, what an open after-sale asks money for."""

    @property
    def free(self) -> int:
        return max(0, self.ordered - self.picked - self.refunded - self.held)


@dataclass(frozen=True)
class Decision:
    outcome: Outcome
    pieces: Mapping[int, int]
    """What is booked, by order line."""


def decide(
    order: Facts, lines: Mapping[int, Line], wanted: Mapping[int, int], *, waits: bool = False
) -> Decision:
    """What becomes of pieces a phone says it handed out: as many of them are booked as the order still has.

    Never more than ordered − refunded − handed out before. `waits`: it is still open what the order will get.
    """
    if order.delivery_method != "pickup" or not wanted or not set(wanted) <= set(lines):
        return Decision("changed", {})
    if order.payment not in PAID_PAYMENTS:
        return Decision("refunded" if order.payment == "refunded" else "unpaid", {})
    if waits:
        return Decision("waiting", {})
    taken = {line: units for line, asked in wanted.items() if (units := min(asked, lines[line].free)) > 0}
    if taken == dict(wanted):
        return Decision("done", taken)
    return Decision("part" if taken else _why(lines, wanted), taken)


def _why(lines: Mapping[int, Line], wanted: Mapping[int, int]) -> Outcome:
    short = [lines[line] for line, asked in wanted.items() if lines[line].free < asked]
    if any(line.picked for line in short):
        return "already"
    return "refunded" if any(line.refunded for line in short) else "held"


def undo_outcome(handed_at: datetime, undone_at: datetime) -> Outcome:
    """Both times are the phone's, so a day without a line takes nothing away from the half hour."""
    return "undone" if undone_at - handed_at <= UNDO_WITHIN else "undo_late"


def believed(at: datetime, now: datetime, oldest: timedelta = timedelta(days=30)) -> datetime:
    """The phone's time, kept between `oldest` ago and now."""
    return min(max(at, now - oldest), now)


def code_digest(salt: str, code: str) -> str:
    """What stands in a list for a pick-up code; short on purpose, see CODE_DIGITS."""
    return hashlib.sha256(f"{salt}:{code}".encode()).hexdigest()[:CODE_DIGITS]


def read_pass(text: str) -> str:
    """The code of a pass that was typed or scanned; empty for anything else."""
    match = _PASS.fullmatch(text.replace(" ", ""))
    return match[1] if match else ""


def china_day(moment: datetime) -> date:
    """The day it is in China."""
    return moment.astimezone(CHINA).date()


def day_fits(day: date, today: date) -> bool:
    """Whether a pass may be made for the day."""
    return today <= day <= today + timedelta(days=PASS_DAYS)


def friend_of(valid_on: date, revoked_at: datetime | None, used: bool, at: datetime) -> Friend:
    """What a pass for this order is worth at that moment, by the clock of the phone at the gate."""
    if revoked_at is not None and revoked_at <= at:
        return "revoked"
    if china_day(at) != valid_on:
        return "expired"
    return "used" if used else "ok"
