"""django-oscar with django-oscar-api: a guest adds one unit to a basket and checks it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench.peers import machine
from bench.peers.peer import GUNICORN, PROCESSES, Buyer, Failed, Outcome, PythonPeer

ADDRESS = {
    "first_name": "Hua",
    "last_name": "Li",
    "line1": "1 Renmin Road",
    "line4": "Hangzhou",
    "postcode": "310000",
}


class OscarBuyer(Buyer):
    """A guest whose session is kept from order to order."""

    async def order(self, good: str) -> Outcome:
        base = f"http://127.0.0.1:{self.connection.port}/api"
        product = f"{base}/products/{self.seed[good]}/"
        added = await self.connection.post("/api/basket/add-product/", {"url": product, "quantity": 1})
        if added.status == 406:
            return Outcome.REFUSED
        if added.status != 200:
            raise Failed(f"add-product {added.status}")
        body = {
            "basket": added.json()["url"],
            "guest_email": self.new_email(),
            "shipping_address": ADDRESS | {"country": f"{base}/countries/CN/"},
        }
        placed = await self.connection.post("/api/checkout/", body)
        if placed.status == 406:
            return Outcome.REFUSED
        if placed.status != 200 or not placed.json().get("number"):
            raise Failed(f"checkout {placed.status}")
        return Outcome.PLACED


class Oscar(PythonPeer):
    name = "oscar"
    title = "django-oscar + oscar-api"
    package = "django_oscar"
    calls_per_order = 2
    flow = "POST basket/add-product, POST checkout (guest, address, free shipping)"
    notes = f"gunicorn, {PROCESSES} sync workers; persistent connections; the guest's session is reused"
    buyer = OscarBuyer
    sold_sql = "SELECT sum(quantity) FROM order_line WHERE product_id = %s::bigint"

    def _environment(self, url: str) -> dict[str, str]:
        return machine.environment(PEER_DATABASE_URL=url, PEER_SECRET=machine.SECRET)

    def seed(self, url: str, environment: Mapping[str, str]) -> None:
        machine.run(self.python("seed.py"), self.folder, self._environment(url) | environment)

    @contextmanager
    def serve(self, url: str, port: int) -> Iterator[None]:
        bind = f"127.0.0.1:{port}"
        command = self.python(
            "-m", "gunicorn", *GUNICORN, "--workers", str(PROCESSES), "--bind", bind, "wsgi"
        )
        with machine.running("web", command, self.folder, self._environment(url)):
            machine.wait_for_port(port)
            yield
