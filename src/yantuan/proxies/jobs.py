"""Imported at start: proxy orders take part in placing and reminders; figures of members follow orders that change hands."""

from __future__ import annotations

from typing import Any

from yantuan.kernel import outbox
from yantuan.members.counting import count
from yantuan.proxies import moving, parts, placing, reaching

__all__ = ["parts", "placing", "reaching"]


@outbox.on(moving.MOVED)
def count_members_anew(payload: dict[str, Any]) -> None:
    """Counting again changes nothing, so twice is the same as once."""
    count(int(payload["store_id"]), [int(one) for one in payload["people"]])
