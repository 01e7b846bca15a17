"""`POST /api/orders` in the hot lane: the same body, rules and answers as the route of `orders.api`."""

from __future__ import annotations

import asyncio
import time

from ninja.errors import ValidationError as NinjaValidationError
from pydantic import ValidationError

from yantuan.api.errors import field_error
from yantuan.api.lane_wire import (
    JSON,
    NO_STORE,
    Headers,
    Receive,
    Scope,
    Send,
    in_thread,
    read_body,
    send_answer,
)
from yantuan.identity import sessions
from yantuan.identity.auth import pick_token
from yantuan.kernel.errors import AppError, SignInNeeded
from yantuan.kernel.idempotency import check_key
from yantuan.orders import refusals
from yantuan.orders.drafts import Refused
from yantuan.orders.incoming import draft_of
from yantuan.orders.intake import Intake
from yantuan.orders.schemas import OrderIn

MAX_BODY = 64 * 1024
ANSWER_SECONDS = 30
SESSION_SECONDS = 1.0
"""How long a resolved session is believed without asking again; a revoked one stops within this."""
_MAX_SESSIONS = 10_000


class Sessions:
    """Who a token stands for, remembered for a moment. Only successes are kept."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, float]] = {}

    async def person_id(self, token: str) -> int:
        """The person of a live session. Raises SignInNeeded."""
        if not token:
            raise SignInNeeded
        moment = time.monotonic()
        known = self._known.get(token)
        if known is not None and known[1] > moment:
            return known[0]
        person_id = await in_thread(sessions.resolve, token)
        if person_id is None:
            self._known.pop(token, None)
            raise SignInNeeded
        if len(self._known) >= _MAX_SESSIONS:
            self._known = {t: pair for t, pair in self._known.items() if pair[1] > moment}
        if len(self._known) < _MAX_SESSIONS:
            self._known[token] = (person_id, moment + SESSION_SECONDS)
        return person_id


def parse_order(raw: bytes) -> OrderIn:
    """The checkout in a body. Raises AppError `request_invalid` (400) for unreadable JSON, `fields_invalid` (422) else."""
    try:
        return OrderIn.model_validate_json(raw)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        if problems and problems[0]["type"] == "json_invalid":
            raise AppError(
                "request_invalid", "请求格式不对", "The request cannot be read.", status=400
            ) from None
        located = [{"loc": ("body", *problem["loc"]), "type": problem["type"]} for problem in problems]
        raise field_error(NinjaValidationError(located)) from None


class OrderLane:
    """Answers checkouts through the intake."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._sessions = Sessions()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope["headers"])
        raw = await read_body(receive, MAX_BODY)
        person_id = await self._sessions.person_id(pick_token("POST", headers, headers.cookies()))
        body = parse_order(raw)
        key = check_key(headers.get("idempotency-key"))
        future = self._intake.submit(draft_of(body, person_id, key))
        try:
            outcome = await asyncio.wait_for(asyncio.wrap_future(future), ANSWER_SECONDS)
        except TimeoutError:
            raise refusals.outcome_unknown() from None
        if isinstance(outcome, Refused):
            raise outcome.error
        status = 200 if outcome.order.replayed else 201
        await send_answer(send, status, outcome.order.model_dump_json().encode(), [*JSON, *NO_STORE])
