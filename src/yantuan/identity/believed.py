"""Who many tokens stand for, asked at once and believed for a moment."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import connection

from yantuan.identity import sessions
from yantuan.kernel.clock import now
from yantuan.kernel.tokens import token_hash

BELIEVED_SECONDS = 1.0
"""How long a resolved session is believed without asking again; a revoked one stops within this."""
_MOST_KNOWN = 10_000
_VISIT_NOTED = timedelta(hours=1)


# A left join: the few sessions come first, whatever the planner believes of a table that has no statistics yet.
_LOOK = """
SELECT s.token_hash, s.person_id, s.seen_at <= %s FROM identity_session s
LEFT JOIN identity_person p ON p.id = s.person_id
WHERE s.token_hash IN ({places}) AND s.revoked_at IS NULL AND s.expires_at > %s AND p.disabled_at IS NULL
"""


def resolve_many(tokens: Sequence[str]) -> dict[str, int]:
    """Person ids of the live sessions among `tokens`, in one query; visits not noted for an hour are noted."""
    by_hash = {token_hash(token): token for token in tokens}
    moment, adapt = now(), connection.ops.adapt_datetimefield_value
    sql = _LOOK.format(places=", ".join(["%s"] * len(by_hash)))
    with connection.cursor() as cursor:
        cursor.execute(sql, [adapt(moment - _VISIT_NOTED), *by_hash, adapt(moment)])
        rows = cursor.fetchall()
    unnoted = [digest for digest, _, due in rows if due]
    if unnoted:
        sessions.touch_many(unnoted)
    return {by_hash[digest]: person_id for digest, person_id, _ in rows}


class Believed:
    """Tokens to persons for one thread; only successes are remembered, and only for a moment."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, float]] = {}

    def people(self, tokens: Iterable[str]) -> dict[str, int]:
        """Person ids by token; tokens without a live session are left out. Raises DatabaseError."""
        moment = time.monotonic()
        found: dict[str, int] = {}
        unknown: list[str] = []
        for token in set(tokens):
            known = self._known.get(token)
            if known is not None and known[1] > moment:
                found[token] = known[0]
            else:
                unknown.append(token)
        if unknown:
            fresh = resolve_many(unknown)
            self._remember(fresh, moment)
            found.update(fresh)
        return found

    def _remember(self, fresh: dict[str, int], moment: float) -> None:
        if len(self._known) + len(fresh) > _MOST_KNOWN:
            self._known = {token: pair for token, pair in self._known.items() if pair[1] > moment}
        if len(self._known) + len(fresh) <= _MOST_KNOWN:
            until = moment + BELIEVED_SECONDS
            self._known.update({token: (person_id, until) for token, person_id in fresh.items()})
