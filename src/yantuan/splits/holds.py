"""What upper floors know that decides when money may be shared, by registration."""

from __future__ import annotations

from collections.abc import Callable

KeptFn = Callable[[int], bool]
_kept: list[KeptFn] = []


def provide_kept(fn: KeptFn) -> KeptFn:
    """Register who knows whether the platform still keeps the goods' money of a payment (by the attempt's id)."""
    if fn not in _kept:
        _kept.append(fn)
    return fn


def is_kept(attempt_id: int) -> bool:
    """Whether WeChat still keeps this payment's money until the buyer has received the goods."""
    return any(fn(attempt_id) for fn in _kept)
