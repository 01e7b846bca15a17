"""Small database helpers shared by all floors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connections, transaction

from yantuan.kernel import metrics

T = TypeVar("T")

_RETRY_STATES = {"40001", "40P01", "55P03"}
"""PostgreSQL: serialization failure, deadlock, lock not available."""


def refuse_in_transaction() -> None:
    """Raise if a database transaction is open: no remote call may hold row locks (design §6).

    The atomic block a test case wraps around itself does not count, as with Django's `durable`.
    """
    for connection in connections.all(initialized_only=True):
        blocks = [b for b in connection.atomic_blocks if not getattr(b, "_from_testcase", False)]
        if connection.in_atomic_block and blocks:
            raise RuntimeError("a remote call was tried inside a database transaction")


def retrying(work: Callable[[], T], *, tries: int = 3) -> T:
    """Run `work` in a transaction of its own; a lost race (deadlock, serialization) is tried again, `tries` times in all."""
    for attempt in range(tries):
        try:
            with transaction.atomic():
                return work()
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if state not in _RETRY_STATES or attempt == tries - 1:
                raise
            metrics.count("conflicts", str(state))
    raise AssertionError("unreachable")


def vendor() -> str:
    """`sqlite` or `postgresql`."""
    return connections["default"].vendor
