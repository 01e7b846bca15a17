"""The machine can fail: each guard taken out of the product is found within the quick budget, from a fixed seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, connection

from machine.provider import Provider
from machine.rules_time import Story
from machine.telling import QUICK_EXAMPLES, QUICK_STEPS, tell
from yantuan.catalog import stock
from yantuan.orders import actions as orders
from yantuan.orders import decide
from yantuan.payments import apply, closing, refunds, rules
from yantuan.payments.models import Refund

Plant = Callable[[pytest.MonkeyPatch], None]


def released_twice(patch: pytest.MonkeyPatch) -> None:
    """A closing order gives its units back, and its quota once more."""
    real = orders.return_quota

    def twice(order: Any, line: Any, quantity: int) -> None:
        real(order, line, quantity)
        real(order, line, quantity)

    patch.setattr(orders, "return_quota", twice)


def stock_kept_at_close(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stock, "release", lambda lines, actor=None: None)


def amount_ignored(patch: pytest.MonkeyPatch) -> None:
    real = rules.transaction_problem

    def blind(paid: Any, attempt: Any) -> str:
        problem = real(paid, attempt)
        return "" if problem == "amount_differs" else problem

    patch.setattr(rules, "transaction_problem", blind)


def merchant_ignored(patch: pytest.MonkeyPatch) -> None:
    real = rules.transaction_problem

    def blind(paid: Any, attempt: Any) -> str:
        problem = real(paid, attempt)
        return "" if problem == "mchid_differs" else problem

    patch.setattr(rules, "transaction_problem", blind)


def no_cap_on_refunds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "check_parts", lambda left, parts: None)
    patch.setattr(rules, "wished_parts", _any_parts)


def _any_parts(left: Iterable[Any], wishes: Iterable[Any], *, with_freight: bool) -> list[Any]:
    return [rules.RefundPart(wish.order_line_id, wish.quantity, wish.amount_fen or 100) for wish in wishes]


def second_money_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(apply, "_give_back", lambda order, attempt, cause: None)


def restocked_twice(patch: pytest.MonkeyPatch) -> None:
    real = refunds._restock

    def twice(refund: Refund, actor: Any) -> None:
        real(refund, actor)
        for row in refund.lines.filter(quantity__gt=0):
            stock.restock(row.order_line, row.quantity, row.id + 1, actor)

    patch.setattr(refunds, "_restock", twice)


def late_money_dropped(patch: pytest.MonkeyPatch) -> None:
    real = apply._book

    def deaf(order_id: int, attempt_id: int, transaction: Any, source: Any) -> Any:
        if orders.lock_order(order_id).payment == "closed":
            return apply.Applied("late", order_id=order_id)
        return real(order_id, attempt_id, transaction, source)

    patch.setattr(apply, "_book", deaf)


def timer_asks_nobody(patch: pytest.MonkeyPatch) -> None:
    def hasty(attempt: Any) -> str:
        closing.attempts.mark_closed(attempt.id)
        return "closed"

    patch.setattr(closing, "settle", hasty)


def limit_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decide._Round, "_check_limits", lambda self, draft, lines: None)


def key_forgotten(patch: pytest.MonkeyPatch) -> None:
    """The same key with another body is taken for the same checkout."""
    real = decide._Round._again

    def lenient(self: Any, draft: Any, group: Any) -> Any:
        key = (group.store_id, draft.person_id, draft.idempotency_key)
        earlier = self._s.earlier.get(key)
        return real(self, replace(draft, body_hash=earlier.body_hash) if earlier else draft, group)

    patch.setattr(decide._Round, "_again", lenient)


PLANTS: list[Plant] = [
    released_twice,
    stock_kept_at_close,
    amount_ignored,
    merchant_ignored,
    no_cap_on_refunds,
    second_money_kept,
    restocked_twice,
    late_money_dropped,
    timer_asks_nobody,
    limit_forgotten,
    key_forgotten,
]
SEEDS = range(1, 11)
"""Which stories a seed tells changes with the product; one of these few must meet the fault."""
MET_BY = {"timer_asks_nobody": 2, "limit_forgotten": 2, "key_forgotten": 2}
"""Where the first seed missed the fault lately: the seed that met it is told first."""


# The faults lie in Python, so one engine shows enough.
@pytest.mark.skipif(connection.vendor != "sqlite", reason="shown on SQLite")
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_missing_guard_is_found(
    db: None, provider: Provider, monkeypatch: pytest.MonkeyPatch, plant: Plant
) -> None:
    plant(monkeypatch)
    first = MET_BY.get(plant.__name__, 1)
    for number in (first, *(other for other in SEEDS if other != first)):
        try:
            tell(Story, provider, examples=QUICK_EXAMPLES, steps=QUICK_STEPS, number=number)
        except (AssertionError, DatabaseError):
            # Said by the model, the books or the checks, or refused by the database itself; never a slip of the test.
            return
    pytest.fail(f"{plant.__name__} went unseen from {len(SEEDS)} seeds")
