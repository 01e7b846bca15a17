"""The gate's timed work."""

from __future__ import annotations

from yantuan.gate import passing
from yantuan.kernel.schedule import every


@every(3600)
def forget_passes() -> int:
    """Passes nobody needs any more."""
    gone, _ = passing.old_passes().delete()
    return gone
