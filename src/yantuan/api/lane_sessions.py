"""Who a token stands for, asked for many tokens at once: what arrived during the last look is the next look."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta

from yantuan.api.lane_wire import in_thread
from yantuan.identity import sessions
from yantuan.identity.models import Session
from yantuan.kernel.clock import now
from yantuan.kernel.errors import SignInNeeded
from yantuan.kernel.tokens import token_hash

BELIEVED_SECONDS = 1.0
"""How long a resolved session is believed without asking again; a revoked one stops within this."""
_MAX_KNOWN = 10_000
_MAX_BATCH = 256
_MAX_TOKEN = 128
_VISIT_NOTED = timedelta(hours=1)


def resolve_many(tokens: Sequence[str]) -> dict[str, int]:
    """Person ids of the live sessions among `tokens`, in one query; visits not noted for an hour are noted."""
    by_hash = {token_hash(token): token for token in tokens}
    moment = now()
    rows = Session.objects.filter(
        token_hash__in=list(by_hash), revoked_at=None, expires_at__gt=moment, person__disabled_at=None
    ).values_list("token_hash", "person_id", "seen_at")
    found: dict[str, int] = {}
    for digest, person_id, seen_at in rows:
        found[by_hash[digest]] = person_id
        if moment - seen_at >= _VISIT_NOTED:
            sessions.resolve(by_hash[digest])
    return found


class Sessions:
    """Tokens to persons for the lane; only successes are remembered, and only for a moment."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, float]] = {}
        self._asked: dict[str, asyncio.Future[int | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def person_id(self, token: str) -> int:
        """The person of a live session. Raises SignInNeeded."""
        if not token or len(token) > _MAX_TOKEN:
            raise SignInNeeded
        known = self._known.get(token)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        answer = self._asked.get(token)
        if answer is None:
            answer = self._asked[token] = asyncio.get_running_loop().create_future()
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        person_id = await asyncio.shield(answer)
        if person_id is None:
            raise SignInNeeded
        return person_id

    async def _ask(self) -> None:
        while self._asked:
            batch = dict(list(self._asked.items())[:_MAX_BATCH])
            for token in batch:
                del self._asked[token]
            try:
                found = await in_thread(resolve_many, list(batch))
            except Exception as error:
                _fail(batch.values(), error)
                continue
            self._remember(found)
            for token, answer in batch.items():
                if not answer.done():
                    answer.set_result(found.get(token))

    def _remember(self, found: dict[str, int]) -> None:
        moment = time.monotonic()
        if len(self._known) + len(found) > _MAX_KNOWN:
            self._known = {token: pair for token, pair in self._known.items() if pair[1] > moment}
        if len(self._known) + len(found) <= _MAX_KNOWN:
            until = moment + BELIEVED_SECONDS
            self._known.update({token: (person_id, until) for token, person_id in found.items()})


def _fail(answers: Iterable[asyncio.Future[int | None]], error: Exception) -> None:
    for answer in answers:
        if not answer.done():
            answer.set_exception(error)
