"""Timed work: figures follow the orders."""

from __future__ import annotations

from yantuan.kernel.schedule import every
from yantuan.members.counting import count_new


@every(20)
def count_members() -> int:
    """Count those whose payments or refunds changed."""
    return count_new()
