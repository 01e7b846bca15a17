"""One buyer and one leader at the running instance, over HTTP; every answer may be missing because somebody just died."""

from __future__ import annotations

import io
import json
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from typing import Any, TypeVar

import httpx
from PIL import Image
from soak.facts import Facts, Row
from soak.parts import Part
from soak.system import System

T = TypeVar("T")
_next_buyer = count()
PATIENCE = 90.0


def until(look: Callable[[], T | None], what: str, seconds: float = PATIENCE) -> T:
    """The first answer of `look` that is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


class Scene:
    """A buyer nobody used before, the leader, the simulator, and what the database says."""

    def __init__(self, system: System, facts: Facts, point: str) -> None:
        self.system, self.facts, self.point = system, facts, point
        self.shop = system.world["shops"][0]
        self.buyer = system.world["buyers"][next(_next_buyer)]
        self.key = f"crash-{point}"
        self.order_id = ""
        self.said: list[str] = []
        """What each request so far was answered with, for the story of a failure."""

    def send(
        self, method: str, path: str, body: Any = None, *, token: str = "", **how: Any
    ) -> httpx.Response | None:
        """One request; None when the connection broke."""
        headers = {
            "Authorization": f"Bearer {token or self.buyer['token']}",
            "X-Yantuan-Client": "mp", "Idempotency-Key": self.key,
        }  # fmt: skip
        try:
            answer = httpx.request(
                method, f"{self.system.app}/api{path}", json=body, headers=headers, timeout=20,
                trust_env=False, **how,
            )  # fmt: skip
        except httpx.TransportError as error:
            self.said.append(f"{path}: {error!r}")
            return None
        self.said.append(f"{path}: {answer.status_code} {answer.text[:200] if answer.is_error else ''}")
        return answer

    def surely(self, method: str, path: str, body: Any = None, **how: Any) -> Any:
        """One request that nothing stands in the way of."""
        answer = self.send(method, path, body, **how)
        assert answer is not None and answer.status_code < 300, answer and answer.text
        return answer.json()

    def order_body(self) -> dict[str, Any]:
        offer = self.shop["offers"][1]
        return {
            "group_buy_id": self.shop["group_buy_id"], "delivery_method": "courier",
            "address_id": self.buyer["address"], "expected_total_fen": 2 * offer["price"] + 300,
            "lines": [{"offer_id": offer["id"], "quantity": 2}],
        }  # fmt: skip

    def try_order(self) -> None:
        self.send("POST", "/orders", self.order_body())

    def order(self) -> Scene:
        self.order_id = self.surely("POST", "/orders", self.order_body())["id"]
        return self

    def try_pay(self) -> None:
        self.send("POST", f"/orders/{self.order_id}/pay", {"channel": "h5"})

    def announce(self) -> Scene:
        """Press 支付: WeChat Pay knows of it now."""
        self.surely("POST", f"/orders/{self.order_id}/pay", {"channel": "h5"})
        return self

    def cashier(self) -> Scene:
        """The buyer pays there."""
        self.system.simulate("pay", {"out_trade_no": self.attempt()["out_trade_no"], "result": "pay"})
        return self

    def paid(self) -> Scene:
        """Everything up to the booked payment, and its messages."""
        self.order().announce().cashier()
        until(lambda: self.now()["payment"] == "paid", "the payment")
        return self

    def cancel(self) -> None:
        self.send("POST", f"/orders/{self.order_id}/cancel", {"reason": "不要了"})

    def upload(self) -> None:
        out = io.BytesIO()
        Image.new("RGB", (400, 400), (90, 120, 60)).save(out, "JPEG")
        files = {"file": ("a.jpg", out.getvalue(), "image/jpeg")}
        self.send("POST", "/media", files=files, data={"purpose": "after_sale"})

    @property
    def tracking(self) -> str:
        return f"YT{int(self.order_id) % 10**13:013d}"

    def import_sheet(self) -> None:
        """The leader sends a sheet with the order's number, and agrees to it as soon as it has been judged."""
        store = int(self.now()["store_id"])
        sheet = f"订单号,快递公司,运单号\n{self.order_id},圆通,{self.tracking}\n"
        token = self.shop["token"]
        sent = self.send(
            "POST",
            f"/leader/stores/{store}/ship-imports",
            token=token,
            files={"file": ("a.csv", sheet.encode())},
        )
        assert sent is not None and sent.status_code == 202, sent and sent.text
        until(lambda: self.import_state() == "preview", "the sheet to be judged")
        self.surely("POST", f"/leader/ship-imports/{sent.json()['id']}/confirm", {"accept": []}, token=token)

    def import_state(self) -> str:
        return str(self.facts.one("SELECT state FROM fulfilment_shipimport ORDER BY id DESC LIMIT 1"))

    # What is true now

    def now(self) -> Row:
        """The order's row."""
        return self.facts.rows("SELECT * FROM orders_order WHERE id = ?", [int(self.order_id)])[0]

    def placed(self) -> list[Row]:
        return self.facts.rows("SELECT * FROM orders_order WHERE idempotency_key = ?", [self.key])

    def attempts(self) -> list[Row]:
        """Newest first."""
        return self.facts.rows(
            "SELECT * FROM payments_paymentattempt WHERE order_id = ? ORDER BY id DESC", [int(self.order_id)]
        )

    def attempt(self) -> Row:
        return self.attempts()[0]

    def refunds(self) -> list[Row]:
        return self.facts.rows("SELECT * FROM payments_refund WHERE order_id = ?", [int(self.order_id)])

    def book(self) -> dict[str, Any]:
        """What the simulator says of this order's payments, added up."""
        mine = self.facts.rows(
            "SELECT out_trade_no FROM payments_paymentattempt WHERE order_id = ?", [int(self.order_id)]
        )
        numbers = {row["out_trade_no"] for row in mine}
        book = self.system.simulate("book", method="GET")["orders"]
        rows = [row for number, row in book.items() if number in numbers]
        return {name: sum(row[name] for row in rows) for name in ("paid", "refunded", "refunding")} | {
            "states": sorted(row["state"] for row in rows)
        }

    def messages(self, channel: str) -> int:
        """How often the outside world was told of this order's payment."""
        sign = f"#{self.now()['number']} "
        inbox = self.system.simulate("inbox", method="GET")["messages"]
        return sum(1 for m in inbox if m["channel"] == channel and sign in str(m))

    def inbox_rows(self) -> int:
        """The leader's and buyer's in-app messages about the payment."""
        return int(
            self.facts.one(
                "SELECT count(*) FROM notices_inboxmessage WHERE order_id = ? AND kind = 'order_paid'",
                [int(self.order_id)],
            )
        )

    def pool(self) -> Row:
        return self.facts.rows(
            "SELECT * FROM catalog_stockpool WHERE id = ?", [int(self.shop["offers"][1]["pool"])]
        )[0]

    def state(self) -> str:
        """Everything somebody who looks for a failure's cause asks first."""
        waiting = self.facts.rows(
            "SELECT topic, state, attempts, last_error FROM kernel_outboxevent WHERE state <> 'done'"
        )
        seen: list[Any] = []
        if self.order_id:
            sent = self.facts.rows(
                "SELECT channel, state, tries, error, due_at, sent_at FROM notices_delivery WHERE order_id = ?",
                [int(self.order_id)],
            )
            arrived = {channel: self.messages(channel) for channel in ("wecom", "email", "subscribe")}
            seen = [self.now(), self.book(), self.refunds(), self.attempts(), sent, arrived]
        told = json.dumps([self.said, seen, waiting], default=str, ensure_ascii=False, indent=1)
        return told[-8000:] + self.system.log_ends()


