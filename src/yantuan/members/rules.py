"""Pure decisions about members: levels, and what a merge shows beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from yantuan.kernel.errors import Invalid

MAX_LEVELS: Final = 6
MAX_TAGS: Final = 10
"""Of one member."""
TAG_LENGTH: Final = 12


@dataclass(frozen=True, slots=True)
class Level:
    """A step: reached with this many paid orders and this much paid; 0 asks for nothing."""

    name: str
    orders: int
    paid_fen: int


def level_of(steps: Sequence[Level], orders: int, net_fen: int) -> str:
    """The name of the highest step whose demands are all met; empty below the first."""
    reached = [s for s in steps if orders >= s.orders and net_fen >= s.paid_fen]
    return reached[-1].name if reached else ""


def check_levels(steps: Sequence[Level]) -> None:
    """Steps have names of their own and each demands more than the one before. Raises Invalid `levels_wrong`."""
    names = [s.name for s in steps]
    rising = all(
        b.orders >= a.orders and b.paid_fen >= a.paid_fen and (b.orders, b.paid_fen) != (a.orders, a.paid_fen)
        for a, b in pairwise(steps)
    )
    asks = all(s.orders or s.paid_fen for s in steps)
    if len(set(names)) != len(names) or not rising or not asks:
        raise Invalid(
            "levels_wrong",
            "等级名称不能重复，要求要一级比一级高",
            "Levels need names of their own, and each must demand more than the one before.",
            field="steps",
        )


def refund_rate_percent(orders: int, refunds: int) -> int:
    """Of a hundred orders, how many had something given back; rounded half up."""
    return (refunds * 200 + orders) // (2 * orders) if orders else 0
