"""Where the floor that keeps passes says which orders a friend may fetch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from yantuan.orders.models import Order


@dataclass(frozen=True)
class Passes:
    """What that floor answers."""

    orders_of: Callable[[int, str], list[int] | None]
    """Orders of a store that the pass in a text is good for now; None where the text is no pass."""
    fetched: Callable[[Order, str], str]
    """Takes the pass for an order and answers the friend's masked name; raises AppError where it is not good."""
    returned: Callable[[int], None]
    """A hand-out of the order was taken back."""


_known: list[Passes] = []


def provide_passes(passes: Passes) -> None:
    """Register who knows the passes. The last registration counts."""
    _known[:] = [passes]


def orders_of_pass(store_id: int, text: str) -> list[int] | None:
    """As `Passes.orders_of`; None where nobody knows passes."""
    return _known[0].orders_of(store_id, text) if _known else None


def fetched_by_pass(order: Order, code: str) -> str:
    """As `Passes.fetched`; empty without a code. The caller holds the order's lock."""
    return _known[0].fetched(order, code) if _known and code else ""


def pass_returned(order_id: int) -> None:
    """As `Passes.returned`."""
    for passes in _known:
        passes.returned(order_id)
