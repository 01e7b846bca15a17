"""Medians of rounds, with their spread."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

Rounds = Sequence[dict[str, Any]]


def of_rounds(rounds: Rounds) -> dict[str, Any]:
    """Every number of the rounds' like-shaped results as its median; `per_second` and `p99_ms` also with min and max."""
    first = rounds[0]
    found: dict[str, Any] = {}
    for name, value in first.items():
        values = [one[name] for one in rounds if name in one]
        if isinstance(value, dict):
            found[name] = of_rounds(values) if name != "statuses" else _summed(values)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            found[name] = value
        else:
            found[name] = round(median(values), 2)
            if name in ("per_second", "p99_ms"):
                found[f"{name}_spread"] = [min(values), max(values)]
    return found


def _summed(values: Sequence[dict[str, int]]) -> dict[str, int]:
    names = sorted({name for one in values for name in one})
    return {name: sum(one.get(name, 0) for one in values) for name in names}
