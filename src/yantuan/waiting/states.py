"""What becomes of a wish."""

from __future__ import annotations

from typing import Final

EDGES: Final[dict[str, dict[str, str]]] = {
    "waiting": {"offer": "offered", "take": "taken", "leave": "left", "end": "ended"},
    "offered": {"take": "taken", "leave": "left", "pass": "passed", "end": "ended"},
    "taken": {},
    "left": {},
    "passed": {},
    "ended": {},
}
"""State → event → next state. `take`: an order took the place; `pass`: its window went by; `end`: the sale is over."""

STATES: Final = tuple(EDGES)
LIVE: Final = ("waiting", "offered")
LABELS: Final = {
    "waiting": "候补中",
    "offered": "已为您留货",
    "taken": "已下单",
    "left": "已退出",
    "passed": "已过时",
    "ended": "团购已结束",
}


def before(event: str) -> list[str]:
    """The states in which the event is legal."""
    return [state for state, edges in EDGES.items() if event in edges]


def after(event: str) -> str:
    """The state the event leads to, the same from everywhere."""
    [found] = {edges[event] for edges in EDGES.values() if event in edges}
    return found
