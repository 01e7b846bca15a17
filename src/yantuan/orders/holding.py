"""Where upper floors say that paid orders must not move yet, because it is still open what they will get (成团, 拼箱).

Nothing of such an order is shipped, handed out, or put on a packing list until the word is withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from yantuan.kernel.errors import AppError, Conflict
from yantuan.orders.models import Order
from yantuan.orders.states import LIVE_PAYMENTS, PAID_PAYMENTS

TO_FORM: Final = ("待成团", "Waiting to form")
NOT_FORMED: Final = ("未成团", "Not formed")
TO_SPLIT: Final = ("待拼箱分配", "Cartons to split")


@dataclass(frozen=True, slots=True)
class Held:
    """Why an order waits; the sentences are for its leader."""

    code: str
    zh: str
    en: str
    label: tuple[str, str]
    """What stands in place of 待发货 or 待自提, for everybody: Chinese and English."""

    def refusal(self) -> AppError:
        """What shipping and handing out answer."""
        return Conflict(self.code, self.zh, self.en)


HeldFn = Callable[[Mapping[int, int]], Mapping[int, Held]]
"""Group buy id by order id → why those of the orders wait that do. One statement at most where no sale waits."""
MayFn = Callable[[Order], bool]
_sources: list[tuple[HeldFn, MayFn]] = []


def provide_held(may: MayFn) -> Callable[[HeldFn], HeldFn]:
    """Register who makes orders wait; the first to speak of an order is heard.

    `may` sees from the order and its sale alone which can wait by it, so that lists ask nothing about the others.
    """

    def register(fn: HeldFn) -> HeldFn:
        if (fn, may) not in _sources:
            _sources.append((fn, may))
        return fn

    return register


def held_orders(group_buys: Mapping[int, int]) -> dict[int, Held]:
    """The orders that wait, of those asked about (group buy id by order id); asked under the orders' locks before they move."""
    found: dict[int, Held] = {}
    if not group_buys:
        return found
    for fn, _ in _sources:
        for order_id, held in fn(group_buys).items():
            found.setdefault(order_id, held)
    return found


def held_rows(orders: Iterable[Order]) -> dict[int, Held]:
    """As `held_orders`, to be shown: of orders loaded with their sale, and only those that are open and of which nothing has moved."""
    open_ = [
        one
        for one in orders
        if one.payment in LIVE_PAYMENTS | PAID_PAYMENTS and one.delivery in ("none", "awaiting_pickup")
    ]
    found: dict[int, Held] = {}
    for fn, may in _sources:
        asked = {one.id: one.group_buy_id for one in open_ if may(one)}
        for order_id, held in fn(asked).items() if asked else ():
            found.setdefault(order_id, held)
    return found
