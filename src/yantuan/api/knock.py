"""Junk at WeChat Pay's door is turned away before it costs a thread, a database connection or a log line each.

Nothing is accepted here: a notice that looks genuine goes on to the view, which verifies it again and stores it.
"""

from __future__ import annotations

import logging
import time

import msgspec

from yantuan.api.lane_wire import JSON, NO_STORE, App, Headers, Receive, Scope, Send, read_body, send_answer
from yantuan.gateways.wechatpay import NoticeRefused, PayGateway
from yantuan.gateways.wechatpay.notice import NOTICE_BYTES
from yantuan.kernel.errors import AppError
from yantuan.merchants.keys import account_of_code
from yantuan.payments import gateway

_DOOR = "/notify/wechatpay/"
_TOLD_SECONDS = 10.0
security = logging.getLogger("yantuan.security")


class Knock:
    """Answers forged notices itself and hands everything else on."""

    def __init__(self, rest: App) -> None:
        self._rest = rest
        self._refused = 0
        self._told_at = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        at_the_door = scope["method"] == "POST" and scope["path"].startswith(_DOOR)
        if at_the_door and not _is_ours(scope["path"]):
            await _refuse(send, 404, "no such account")
            return
        client = self._client(scope["path"]) if at_the_door else None
        if client is None:
            await self._rest(scope, receive, send)
            return
        try:
            body = await read_body(receive, NOTICE_BYTES)
            client.check_notice(Headers(scope["headers"]), body)
        except NoticeRefused as refused:
            self._count(refused)
            await _refuse(send, refused.status, "not a genuine notice")
            return
        except AppError as error:
            await _refuse(send, error.status, error.code)
            return
        given = False

        async def replay() -> dict[str, object]:
            nonlocal given
            if given:
                return dict(await receive())
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._rest(scope, replay, send)

    def _client(self, path: str) -> PayGateway | None:
        """The client that can tell junk at once; None if the view must look first (it then knows for a while)."""
        code = _code(path)
        if code:
            account_id = account_of_code(code)
            return gateway.accounts.fresh(account_id) if account_id is not None else None
        try:
            return gateway.client()
        except AppError:
            return None

    def _count(self, refused: NoticeRefused) -> None:
        """One line per ten seconds, however many come; the platform's own probes are no alarm."""
        if refused.probe:
            return
        self._refused += 1
        moment = time.monotonic()
        if moment - self._told_at >= _TOLD_SECONDS:
            security.warning("%d forged notices refused; the last: %s", self._refused, refused.reason)
            self._told_at, self._refused = moment, 0


def _code(path: str) -> str:
    """The account's code in an address, empty for the operator's own account."""
    return path[len(_DOOR) :].rpartition("/")[0]


def _is_ours(path: str) -> bool:
    code = _code(path)
    return not code or account_of_code(code) is not None


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = msgspec.json.encode({"code": "FAIL", "message": reason})
    await send_answer(send, status, body, [*JSON, *NO_STORE])
