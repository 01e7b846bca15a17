"""Timed work on pictures."""

from __future__ import annotations

from yantuan.kernel import schedule
from yantuan.media.cleaning import clear_orphans


@schedule.every(6 * 3600)
def clear_orphan_files() -> int:
    """Delete files that never got their row."""
    return clear_orphans()
