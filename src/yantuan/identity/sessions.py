"""Opaque server-side sessions: 256 random bits, only their SHA-256 stored, thirty days from the last visit, half a
year in all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from yantuan.identity.models import Person, Session
from yantuan.identity.rules import LONGEST_SESSION_DAYS, SESSION_DAYS
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import NotFound
from yantuan.kernel.ids import new_token
from yantuan.kernel.prepared import PreparedPair
from yantuan.kernel.tokens import token_hash

COOKIE = config().cookie_name("yt_session")
LIFE = timedelta(days=SESSION_DAYS)
LONGEST = timedelta(days=LONGEST_SESSION_DAYS)
_TOUCH_AFTER = timedelta(hours=1)
_LIVE = PreparedPair(
    Session,
    "person",
    "a.token_hash = %s AND a.revoked_at IS NULL AND a.expires_at > %s AND b.disabled_at IS NULL",
)


def start(person: Person, client: str, user_agent: str = "") -> str:
    """A new session for `person`; the answer is the only copy of its token. `client` is `h5` or `mp`."""
    token = new_token()
    moment = now()
    Session.objects.create(
        token_hash=token_hash(token),
        person=person,
        client=client,
        user_agent=user_agent[:200],
        created_at=moment,
        seen_at=moment,
        expires_at=moment + LIFE,
    )
    return token


def find(token: str) -> Session | None:
    """The live session of a token with its person, in one query; expired, revoked and disabled ones are None."""
    if not token or len(token) > 128:
        return None
    return _LIVE.first((token_hash(token), _LIVE.moment(now())))


def resolve(token: str) -> int | None:
    """The person id a token stands for, or None. One SELECT; at most once an hour the visit is noted."""
    session = find(token)
    if session is None:
        return None
    touch(session)
    return session.person_id


def touch(session: Session) -> None:
    """Slide the session's end; written at most hourly so that reads stay reads."""
    moment = now()
    if moment - session.seen_at < _TOUCH_AFTER:
        return
    Session.objects.filter(id=session.id, revoked_at=None, seen_at=session.seen_at).update(
        seen_at=moment, expires_at=min(moment + LIFE, session.created_at + LONGEST)
    )


def touch_many(token_hashes: Sequence[str]) -> None:
    """`touch` for many at once: in a rush everybody comes for the first time in an hour, and each write is a commit."""
    moment = now()
    due = Session.objects.filter(
        token_hash__in=token_hashes, revoked_at=None, seen_at__lte=moment - _TOUCH_AFTER
    )
    # Those near their longest life keep an end of their own each; they are few.
    last_start = moment + LIFE - LONGEST
    due.filter(created_at__gte=last_start).update(seen_at=moment, expires_at=moment + LIFE)
    for session in due.filter(created_at__lt=last_start):
        touch(session)


def revoke(token: str) -> None:
    """End the session of this token; unknown tokens are no error."""
    Session.objects.filter(token_hash=token_hash(token), revoked_at=None).update(revoked_at=now())


def revoke_one(person: Person, session_id: int) -> None:
    """End one of the person's own sessions. Raises NotFound for somebody else's."""
    if not Session.objects.filter(id=session_id, person=person).exists():
        raise NotFound()
    Session.objects.filter(id=session_id, revoked_at=None).update(revoked_at=now())


def revoke_all(person_id: int) -> int:
    """End every session of a person; answers how many."""
    return Session.objects.filter(person_id=person_id, revoked_at=None).update(revoked_at=now())
