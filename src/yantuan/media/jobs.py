"""Timed work on pictures."""

from __future__ import annotations

from yantuan.kernel import schedule
from yantuan.media.cleaning import clear_orphans
from yantuan.media.keeping import remove_old_papers


@schedule.every(6 * 3600)
def clear_orphan_files() -> int:
    """Delete files that never got their row."""
    return clear_orphans()


@schedule.every(3600)
def remove_papers() -> int:
    """Destroy papers whose time is over."""
    return remove_old_papers()
