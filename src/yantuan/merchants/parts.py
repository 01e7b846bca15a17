"""What a lower floor must ask of the payments made through an account, by registration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Uses:
    """`live`: payments that may still bring money. `refunding`: refunds under way. `last_paid_at`: the newest payment."""

    live: int = 0
    refunding: int = 0
    last_paid_at: datetime | None = None


UsesFn = Callable[[int | None], Uses]
_uses: list[UsesFn] = []


def provide_uses(fn: UsesFn) -> UsesFn:
    """Register who knows what an account (by id; None: the configuration's) is used for. The last registration counts."""
    _uses[:] = [fn]
    return fn


def uses_of(account_id: int | None) -> Uses:
    """What is under way through an account; None: the configuration's."""
    return _uses[0](account_id) if _uses else Uses()
