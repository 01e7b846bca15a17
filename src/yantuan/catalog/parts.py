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
