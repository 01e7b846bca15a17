"""Pure decision: may a claim settle itself within what its leader allows?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from yantuan.kernel.clock import CHINA

HISTORY: Final = timedelta(days=30)
"""How far back a buyer's claims count."""
MOST_CLAIM_FEN: Final = 500_00
MOST_MONTH_FEN: Final = 20_000_00
REASONS: Final = ("spoiled", "damaged", "missing", "quality", "not_as_described", "wrong_goods")
"""Only what is wrong with goods settles itself; a change of mind is never paid for by a rule."""
DEFAULT_REASONS: Final = ("spoiled", "damaged", "missing")
Refusal = Literal["", "off", "offline", "return", "reason", "picture", "amount", "share", "history", "budget"]


class Bounds(Protocol):
    """What the leader allows."""

    enabled: bool
    month_fen: int
    claim_fen: int
    percent: int
    reasons: Collection[str]
    needs_picture: bool
    claims_per_buyer: int


@dataclass(frozen=True)
class Facts:
    """What is known of a claim when it is decided."""

    method: str
    kind: str
    reason: str
    pictures: int
    requested_fen: int
    lines_fen: int
    """What the buyer paid for the whole of the claimed lines, freight apart."""
    earlier: int
    """Claims of the same buyer that settled themselves within HISTORY."""
    spent_fen: int
    """What settled itself this month."""


def refusal(bounds: Bounds, facts: Facts) -> Refusal:
    """Why the claim waits for a person; empty when it may settle itself. The first reason that holds."""
    asked: tuple[tuple[Refusal, bool], ...] = (
        ("off", not bounds.enabled),
        ("offline", facts.method != "wechatpay"),
        ("return", facts.kind != "refund_only"),
        ("reason", facts.reason not in bounds.reasons),
        ("picture", bounds.needs_picture and facts.pictures == 0),
        ("amount", facts.requested_fen > bounds.claim_fen),
        ("share", facts.requested_fen * 100 > facts.lines_fen * bounds.percent),
        ("history", facts.earlier >= bounds.claims_per_buyer),
        ("budget", facts.spent_fen + facts.requested_fen > bounds.month_fen),
    )
    return next((name for name, holds in asked if holds), "")


def month_start(moment: datetime) -> datetime:
    """Midnight of the first of the month in Beijing."""
    return moment.astimezone(CHINA).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
