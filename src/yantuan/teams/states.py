"""What becomes of a team, and of a seat in it."""

from __future__ import annotations

from typing import Final

from yantuan.kernel.states import Machine

TEAM: Final = Machine(
    "team",
    {"forming": {"form": "formed", "end": "over", "keep": "kept"}, "formed": {}, "over": {}, "kept": {}},
    {"forming": "拼团中", "formed": "已成团", "over": "未成团", "kept": "按拼团价成交"},
)
ROLES: Final = dict.fromkeys(TEAM.events, "system")
MEANINGS: Final = {
    "form": "最后一人付款 the last member has paid",
    "keep": "到时未满，按事先约定以拼团价成交 not full in time, sold at the team price as promised",
    "end": "到时未满或团购截单，全额退款 not full in time or the sale was closed, all money goes back",
}
STATES: Final = TEAM.states
LABELS: Final = TEAM.labels
LABELS_EN: Final = {
    "forming": "Forming",
    "formed": "Formed",
    "kept": "Sold at the team price",
    "over": "Not formed",
}

TAKEN: Final = "taken"
"""A seat that counts in a forming team: its order is open, paid or not."""
KEPT: Final = "kept"
"""The team was formed, or sold all the same; the seat stays with its order."""
BACK: Final = "back"
"""Given back: the order closed or was refunded, or the team was over."""
SEATS: Final = (TAKEN, KEPT, BACK)
