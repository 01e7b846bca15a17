"""Vendure: a guest fills an order, gives an address, chooses shipping, and pays with the built-in dummy handler."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bench.peers import machine
from bench.peers.peer import PROCESSES, Buyer, Failed, Outcome, Peer
from bench.peers.wire import Answer
from ports import free_port

ADD = """mutation ($good: ID!) {
  add: addItemToOrder(productVariantId: $good, quantity: 1) { __typename ... on Order { code } }
}"""
# One document runs its mutations in turn, each in a transaction of its own: the fewest calls the API allows.
FINISH = """mutation ($email: String!) {
  customer: setCustomerForOrder(input: {firstName: "Hua", lastName: "Li", emailAddress: $email}) { __typename }
  address: setOrderShippingAddress(input: {streetLine1: "1 Renmin Road", city: "Hangzhou", countryCode: "CN"}) { __typename }
  shipping: setOrderShippingMethod(shippingMethodId: ["1"]) { __typename }
  state: transitionOrderToState(state: "ArrangingPayment") { __typename ... on Order { state } }
  pay: addPaymentToOrder(input: {method: "dummy", metadata: {}}) { __typename ... on Order { code state } }
}"""


class VendureBuyer(Buyer):
    """A guest whose session is kept from order to order."""

    token = ""

    async def _send(self, query: str, variables: Mapping[str, str]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer: Answer = await self.connection.post(
            "/shop-api", {"query": query, "variables": variables}, headers
        )
        self.token = answer.headers.get("vendure-auth-token", self.token)
        if answer.status != 200:
            raise Failed(f"shop-api {answer.status}")
        found = answer.json()
        if found.get("errors"):
            raise Failed(str(found["errors"][0]["message"])[:80])
        return dict(found["data"])

    async def order(self, good: str) -> Outcome:
        added = await self._send(ADD, {"good": self.seed[good]})
        if added["add"]["__typename"] == "InsufficientStockError":
            return Outcome.REFUSED
        if added["add"]["__typename"] != "Order":
            raise Failed(f"add {added['add']['__typename']}")
        done = await self._send(FINISH, {"email": self.new_email()})
        if done["state"]["__typename"] == "OrderStateTransitionError":
            return Outcome.REFUSED
        if done["pay"].get("state") != "PaymentSettled":
            raise Failed(json.dumps({name: found["__typename"] for name, found in done.items()}))
        return Outcome.PLACED


class Vendure(Peer):
    name = "vendure"
    title = "Vendure"
    calls_per_order = 2
    flow = "addItemToOrder; then customer, address, shipping, ArrangingPayment and dummy payment in one GraphQL document"
    notes = f"NODE_ENV=production, node cluster of {PROCESSES // 2} servers, job worker apart; the guest's session is reused"
    buyer = VendureBuyer
    sold_sql = (
        'SELECT sum(l.quantity) FROM order_line l JOIN "order" o ON o.id = l."orderId"'
        " WHERE l.\"productVariantId\" = %s::int AND o.state = 'PaymentSettled'"
    )

    def version(self) -> str | None:
        package = self.folder / "node_modules" / "@vendure" / "core" / "package.json"
        return str(json.loads(package.read_text())["version"]) if package.exists() else None

    def install(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in [*self.source.glob("*.js"), *self.source.glob("*.json")]:
            shutil.copy(file, self.folder)
        machine.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], self.folder, machine.environment()
        )

    def _environment(self, url: str, port: int) -> dict[str, str]:
        return machine.environment(
            NODE_ENV="production",
            PEER_DATABASE_URL=url,
            PEER_PORT=str(port),
            PEER_PROCESSES=str(PROCESSES // 2),
            PEER_SECRET=machine.SECRET,
        )

    def seed(self, url: str, environment: Mapping[str, str]) -> None:
        env = self._environment(url, free_port()) | {"PEER_SYNCHRONIZE": "1"} | environment
        machine.run(["node", "seed.js"], self.folder, env)

    @contextmanager
    def serve(self, url: str, port: int) -> Iterator[None]:
        env = self._environment(url, port)
        with (
            machine.running("web", ["node", "serve.js"], self.folder, env),
            machine.running("jobs", ["node", "work.js"], self.folder, env),
        ):
            machine.wait_for_port(port)
            yield
