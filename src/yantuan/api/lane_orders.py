"""`POST /api/orders` in the hot lane: the same body, rules and answers as the route of `orders.api`."""

from __future__ import annotations

import asyncio

from ninja.errors import ValidationError as NinjaValidationError
from pydantic import ValidationError

from yantuan.api.errors import field_error
from yantuan.api.lane_wire import (
    PRIVATE_JSON,
    Headers,
    Receive,
    Scope,
    Send,
    read_body,
    send_answer,
)
from yantuan.api.parsing import may_repeat, refuse_repeats
from yantuan.api.peers import peer_of
from yantuan.identity.auth import pick_token
from yantuan.kernel.errors import AppError, SignInNeeded
from yantuan.kernel.idempotency import check_key
from yantuan.kernel.ratelimit import LocalLimit
from yantuan.orders import refusals
from yantuan.orders.drafts import Draft, Outcome, Refused
from yantuan.orders.incoming import draft_of
from yantuan.orders.intake import Intake
from yantuan.orders.schemas import OrderIn

MAX_BODY = 64 * 1024
ANSWER_SECONDS = 30
MAX_TOKEN = 128
PER_PERSON = (30, 10)
"""(tries, seconds): far above a person's thumbs and a client's retries."""
PER_ADDRESS = (1000, 10)
"""A neighbourhood may share one address."""


def parse_order(raw: bytes) -> OrderIn:
    """The checkout in a body. Raises AppError `request_invalid` (400) for unreadable JSON, `fields_invalid` (422) else."""
    try:
        body = OrderIn.model_validate_json(raw)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        if problems and problems[0]["type"] == "json_invalid":
            raise AppError(
                "request_invalid", "请求格式不对", "The request cannot be read.", status=400
            ) from None
        located = [{"loc": ("body", *problem["loc"]), "type": problem["type"]} for problem in problems]
        raise field_error(NinjaValidationError(located)) from None
    if may_repeat(raw, lines=len(body.lines), answers=len(body.answers)):
        refuse_repeats(raw)
    return body


class OrderLane:
    """Answers checkouts through the intake."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._per_person = LocalLimit(*PER_PERSON)
        self._per_address = LocalLimit(*PER_ADDRESS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope["headers"])
        address = peer_of(scope, headers)
        if address:
            self._per_address.hit(address)
        raw = await read_body(receive, MAX_BODY)
        token = pick_token("POST", headers, headers.cookies())
        if not token or len(token) > MAX_TOKEN:
            raise SignInNeeded
        outcome = await self._outcome(raw, token, headers.get("idempotency-key"))
        if isinstance(outcome, Refused):
            raise outcome.error
        status = 200 if outcome.order.replayed else 201
        await send_answer(send, status, outcome.order.model_dump_json().encode(), PRIVATE_JSON)

    async def _outcome(self, raw: bytes, token: str, key: str | None) -> Outcome:
        body, problem, checked = None, None, ""
        try:
            body = parse_order(raw)
            checked = check_key(key)
        except AppError as error:
            problem = error

        def make(person_id: int) -> Draft:
            # Counted before anything is decided: tries that are refused count as well.
            self._per_person.hit(person_id)
            if problem is not None or body is None:
                raise problem or refusals.not_booked()
            return draft_of(body, person_id, checked)

        # An unreadable checkout waits its turn too: who is not signed in must hear of that first.
        waiting = self._intake.enter(token, body.group_buy_id if body else 0, make)
        patience = waiting.get_loop().call_later(ANSWER_SECONDS, _give_up, waiting)
        try:
            return await waiting
        finally:
            patience.cancel()


def _give_up(waiting: asyncio.Future[Outcome]) -> None:
    if not waiting.done():
        waiting.set_result(Refused(refusals.outcome_unknown()))
