"""State machines as data: one table `{state: {event: next}}` per axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yantuan.kernel.errors import Conflict

Edges = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Machine:
    """One axis with its legal edges. `labels` are the Chinese words people see for each state."""

    name: str
    edges: Edges
    labels: Mapping[str, str]

    def next(self, state: str, event: str) -> str:
        """The state after `event`, or Conflict `illegal_transition`."""
        try:
            return self.edges[state][event]
        except KeyError:
            raise Conflict(
                "illegal_transition",
                f"现在是「{self.labels.get(state, state)}」，不能这样操作",
                f"{self.name}: no {event} in {state}.",
                axis=self.name,
                state=state,
                event=event,
            ) from None

    def allows(self, state: str, event: str) -> bool:
        return event in self.edges.get(state, {})

    def sources(self, event: str) -> frozenset[str]:
        """All states in which `event` is legal: the guard of a compare-and-set."""
        return frozenset(state for state, row in self.edges.items() if event in row)

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(self.labels)

    @property
    def events(self) -> tuple[str, ...]:
        return tuple(sorted({event for row in self.edges.values() for event in row}))
