"""The hourly self-check."""

from __future__ import annotations

from yantuan.kernel.schedule import every
from yantuan.reports.checks import run_and_keep


@every(3600)
def check_hourly() -> None:
    """Look at every invariant and keep what was found for the console."""
    run_and_keep()
