"""People with a will of their own, over HTTP: they browse, order, pay, hesitate, cancel, complain, and press twice."""

from __future__ import annotations

import asyncio
import json
import random
import re
import traceback
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from soak.history import Call, History
from soak.wire import NotSent, Reply, Unknown, Wire

PATIENCE = 6
"""How often somebody asks again under the same key before giving up."""


@dataclass
class Town:
    """What all people share."""

    app: tuple[str, int]
    cashier: tuple[str, int]
    world: dict[str, Any]
    history: History
    seed: int
    think: float = 0.03
    paid: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=400))
    """Orders that a leader may look after: {id, shop, buyer, line}."""
    shipped: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=400))
    cases: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=400))
    slips: Counter[str] = field(default_factory=Counter)
    """Errors in the actors themselves."""
    stopping: bool = False
    serial: int = 0

    def key(self, verb: str) -> str:
        """A fresh idempotency key, the same in every run of one seed up to the order of events."""
        self.serial += 1
        return f"soak-{self.seed}-{verb}-{self.serial}"


class Actor:
    """One person's client: every write is recorded, and repeated under its key while nobody knows how it ended."""

    def __init__(self, town: Town, name: str, token: str) -> None:
        self.town, self.name = town, name
        self.random = random.Random(f"{town.seed}/{name}")
        self._wire = Wire(*town.app)
        self._cashier = Wire(*town.cashier)
        self._headers = {"X-Yantuan-Client": "mp", "Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    async def live(self) -> None:
        """Act until the town stops; one failed day does not end a life."""
        while not self.town.stopping:
            try:
                await self.act()
            except (Unknown, NotSent):
                await asyncio.sleep(0.2)
            except Exception as slip:
                # One person's mistake stops no run, and is found in the end.
                where = traceback.extract_tb(slip.__traceback__)[-1]
                self.town.slips[
                    f"{self.name.rstrip('0123456789')}: {slip!r} in {where.name}, line {where.lineno}"
                ] += 1
                await asyncio.sleep(0.2)
            await asyncio.sleep(self.town.think * self.random.uniform(0.3, 3))

    async def act(self) -> None:
        """One thing this kind of person does."""
        raise NotImplementedError

    async def call(
        self, verb: str, method: str, path: str, body: Any = None, key: str = "", **facts: Any
    ) -> Reply:
        """One recorded request of the API. Raises Unknown or NotSent, recorded as well."""
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        raw = json.dumps(body).encode() if body is not None else b""
        return await self.record(verb, method, f"/api{path}", headers, raw, key, **facts)

    async def record(
        self,
        verb: str,
        method: str,
        path: str,
        headers: dict[str, str],
        raw: bytes = b"",
        key: str = "",
        *,
        moved: bool = False,
        **facts: Any,
    ) -> Reply:
        """One recorded request of any address; `moved` says that a redirection is the good answer. Raises as `call`."""
        call = self.town.history.open(verb, self.name, key, **facts)
        try:
            reply = await self._wire.send(method, path, headers, raw)
        except NotSent:
            self._not_sent(call)
            raise
        except Unknown as unknown:
            self.town.history.close(call, 0, str(unknown))
            raise
        later = {"retry_after": reply.headers.get("retry-after", "")} if reply.status == 503 else {}
        status = 200 if moved and reply.status in (302, 303) else reply.status
        self.town.history.close(call, status, reply.code, **_named(reply), **later)
        return reply

    def _not_sent(self, call: Call) -> None:
        self.town.history.close(call, 0, "not_sent")
        call.result = "fail"

    async def surely(self, verb: str, path: str, body: Any, key: str = "", **facts: Any) -> Reply | None:
        """POST until there is a clear word, as the app does: same key, same body. None after the patience has run out."""
        key = key or self.town.key(verb)
        for _ in range(PATIENCE):
            try:
                reply = await self.call(verb, "POST", path, body, key, **facts)
            except (Unknown, NotSent):
                await asyncio.sleep(0.5)
                continue
            if reply.status < 500 and reply.status != 429:
                return reply
            pause = min(float(reply.headers.get("retry-after", "1")), 2)
            await asyncio.sleep(pause)
        return None


def _named(reply: Reply) -> dict[str, Any]:
    body = reply.body
    names = ("id", "total_fen", "replayed", "payment")
    return {n: body[n] for n in names if n in body} if isinstance(body, dict) else {}


class Buyer(Actor):
    """Browses, orders (one in three times the hot offer), pays most of it, cancels some, complains about a little."""

    def __init__(self, town: Town, name: str, people: list[dict[str, str]]) -> None:
        super().__init__(town, name, "")
        self._people = people
        self.me = people[0]

    async def act(self) -> None:
        self.me = self.random.choice(self._people)
        self._headers["Authorization"] = f"Bearer {self.me['token']}"
        shop = self.random.choice(self.town.world["shops"])
        if self.random.random() < 0.4:
            await self.call("browse", "GET", f"/g/{shop['code']}")
        placed = await self._order(shop)
        if placed is None:
            return
        await asyncio.sleep(self.town.think)
        will = self.random.random()
        if will < 0.12:
            await self._cancel(placed["id"])
        elif will < 0.22:
            return
        elif await self._pay(placed["id"]):
            await self._after_paying(placed, shop)

    async def _order(self, shop: dict[str, Any]) -> dict[str, Any] | None:
        hot = self.random.random() < 0.3
        shop = self.town.world["shops"][0] if hot else shop
        offer = shop["offers"][0] if hot else self.random.choice(shop["offers"][1:])
        quantity = 1 if hot else self.random.randint(1, 3)
        total = offer["price"] * quantity + 300
        body = {
            "group_buy_id": shop["group_buy_id"], "delivery_method": "courier",
            "address_id": self.me["address"], "expected_total_fen": total,
            "lines": [{"offer_id": offer["id"], "quantity": quantity}],
        }  # fmt: skip
        key = self.town.key("place")
        facts = {
            "pool": offer["pool"],
            "quantity": quantity,
            "total": total,
            "person": self.me["id"],
            "shop": shop["store_id"],
        }
        if self.random.random() < 0.08:
            # Pressed twice: two connections, one key, one order.
            twin = Buyer(self.town, self.name, self._people)
            twin._headers = dict(self._headers)
            both = await asyncio.gather(
                self.surely("place", "/orders", body, key, **facts),
                twin.surely("place", "/orders", body, key, **facts),
            )
            reply = next((r for r in both if r is not None and r.status < 300), both[0])
        else:
            reply = await self.surely("place", "/orders", body, key, **facts)
        return reply.body if reply is not None and reply.status in (200, 201) else None

    async def _pay(self, order_id: str) -> bool:
        """Press 支付, go to the cashier page, press pay, come back."""
        reply = await self.surely("pay", f"/orders/{order_id}/pay", {"channel": "h5"}, order=order_id)
        if reply is None or reply.status != 200 or reply.body["kind"] != "redirect":
            return reply is not None and reply.status == 200 and reply.body["kind"] == "done"
        prepay = urlsplit(reply.body["url"]).path.rpartition("/")[2]
        if not re.fullmatch(r"wx\w+", prepay):
            return False
        form = urlencode({"prepay_id": prepay, "result": "pay", "way": "h5"}).encode()
        call = self.town.history.open("cashier", self.name, "", order=order_id)
        try:
            answer = await self._cashier.send(
                "POST", "/cashier/act", {"Content-Type": "application/x-www-form-urlencoded"}, form
            )
        except (Unknown, NotSent) as error:
            self.town.history.close(call, 0, type(error).__name__)
            return False
        self.town.history.close(call, 200 if answer.status == 303 else answer.status)
        if self.random.random() < 0.2:
            await self.call("return", "POST", f"/orders/{order_id}/pay/refresh", {}, self.town.key("return"))
        return answer.status == 303

    async def _after_paying(self, placed: dict[str, Any], shop: dict[str, Any]) -> None:
        order = {"id": placed["id"], "token": self.me["token"], "person": self.me["id"]}
        will = self.random.random()
        if will < 0.08:
            await self._cancel(placed["id"])
        elif will < 0.14:
            await self._claim(order)
        else:
            self.town.paid.append(order)
        if self.random.random() < 0.15:
            await self.call("list", "GET", "/orders")

    async def _cancel(self, order_id: str) -> None:
        await self.surely("cancel", f"/orders/{order_id}/cancel", {"reason": "拍错了"}, order=order_id)

    async def _claim(self, order: dict[str, Any]) -> None:
        options = await self.call("options", "GET", f"/orders/{order['id']}/aftersale-options")
        if options.status != 200 or not options.body["lines"]:
            return
        line = options.body["lines"][0]
        body = {
            "kind": "refund_only", "reason": "changed_mind", "description": "不想要了",
            "lines": [{"order_line_id": line["order_line_id"], "quantity": 1}],
            "amount_fen": min(900, line["goods_left_fen"]),
        }  # fmt: skip
        reply = await self.surely("claim", f"/orders/{order['id']}/aftersales", body, order=order["id"])
        if reply is not None and reply.status == 200:
            self.town.cases.append({"id": reply.body["id"], "order": order["id"]})
