"""People and papers of a leader's whole day."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import xlsxwriter

from stack import Stack
from story.people import Browser, Simulator, jpeg, until
from yantuan.simulator.pots import fee_fen

SUPPLIER = """【周末团】产地直发，今晚截单
1. 五常大米 5斤装 团购价 39.9 元 市场价 59 元 限购 5 份
2. 阳光玫瑰 一串 团购价 19.9 元
现货，周日到货，小区自提或快递
"""
_MAKE = """
import django, json, sys
django.setup()
from yantuan.identity import sessions
from yantuan.identity.models import Person
from yantuan.kernel.clock import now
made = []
for n in range(int(sys.argv[1])):
    who = Person.objects.create(nickname=f"团友{n + 1}", created_at=now())
    made.append(sessions.start(who, "mp", "story"))
print(json.dumps(made))
"""


class Mini(Browser):
    """A buyer's mini-program, signed in."""

    def __init__(self, stack: Stack, token: str) -> None:
        super().__init__(stack)
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=stack.app, headers=headers, timeout=60, trust_env=False)


def buyers(stack: Stack, count: int) -> list[Mini]:
    """People who have been here before, each with a session."""
    environment = stack.environment | {"DJANGO_SETTINGS_MODULE": "yantuan.settings"}
    command = [sys.executable, "-c", _MAKE, str(count)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return [Mini(stack, token) for token in json.loads(done.stdout.strip().splitlines()[-1])]


@dataclass
class Sale:
    """What the leader opened."""

    leader: Browser
    store: str
    points: list[str]
    id: str
    code: str
    rice: str
    grapes: str
    orders: list[dict[str, Any]] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/leader/group-buys/{self.id}"


def open_pasted(leader: Browser) -> Sale:
    """A sale out of a supplier's text: rice by the piece, grapes in cartons of 12."""
    store = leader.post("/leader/stores", {"name": "周末小铺", "freight_fen": 600, "pickup_enabled": True, "wechatpay_enabled": True})["id"]  # fmt: skip
    points = [
        leader.post(f"/leader/stores/{store}/pickup-points", {"name": name, "address": "梧桐路 9 号"})["id"]
        for name in ("东门", "西门")
    ]
    begun = time.monotonic()
    read = leader.post(f"/leader/stores/{store}/read-supplier", {"text": SUPPLIER})
    assert time.monotonic() - begun < 20
    rice, grapes = read["goods"]
    assert (rice["specs"][0]["price_fen"], grapes["specs"][0]["price_fen"]) == (3990, 1990)
    offers = [_offer(leader, store, good) for good in (rice, grapes)]
    offers[1]["options"] = {"forming": {"carton": 12}}
    start = datetime.now(UTC)
    sale = leader.post(
        f"/leader/stores/{store}/group-buys",
        {"title": read["title"][:40] or "周末团", "starts_at": start.isoformat(), "offers": offers,
         "ends_at": (start + timedelta(days=1)).isoformat(), "pickup_enabled": True, "pickup_point_ids": points,
         "blocks": [{"kind": "text", "text": text} for text in read["blocks"]]},
    )  # fmt: skip
    assert leader.post(f"/leader/group-buys/{sale['id']}/publish")["status"] == "open"
    ids = [offer["id"] for offer in sale["offers"]]
    return Sale(leader, store, points, sale["id"], sale["code"], *ids)


def _offer(leader: Browser, store: str, good: dict[str, Any]) -> dict[str, Any]:
    spec = good["specs"][0]
    sku = {"name": spec["name"], "price_fen": spec["price_fen"], "stock": 200}
    made = leader.post(f"/leader/stores/{store}/products", {"title": good["title"], "picture_media_ids": [leader.upload("product", jpeg())], "skus": [sku]})  # fmt: skip
    return {
        "sku_id": made["skus"][0]["id"],
        "price_fen": spec["price_fen"],
        "limit_per_person": spec["limit"],
    }


def place(sale: Sale, buyer: Browser, lines: list[dict[str, Any]], where: dict[str, Any]) -> dict[str, Any]:
    """One checkout, quoted first."""
    body = {"group_buy_id": sale.id, "lines": lines, **where}
    asked = {k: body[k] for k in ("group_buy_id", "lines", "delivery_method", "address_id") if body.get(k)}
    quote = buyer.post("/orders/quote", asked)
    assert quote["orderable"], quote
    order = buyer.post("/orders", body | {"expected_total_fen": quote["total_fen"]}, status=201)
    found: dict[str, Any] = order | {"buyer": buyer}
    return found


def send_orders(sale: Sale, who: list[Mini]) -> list[dict[str, Any]]:
    """Rice sent to twelve homes."""
    placed = []
    for n, buyer in enumerate(who):
        home = buyer.post("/me/addresses", {"name": f"收货{n:02}", "phone": f"138123400{n:02}", "province": "上海市", "city": "上海市", "detail": f"梧桐路 {n + 1} 号", "building": "3", "room": f"{501 + n}"})  # fmt: skip
        where = {"delivery_method": "courier", "address_id": home["id"]}
        placed.append(place(sale, buyer, [{"offer_id": sale.rice, "quantity": 1 + n % 2}], where))
    return placed


def fetch_orders(sale: Sale, who: list[Mini]) -> list[dict[str, Any]]:
    """Grapes to be fetched at two gates: two wanted, up to three taken by every third."""
    placed = []
    for n, buyer in enumerate(who):
        line = {"offer_id": sale.grapes, "quantity": 3 if n % 3 == 0 else 2, "wish": 2}
        contact = {"name": f"自提{n:02}", "phone": f"139123400{n:02}", "room": f"{101 + n}"}
        where = {
            "delivery_method": "pickup",
            "pickup_point_id": sale.points[n % 2],
            "contact": contact,
        }
        placed.append(place(sale, buyer, [line], where))
    return placed


def jielong(sale: Sale, people: int) -> str:
    """What these neighbours wrote in the chat: rice, by turns one and two."""
    offers = sale.leader.post(f"{sale.path}/jielong/read", {"text": "1. 试 A1"})["offers"]
    rice = next(one["code"] for one in offers if one["offer_id"] == sale.rice)
    return "#接龙\n" + "\n".join(f"{n + 1}. 邻居{n} {rice}×{1 + n % 2}" for n in range(people))


def pay(stack: Stack, orders: list[dict[str, Any]]) -> None:
    """Each at the cashier, and the product told of all of them."""
    simulator = Simulator(stack)
    for order in orders:
        before = set(simulator.book())
        order["buyer"].post(order.get("path", f"/orders/{order['id']}") + "/pay", {"channel": "h5"})
        [number] = set(simulator.book()) - before
        simulator.pay(number)
        order["trade"] = number
    for order in orders:
        until(lambda o=order: _paid(o), "the payment")


def _paid(order: dict[str, Any]) -> bool:
    if "token" in order:
        page = order["buyer"].get(f"/proxy-links/{order['token']}")
        return any(one["order_id"] == order["id"] and one["payment"] == "paid" for one in page["orders"])
    return bool(order["buyer"].get(f"/orders/{order['id']}")["payment"] == "paid")


def sheet(rows: list[tuple[str, ...]]) -> bytes:
    """A courier's workbook; every cell is a text."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            page.write_string(number, column, cell)
    book.close()
    return out.getvalue()


def book_of(stack: Stack, trades: set[str]) -> tuple[int, int, int]:
    """Fen paid, given back and kept as fees for these payments, by the simulator's own book."""
    simulator = Simulator(stack)
    moved = [row for row in simulator.call("GET", "/movements")["movements"] if row["out_trade_no"] in trades]
    book = simulator.book()
    paid = sum(book[number]["paid"] for number in trades)
    refunds = [row["amount"] for row in moved if row["kind"] == "refund"]
    assert sum(refunds) == sum(book[number]["refunded"] for number in trades)
    fees = sum(fee_fen(book[number]["paid"]) for number in trades) - sum(map(fee_fen, refunds))
    return paid, sum(refunds), fees
