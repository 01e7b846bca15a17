"""Old codes cleared."""

from __future__ import annotations

from yantuan.desk.signing_in import clear
from yantuan.kernel import schedule


@schedule.every(3600)
def clear_desk_sign_ins() -> int:
    """Codes past their use."""
    return clear()
