"""What floors above tell about stores' pick-up points."""

from __future__ import annotations

from collections.abc import Callable

SeenProvider = Callable[[int, int], bool]
"""Store id and pick-up point id → whether buyers see the point on the page of a sale."""

_seen: list[SeenProvider] = []


def point_seen_provider(fn: SeenProvider) -> SeenProvider:
    """Register who knows which pick-up points buyers see; the last registration counts."""
    _seen[:] = [fn]
    return fn


def point_seen_by_buyers(store_id: int, point_id: int) -> bool:
    """Whether buyers see this pick-up point now."""
    return bool(_seen) and _seen[0](store_id, point_id)
