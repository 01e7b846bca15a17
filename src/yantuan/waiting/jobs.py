"""Imported at start: the waiting list's part in placing, and its timed work."""

from __future__ import annotations

from yantuan.kernel.schedule import every
from yantuan.waiting import placing, queries, work

__all__ = ["placing", "queries"]


@every(5)
def keep_lines_moving() -> int:
    """Windows end, sales end, and what is free goes to the next in line."""
    return work.pass_by() + work.end_with_sales() + work.hand_on()
