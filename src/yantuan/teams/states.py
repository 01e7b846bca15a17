"""What becomes of a team, and of a seat in it."""

from __future__ import annotations

from typing import Final

EDGES: Final[dict[str, dict[str, str]]] = {
    "forming": {"form": "formed", "end": "over", "keep": "kept"},
    "formed": {},
    "over": {},
    "kept": {},
}
"""State → event → next state. `form`: all its members have paid; `end`: its time ran out, money goes back; `keep`: its time
ran out, and its sale had promised the team price all the same."""

STATES: Final = tuple(EDGES)
LABELS: Final = {"forming": "拼团中", "formed": "已成团", "over": "未成团", "kept": "按拼团价成交"}
LABELS_EN: Final = {
    "forming": "Forming",
    "formed": "Formed",
    "over": "Not formed",
    "kept": "Sold at the team price",
}

TAKEN: Final = "taken"
"""A seat that counts in a forming team: its order is open, paid or not."""
KEPT: Final = "kept"
"""The team was formed, or sold all the same; the seat stays with its order."""
BACK: Final = "back"
"""Given back: the order closed or was refunded, or the team was over."""
SEATS: Final = (TAKEN, KEPT, BACK)


def after(event: str) -> str:
    """The state the event leads to."""
    return EDGES["forming"][event]
