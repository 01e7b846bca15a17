"""Timed work: figures follow the orders. Imported at start: also registers the members' part in placing."""

from __future__ import annotations

from yantuan.kernel.schedule import every
from yantuan.members import tagged
from yantuan.members.counting import count_new

__all__ = ["count_members", "tagged"]


@every(20)
def count_members() -> int:
    """Count those whose payments or refunds changed."""
    return count_new()
