"""Where upper floors say that paid orders must not move yet, because it is still open what they will get (成团, 拼箱).

Nothing of such an order is shipped, handed out, or put on a packing list until the word is withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from yantuan.kernel.errors import AppError, Conflict


@dataclass(frozen=True, slots=True)
class Held:
    """Why an order waits; the sentences are for its leader."""

    code: str
    zh: str
    en: str

    def refusal(self) -> AppError:
        """What shipping and handing out answer."""
        return Conflict(self.code, self.zh, self.en)


HeldFn = Callable[[Mapping[int, int]], Mapping[int, Held]]
"""Group buy id by order id → why those of the orders wait that do. One statement at most where no sale waits."""
_sources: list[HeldFn] = []


def provide_held(fn: HeldFn) -> HeldFn:
    """Register who makes orders wait; the first to speak of an order is heard."""
    if fn not in _sources:
        _sources.append(fn)
    return fn


def held_orders(group_buys: Mapping[int, int]) -> dict[int, Held]:
    """The orders that wait, of those asked about (group buy id by order id); asked under the orders' locks before they move."""
    found: dict[int, Held] = {}
    if not group_buys:
        return found
    for fn in _sources:
        for order_id, held in fn(group_buys).items():
            found.setdefault(order_id, held)
    return found
