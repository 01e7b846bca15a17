"""Timed work: functions the worker calls every so many seconds. Each must be safe to run twice or late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timed:
    """`seconds` between starts; `name` is unique and shown in the console's health page."""

    name: str
    seconds: float
    work: Callable[[], object]


_timed: dict[str, Timed] = {}

HEARTBEAT = "kernel.worker"
"""The row in the table of timed work that says when a worker was last alive."""


def every(seconds: float) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a function without arguments to be called by the worker about every `seconds`."""

    def register(work: Callable[[], object]) -> Callable[[], object]:
        name = f"{work.__module__}.{work.__qualname__}"
        _timed[name] = Timed(name, seconds, work)
        return work

    return register


def timed() -> list[Timed]:
    """All registered timed work, by name."""
    return sorted(_timed.values(), key=lambda t: t.name)
