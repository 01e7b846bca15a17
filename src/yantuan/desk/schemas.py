"""Bodies of the phone's side of signing in."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema


class DeskSignInOut(Schema):
    """A computer that asks to be let in."""

    device: str
    """Browser and system as it names itself; empty when it says nothing."""
    asked_at: datetime
    expires_at: datetime
    confirmed: bool
    stores: list[str]
    """Names of the stores it would see."""
