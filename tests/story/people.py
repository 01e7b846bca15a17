"""Browsers of the people in the story, speaking HTTP to the running product and its simulator."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import httpx
from PIL import Image

from stack import Stack

T = TypeVar("T")
_keys = count(1)
PATIENCE = 20.0
"""Seconds a thing may take that another process does; the figures promised are far below, machines of tests are slow."""


def until(look: Callable[[], T | None], what: str, seconds: float = PATIENCE) -> T:
    """The first answer of `look` that is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


def jpeg(colour: tuple[int, int, int] = (232, 80, 47), size: int = 800) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(out, "JPEG")
    return out.getvalue()


class Browser:
    """One person's browser, as the app on H5 uses it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.http = httpx.Client(
            base_url=stack.app, headers={"X-Yantuan-Client": "h5"}, timeout=30, trust_env=False
        )

    def call(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """Send JSON with a fresh key; the answer must have this status."""
        headers = {"Idempotency-Key": f"story-{next(_keys)}"}
        answer = self.http.request(method, f"/api{path}", json=body, headers=headers)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def get(self, path: str, **how: Any) -> Any:
        return self.call("GET", path, **how)

    def post(self, path: str, body: Any = None, **how: Any) -> Any:
        return self.call("POST", path, {} if body is None else body, **how)

    def put(self, path: str, body: Any, **how: Any) -> Any:
        return self.call("PUT", path, body, **how)

    def upload(self, purpose: str, data: bytes) -> str:
        """Id of an uploaded picture."""
        answer = self.http.post(
            "/api/media", files={"file": ("a.jpg", data, "image/jpeg")}, data={"purpose": purpose}
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def sign_in(self, phone: str) -> None:
        """By the code that arrives in the simulator's inbox."""
        self.post("/auth/sms", {"phone": phone})
        simulator = Simulator(self.stack)
        message = until(lambda: simulator.inbox(channel="sms", phone=phone), "the SMS code")[0]
        self.post("/auth/phone", {"phone": phone, "code": message["code"], "agreed": True})

    def demo(self, role: str) -> Browser:
        self.post("/demo/sign-in", {"role": role})
        return self

    def order(self, page: dict[str, Any], picks: list[dict[str, Any]], **changes: Any) -> Any:
        """Place an order of what was picked, to the first address."""
        where = self.get("/me/addresses")[0]["id"]
        body = {
            "group_buy_id": page["id"], "delivery_method": "courier", "address_id": where,
            "lines": [{"offer_id": offer["id"], "quantity": 1} for offer in picks],
        }  # fmt: skip
        quote = self.post("/orders/quote", {k: body[k] for k in ("group_buy_id", "lines", "delivery_method")})
        assert quote["orderable"], quote
        return self.post("/orders", body | {"expected_total_fen": quote["total_fen"]} | changes, status=201)


class Simulator:
    """The simulator's control API."""

    def __init__(self, stack: Stack) -> None:
        self.http = httpx.Client(base_url=f"{stack.simulator}/_sim", timeout=30, trust_env=False)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def inbox(self, **query: str) -> list[dict[str, Any]]:
        answer = self.http.get("/inbox", params=query)
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found

    def book(self) -> dict[str, dict[str, Any]]:
        orders: dict[str, dict[str, Any]] = self.call("GET", "/book")["orders"]
        return orders

    def payment_of(self, total_fen: int) -> str:
        """Number of the newest payment of this amount that waits to be paid."""
        waiting = [
            n for n, row in self.book().items() if row["state"] == "NOTPAY" and row["total"] == total_fen
        ]
        assert waiting, "nothing waits to be paid"
        return waiting[0]

    def pay(self, number: str) -> None:
        self.call("POST", "/pay", {"out_trade_no": number, "result": "pay"})


class Operator:
    """An operator in the console, through its own forms."""

    def __init__(self, stack: Stack) -> None:
        self.http = httpx.Client(base_url=stack.app, follow_redirects=True, timeout=60, trust_env=False)
        assert self.http.get("/console/demo/").status_code == 200

    def fill(self, path: str, values: dict[str, str]) -> str:
        """Send the form of a page; the page it leads to."""
        page = self.http.get(path)
        assert page.status_code == 200, path
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert found
        values = {"csrfmiddlewaretoken": found[1], **values}
        answer = self.http.post(path, data=values, headers={"Referer": str(page.url)})
        assert answer.status_code == 200 and str(answer.url) != str(page.url), answer.text[-2000:]
        return answer.text

    def make_code(self) -> str:
        text = self.fill(
            "/console/leaders/invitecode/create/", {"uses": "1", "days": "7", "note": "故事", "phone": ""}
        )
        found = re.search(r"邀请码已创建：([0-9A-Z\-]+)", text)
        assert found, text[-2000:]
        return found[1]

    def approve(self, certification_id: str) -> None:
        self.fill(f"/console/leaders/certification/{certification_id}/approve/", {"reason": "资料齐全"})


class Bell:
    """The leader's open screen: live events with the moment they came."""

    def __init__(self, browser: Browser) -> None:
        self.events: list[tuple[float, dict[str, Any]]] = []
        self._cookies = dict(browser.http.cookies)
        self._url = f"{browser.stack.app}/api/events"
        self._open = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()
        assert self._open.wait(PATIENCE), "the stream did not open"

    def _listen(self) -> None:
        # The stream ends when the product stops, in the middle of an endless answer.
        with suppress(httpx.TransportError), self._stream() as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            self._open.set()
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    self.events.append((time.monotonic(), json.loads(line[5:])))

    def _stream(self) -> AbstractContextManager[httpx.Response]:
        return httpx.stream("GET", self._url, cookies=self._cookies, timeout=120, trust_env=False)

    def ring(self, order_id: str) -> tuple[float, dict[str, Any]]:
        """The first message about this order."""

        def heard() -> tuple[float, dict[str, Any]] | None:
            return next((e for e in self.events if e[1]["order_id"] == order_id), None)

        return until(heard, "the leader's bell")


def worker_of(stack: Stack) -> int:
    """The worker's process id; raises AssertionError while there is none."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            around = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"worker" in words and f"YANTUAN_DATA={stack.data}".encode() in around:
            return int(folder.name)
    raise AssertionError("no worker runs")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
