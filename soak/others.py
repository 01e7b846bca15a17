"""Leaders who look after their orders, and people who mean no good."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from soak.actors import Actor, Town
from soak.wire import Reply


class LeaderActor(Actor):
    """Ships, gives money back, agrees to cases, moves stock, looks at lists; once in a while closes nothing for good."""

    def __init__(self, town: Town, name: str, shop: dict[str, Any]) -> None:
        super().__init__(town, name, shop["token"])
        self.shop = shop

    async def act(self) -> None:
        will = self.random.random()
        if will < 0.55:
            await self._ship()
        elif will < 0.65:
            await self._refund()
        elif will < 0.75:
            await self._agree()
        elif will < 0.87:
            await self._stock()
        else:
            await self.call("desk", "GET", f"/leader/stores/{self.shop['store_id']}/orders?tab=to_ship")
        await asyncio.sleep(self.town.think * 3)

    async def _ship(self) -> None:
        if not self.town.paid:
            return
        order = self.town.paid.popleft()
        number = f"YT{order['id'][-12:]}"
        body = {"carrier": "YTO", "tracking_no": number}
        reply = await self._for_owner(
            "ship", f"/leader/orders/{order['id']}/shipments", body, order, parcel=number
        )
        if reply is not None and reply.status == 200:
            self.town.shipped.append(order)

    async def _refund(self) -> None:
        if not self.town.paid:
            return
        order = self.town.paid.popleft()
        body = {"lines": [], "include_freight": True, "reason": "缺货", "restock": True}
        await self._for_owner("refund", f"/leader/orders/{order['id']}/refund", body, order)

    async def _agree(self) -> None:
        if self.town.cases:
            case = self.town.cases.popleft()
            await self._for_owner(
                "agree", f"/leader/aftersales/{case['id']}/agree", {}, case, case=case["id"]
            )

    async def _for_owner(
        self, verb: str, path: str, body: Any, order: dict[str, Any], **facts: Any
    ) -> Reply | None:
        """Only one of the leaders owns the order; the others must be told that there is no such order."""
        key = self.town.key(verb)
        for shop in self.town.world["shops"]:
            self._headers["Authorization"] = f"Bearer {shop['token']}"
            reply = await self.surely(verb, path, body, key, order=order.get("order", order["id"]), **facts)
            if reply is None or reply.status != 404:
                return reply
        return None

    async def _stock(self) -> None:
        """More of something, or a little less."""
        self._headers["Authorization"] = f"Bearer {self.shop['token']}"
        offer = self.random.choice(self.shop["offers"])
        delta = self.random.choice((20, 40, -5))
        path = f"/leader/offers/{offer['id']}/stock"
        # This route answers each call on its own: it is asked once, and an unknown end stays unknown.
        await self.call(
            "stock", "POST", path, {"delta": delta}, self.town.key("stock"), pool=offer["pool"], delta=delta
        )


class Attacker(Actor):
    """Tampers with prices, asks for others' orders, forges notices, sends junk. Nothing of it may have any effect."""

    async def act(self) -> None:
        shop = self.random.choice(self.town.world["shops"])
        buyer, other = self.random.sample(self.town.world["buyers"], 2)
        self._headers["Authorization"] = f"Bearer {buyer['token']}"
        tricks = (self._cheap, self._foreign, self._forged, self._junk, self._negative)
        await self.random.choice(tricks)(shop, buyer, other)
        await asyncio.sleep(self.town.think * 4)

    async def _cheap(self, shop: dict[str, Any], buyer: dict[str, str], other: dict[str, str]) -> None:
        await self._refused_order(shop, buyer["address"], 1, 1)

    async def _foreign(self, shop: dict[str, Any], buyer: dict[str, str], other: dict[str, str]) -> None:
        """Somebody else's address, somebody else's order, the leader's desk."""
        await self._refused_order(shop, other["address"], 1, shop["offers"][1]["price"] + 300)
        if self.town.paid:
            victim = self.random.choice(list(self.town.paid))
            if victim["person"] != buyer["id"]:
                await self.call("attack", "GET", f"/orders/{victim['id']}")
                await self.call(
                    "attack",
                    "POST",
                    f"/orders/{victim['id']}/cancel",
                    {"reason": "x"},
                    self.town.key("attack"),
                )
        await self.call("attack", "GET", f"/leader/stores/{shop['store_id']}/orders")

    async def _negative(self, shop: dict[str, Any], buyer: dict[str, str], other: dict[str, str]) -> None:
        await self._refused_order(shop, buyer["address"], self.random.choice((0, -1, 2**31)), 1)

    async def _refused_order(self, shop: dict[str, Any], address: str, quantity: int, total: int) -> None:
        body = {
            "group_buy_id": shop["group_buy_id"], "delivery_method": "courier", "address_id": address,
            "expected_total_fen": total, "lines": [{"offer_id": shop["offers"][1]["id"], "quantity": quantity}],
        }  # fmt: skip
        await self.call("attack", "POST", "/orders", body, self.town.key("attack"))

    async def _forged(self, shop: dict[str, Any], buyer: dict[str, str], other: dict[str, str]) -> None:
        """A notice signed by nobody."""
        body = {"id": "forged", "event_type": "TRANSACTION.SUCCESS", "resource_type": "encrypt-resource",
                "resource": {"algorithm": "AEAD_AES_256_GCM", "ciphertext": "AAAA", "nonce": "x", "associated_data": ""}}  # fmt: skip
        headers = {
            "Content-Type": "application/json", "Wechatpay-Signature": "AAAA", "Wechatpay-Serial": "PUB_KEY_ID_0",
            "Wechatpay-Timestamp": "1700000000", "Wechatpay-Nonce": "n",
        }  # fmt: skip
        raw = json.dumps(body).encode()
        await self.record("attack", "POST", "/notify/wechatpay/transactions", headers, raw)

    async def _junk(self, shop: dict[str, Any], buyer: dict[str, str], other: dict[str, str]) -> None:
        junk = self.random.choice(
            (b"{" * 5000, b"\x00\xff" * 300, b'{"lines": ' + b"[" * 2000, b"null", b'"\\ud800"')
        )
        headers = self._headers | {"Idempotency-Key": self.town.key("attack")}
        await self.record("attack", "POST", "/api/orders", headers, junk)
