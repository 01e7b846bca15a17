"""What handlers of pushes are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from yantuan.gateways.wechat_push import listed


@dataclass(frozen=True, slots=True)
class Push:
    """One event. `fields` holds everything under the platform's own names; in XML every value is text."""

    id: int
    event: str
    sender: str
    """FromUserName: an openid, or the platform's own for events about the app."""
    sent_at: datetime | None
    fields: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A field as text; "" when absent. Numbers may come as numbers (JSON) or texts (XML)."""
        value = self.fields.get(name, "")
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""

    def number(self, name: str) -> int | None:
        """A field as a whole number; None when absent or not one."""
        text = self.text(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None

    def entries(self) -> list[dict[str, Any]]:
        """The objects of `List`, wherever the format puts it: on top (JSON), or inside `Subscribe…Event` (XML)."""
        found = listed(self.fields.get("List"))
        for value in self.fields.values():
            if isinstance(value, dict) and "List" in value:
                found += listed(value["List"])
        return found


def topic_of(event: str) -> str:
    """The outbox topic of an event."""
    return f"push.{event}"[:64]
