"""The one function that places orders (design §5): a list of drafts in, one outcome each, after the commit."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from yantuan.kernel import faults
from yantuan.kernel.errors import AppError, Busy
from yantuan.orders import refusals
from yantuan.orders.book import book, dialect
from yantuan.orders.drafts import Booking, Decision, Draft, Earlier, Outcome, Placed, Refused, Repeat

_log = logging.getLogger(__name__)
_TRIES = 3


class _CommitLost(Exception):
    """The connection went away while committing: nobody knows yet whether the batch is there."""


def place_orders(drafts: Sequence[Draft]) -> list[Outcome]:
    """Place all drafts in one transaction and answer each, in their order, after the commit.

    A draft the database itself refuses is found by booking the batch one by one, so it fails alone. When the commit's
    answer is lost every draft gets `outcome_unknown` (503): the same key asks again safely.
    """
    if not drafts:
        return []
    try:
        return [_outcome(decision) for decision in _book_patiently(drafts)]
    except _CommitLost:
        return [Refused(refusals.outcome_unknown()) for _ in drafts]
    except (OperationalError, InterfaceError):
        _log.exception("the database is not answering")
        return [Refused(Busy(retry_after=2)) for _ in drafts]
    except (DatabaseError, ValueError):
        if len(drafts) > 1:
            return [outcome for draft in drafts for outcome in place_orders([draft])]
        return [_alone(drafts[0])]


def _alone(draft: Draft) -> Outcome:
    """A single draft failed: once more, for it may have lost a race that its second look can see."""
    try:
        return _outcome(_book_patiently([draft])[0])
    except _CommitLost:
        return Refused(refusals.outcome_unknown())
    except (DatabaseError, ValueError):
        _log.exception("an order could not be booked")
        return Refused(refusals.not_booked())


def _book_patiently(drafts: Sequence[Draft]) -> list[Decision]:
    """Book once; after a passing failure or a lost connection before the commit, again."""
    for attempt in range(1, _TRIES + 1):
        try:
            return _book_once(drafts)
        except (OperationalError, InterfaceError) as error:
            engine = dialect()
            lost = engine.lost(error) and not connection.in_atomic_block
            if lost:
                connection.close()
            if attempt == _TRIES or not (lost or engine.passing(error)):
                raise
    raise AssertionError("unreachable")


def _book_once(drafts: Sequence[Draft]) -> list[Decision]:
    committing = False
    try:
        with transaction.atomic():
            decisions = book(drafts)
            committing = any(isinstance(one, Booking) for one in decisions)
            faults.point("orders.book.before_commit")
    except (OperationalError, InterfaceError) as error:
        if committing and not dialect().passing(error):
            connection.close()
            raise _CommitLost from error
        raise
    faults.point("orders.book.after_commit")
    return decisions


def _outcome(decision: Decision) -> Outcome:
    if isinstance(decision, AppError):
        return Refused(decision)
    if isinstance(decision, Earlier):
        return Placed(decision.placed)
    if isinstance(decision, Repeat):
        return Placed(decision.of.placed(replayed=True))
    return Placed(decision.placed())
