"""The real simulator inside this process: its own book of money, its own signatures, the clock of the test.

The product's real client talks to it through `Wire`; nothing goes over a network and nothing happens by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from django.test import RequestFactory

from yantuan.gateways.http import HttpCaller
from yantuan.gateways.wechatpay import WeChatPayClient
from yantuan.kernel.config import config
from yantuan.payments import gateway, views
from yantuan.simulator import notices, refunds, transactions
from yantuan.simulator.app import create_app
from yantuan.simulator.errors import ControlError
from yantuan.simulator.world import World

URL = "http://127.0.0.1:8001"
PEOPLE = ("小雁", "阿禾", "林姐")
"""Test users of the simulator, one for each buyer."""
MOODS = {
    "fine": (),
    "silent": ("answer_system_error_before",),
    "forgetful": ("answer_system_error",),
    "garbled": ("answer_garbage",),
    "unsigned": ("answer_unsigned",),
    "forging": ("answer_bad_signature",),
    "cut": ("answer_cut",),
    "throttling": ("rate_limited",),
}
"""How the provider may behave until it is told otherwise, and the simulator's faults that make it so."""
UNTOUCHED = ("notice_bad_signature", "notice_unsigned", "notice_signtest", "notice_wrong_serial", "notice_old_timestamp")  # fmt: skip
"""Flaws for which a notice must be refused with 401."""


class Clock:
    """The simulator's clock, told the time by the test."""

    def __init__(self) -> None:
        self.moment = datetime.now().astimezone()
        self.offset_seconds = 0.0

    def now(self) -> float:
        return self.moment.timestamp()


class Wire(httpx.BaseTransport):
    """Carries one request to the simulator's application and its answer back, on a loop of its own."""

    def __init__(self, app: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._inner = httpx.ASGITransport(app=app)
        self.before_answer: list[Callable[[httpx.Request], None]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._loop.run_until_complete(self._ask(request))
        while self.before_answer:
            self.before_answer.pop()(request)
        return answer

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        body = await answer.aread()
        if len(body) < int(answer.headers.get("Content-Length", "0")):
            raise httpx.RemoteProtocolError("the peer closed the connection within the answer")
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)

    def end(self) -> None:
        """Not `close`: a client that is shut down closes its transport, and the next story needs it again."""
        self._loop.close()


@dataclass
class Provider:
    """What the test does at the provider's side."""

    world: World
    clock: Clock
    wire: Wire
    mood: str = "fine"

    def begin(self, moment: datetime) -> None:
        """An empty book, a patient provider, and a product that talks to it."""
        self.clock.moment = moment
        self.world.reset()
        self.world.change_settings({"notice_mode": "hold", "refund_seconds": 20})
        self.wire.before_answer.clear()
        self.mood = "fine"
        http = HttpCaller(
            "wechatpay", [URL], transport=self.wire, sleep=lambda seconds: None, chance=lambda: 0.5
        )
        gateway.reset(WeChatPayClient(gateway.settings(config()), http=http))

    def change_mood(self, mood: str) -> None:
        for kinds in MOODS.values():
            for kind in kinds:
                self.world.faults.clear(kind)
        for kind in MOODS[mood]:
            self.world.faults.order(kind, times=None)
        self.mood = mood

    def trouble(self, kind: str, number: str | None = None) -> None:
        """One fault of the simulator's board, for the next occasion."""
        self.world.faults.order(kind, times=1, out_trade_no=number)

    def forget_troubles(self) -> None:
        self.world.faults.clear()
        self.change_mood(self.mood)

    def pay(self, number: str) -> bool:
        """The buyer pays in the cashier; False if the order can't be paid there."""
        try:
            transactions.pay(self.world, number)
        except ControlError:
            return False
        return True

    def reopen(self, number: str) -> None:
        """Against the provider's own promise: what it had closed can be paid all the same."""
        self.world.db.run(
            "UPDATE orders SET state = 'NOTPAY', expires_at = ? WHERE out_trade_no = ? AND state = 'CLOSED'",
            self.clock.now() + 7200,
            number,
        )

    def trades(self) -> dict[str, tuple[str, int]]:
        """State and fen really paid, by our number."""
        transactions.lapse(self.world)
        rows = self.world.db.rows("SELECT out_trade_no, state, total, paid_at FROM orders")
        return {r["out_trade_no"]: (r["state"], r["total"] if r["paid_at"] else 0) for r in rows}

    def refunds(self) -> dict[str, tuple[str, int]]:
        """State and fen, by our refund number; `finish` is what lets time pass for them."""
        rows = self.world.db.rows("SELECT out_refund_no, status, amount FROM refunds")
        return {r["out_refund_no"]: (r["status"], r["amount"]) for r in rows}

    def moved(self) -> tuple[int, int]:
        """Fen received from and given back to buyers, by the simulator's own movements."""
        return (
            self.world.db.number("SELECT sum(amount) FROM movements WHERE kind = 'pay'"),
            self.world.db.number("SELECT sum(amount) FROM movements WHERE kind = 'refund'"),
        )

    def finish(self) -> None:
        """Decide the refunds whose time has come; their notices are written."""
        refunds.finish_due(self.world)

    def notices(self) -> list[Any]:
        """Every notice written so far, oldest first."""
        return self.world.db.rows("SELECT * FROM notices ORDER BY rowid")

    def deliver(self, notice: Any, *flaws: str, off_by: int = 1) -> int:
        """Post one notice to the product; answers the product's status. `off_by`: fen for a wrong amount."""
        bitten = notices.flaws_from(list(flaws))
        if "notice_wrong_amount" in bitten:
            bitten["notice_wrong_amount"] = notices.Flaw("notice_wrong_amount", 0.0, str(off_by))
        rendered = notices.render(self.world, notice, bitten)
        request = RequestFactory().post(
            "/notify", data=rendered.body.encode(), content_type="application/json",
            headers={k: v for k, v in rendered.headers.items() if k != "Content-Type"},
        )  # fmt: skip
        view = views.refund_notice if notice["out_refund_no"] else views.transaction_notice
        return int(view(request).status_code)


def open_provider(folder: Path) -> Provider:
    """A simulator whose keys and book live in `folder`."""
    app = create_app(folder, public_url=URL, product_url="http://127.0.0.1:8000")
    world: World = app.state.world
    clock = Clock()
    world.clock = clock  # type: ignore[assignment]
    return Provider(world, clock, Wire(app))