def arm(system: System, part: Part, point: str) -> None:
    """Start a part again with this point armed."""
    part.stop()
    part.log.write_text("")
    part.extra = {"YANTUAN_FAULT": point, "YANTUAN_TEST_FAULTS": "1"}
    part.start()
    part.held = True
    if part in system.webs:
        system.wait_ready()


def wait_for_death(scene: Scene, part: Part) -> None:
    """Until the point has gone off; the whole part is then killed and started again without it."""
    sign = f"fault {scene.point}: kill"
    try:
        until(lambda: sign in part.log.read_text(errors="replace"), f"{part.name} to die")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{scene.state()}") from None
    part.kill()
    part.extra = {}
    if part in scene.system.workers:
        # What the dead one had leased is free at once; nobody else has leased anything.
        scene.facts.hurry()
    part.start()
    part.held = True


@contextmanager
def frozen(system: System, facts: Facts, parts: list[Part]) -> Iterator[None]:
    """These parts stand still inside the block, none of them within a transaction: its locks would stand in the way."""
    end = time.monotonic() + PATIENCE
    while parts:
        for part in parts:
            part.signal(signal.SIGSTOP)
        if _nothing_open(system, facts):
            break
        for part in parts:
            part.signal(signal.SIGCONT)
        assert time.monotonic() < end, "a transaction is open at every look"
        time.sleep(0.05)
    try:
        yield
    finally:
        for part in parts:
            part.signal(signal.SIGCONT)


def _nothing_open(system: System, facts: Facts) -> bool:
    """Whether all transactions end within half a second."""
    if system.pg is None:
        with closing(sqlite3.connect(system.data / "yantuan.sqlite3", timeout=0.5)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            return True
    for _ in range(5):
        time.sleep(0.1)
        if not facts.one(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
        ):
            return True
    return False
