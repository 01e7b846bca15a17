"""Invitations for one person each: a link with a token of which only the hash is kept, good for a week, used or cancelled once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.db import models
from django.db.models import Q, QuerySet

from yantuan.kernel import ratelimit
from yantuan.kernel.clock import now
from yantuan.kernel.models import Row
from yantuan.kernel.tokens import token_hash

LIFE: Final = timedelta(days=7)
TRIES: Final = ((20, 3600), (100, 86400))
"""Invitations looked up per person: so many within so many seconds."""


class Invitation(Row):
    """What every kind of invitation has; to what it invites stands in its own columns."""

    store_id = models.BigIntegerField(db_index=True)
    token_hash = models.CharField(max_length=64, unique=True)
    note = models.CharField(max_length=20, default="", blank=True)
    created_by = models.BigIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.BigIntegerField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


InvitationT = TypeVar("InvitationT", bound=Invitation)


def ends_once(name: str) -> models.CheckConstraint:
    """Nobody takes back what was used, and nobody uses what was taken back."""
    return models.CheckConstraint(condition=Q(used_at=None) | Q(cancelled_at=None), name=name)


def fresh(person_id: int) -> tuple[str, dict[str, Any]]:
    """A token, and the columns of a new invitation by this person that the token opens."""
    token, moment = secrets.token_urlsafe(24), now()
    times = {"created_at": moment, "expires_at": moment + LIFE}
    return token, {"token_hash": token_hash(token), "created_by": person_id, **times}


def still_open(rows: QuerySet[InvitationT]) -> QuerySet[InvitationT]:
    """Those that can be accepted, the newest first."""
    return rows.filter(used_at=None, cancelled_at=None, expires_at__gt=now()).order_by("-id")


def find(rows: QuerySet[InvitationT], person_id: int, token: str, scope: str) -> InvitationT | None:
    """The invitation behind a token if this person may read it: open, or used by themselves. Raises TooMany."""
    for limit, seconds in TRIES:
        ratelimit.hit(f"{scope}:{person_id}", limit=limit, seconds=seconds)
    row = rows.filter(token_hash=token_hash(token), cancelled_at=None, expires_at__gt=now()).first()
    return row if row is None or row.used_by in (None, person_id) else None


def take(rows: QuerySet[InvitationT], invite_id: int, person_id: int) -> bool:
    """Use an open one up; of two at once only one does."""
    return bool(still_open(rows).filter(id=invite_id).update(used_at=now(), used_by=person_id))


def cancel(rows: QuerySet[InvitationT], invite_id: int) -> bool:
    """Take an open one back; False for one that was used, cancelled or expired."""
    return bool(still_open(rows).filter(id=invite_id).update(cancelled_at=now()))
