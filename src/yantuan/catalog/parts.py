"""What floors above tell the product library."""

from __future__ import annotations

from collections.abc import Callable, Sequence

ShelfProvider = Callable[[Sequence[int]], set[int]]
"""Product ids → those on the store's shelf."""

_shelf: list[ShelfProvider] = []


def shelf_provider(fn: ShelfProvider) -> ShelfProvider:
    """Register who knows the shelf; the last registration counts."""
    _shelf[:] = [fn]
    return fn


def on_shelf(product_ids: Sequence[int]) -> set[int]:
    """Those of the products that stand on their store's shelf."""
    return _shelf[0](product_ids) if _shelf and product_ids else set()


SeenProvider = Callable[[int], bool]
"""Product id → whether buyers see it on the page of a sale."""

_seen: list[SeenProvider] = []


def seen_provider(fn: SeenProvider) -> SeenProvider:
    """Register who knows which goods buyers see; the last registration counts."""
    _seen[:] = [fn]
    return fn


def seen_by_buyers(product_id: int) -> bool:
    """Whether buyers see these goods now."""
    return bool(_seen) and _seen[0](product_id)
