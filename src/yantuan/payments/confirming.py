"""Large refunds by a leader need a fresh proof of who is acting: a stolen phone or session must not empty the till."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Sum

from yantuan.identity import stepup
from yantuan.identity.models import Person
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.payments.models import Refund

DAY_TIMES = 4
"""All refunds one leader starts in a day together may reach this many times the limit before a code is asked for."""


def check_confirmed(person: Person, store_id: int, amount_fen: int, when: datetime | None) -> None:
    """Ask for a step-up when `amount_fen` alone, or with the leader's refunds of the last day, is above the limit.

    `when`: the session's last proof (`stepup.confirmed_at`). Raises `step_up_needed` or `own_phone_needed`.
    """
    limit = config().stepup_refund_fen
    if limit <= 0 or amount_fen <= 0:
        return
    if amount_fen > limit or amount_fen + _started_today(person, store_id) > limit * DAY_TIMES:
        stepup.require(person, when, limit)


def _started_today(person: Person, store_id: int) -> int:
    since = now() - timedelta(days=1)
    rows = Refund.objects.filter(
        store_id=store_id, actor_kind="leader", actor_id=person.id, created_at__gt=since
    )
    return int(rows.aggregate(total=Sum("amount_fen"))["total"] or 0)
