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
        client = self._client() if scope["method"] == "POST" and scope["path"].startswith(_DOOR) else None
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

    def _client(self) -> PayGateway | None:
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


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = msgspec.json.encode({"code": "FAIL", "message": reason})
    await send_answer(send, status, body, [*JSON, *NO_STORE])
