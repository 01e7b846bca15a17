"""Checkouts over HTTP with the full rules; afterwards the books must agree with the answers to the unit."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from secrets import token_hex
from typing import Any

from bench import world
from bench.load import request_bytes, run
from bench.service import Service
from bench.stage import Copy, run_module

CLIENTS = (1, 8, 32, 64, 256, 1024)
WARM_UP = 0.7
_HIGHEST_RATE = 9_000
"""Requests prepared per second of a run; a run that uses all of them ends early and still counts right."""


@dataclass
class Checkouts:
    """Prepares checkouts on one service; buyers take turns, so that most are new to the sale in every run."""

    port: int
    _serial: count[int] = field(default_factory=count)
    _name: str = field(default_factory=lambda: token_hex(4))

    def prepare(self, kind: str, number: int, *, payment: str = "offline") -> list[bytes]:
        """`number` requests; `kind` is `spread`, `calm` (one sale of the last store) or the name of a special sale."""
        return [self._one(kind, payment) for _ in range(number)]

    def next(self, kind: str, payment: str = "offline") -> tuple[dict[str, str], bytes]:
        """Headers and body of the next checkout."""
        serial = next(self._serial)
        buyer = serial % world.BUYERS
        place = world.place_of(_index(kind, serial))
        body = (
            f'{{"group_buy_id":"{place.sale_id}","lines":[{{"offer_id":"{place.offer_id}","quantity":1}}],'
            f'"delivery_method":"courier","address_id":"{world.ADDRESS_0 + buyer}","payment_method":"{payment}",'
            f'"expected_total_fen":{world.TOTAL_FEN}}}'
        )
        headers = {
            "Authorization": f"Bearer {world.buyer_token(buyer)}",
            "Idempotency-Key": f"{self._name}-{serial}",
            "Content-Type": "application/json",
            "X-Forwarded-For": address(buyer),
        }
        return headers, body.encode()

    def _one(self, kind: str, payment: str) -> bytes:
        headers, body = self.next(kind, payment)
        return request_bytes("POST", "/api/orders", self.port, body, **headers)


def _index(kind: str, serial: int) -> int:
    """Which offer is bought."""
    if kind == "spread":
        # A step without a common divisor: neighbours in time are far apart among the offers.
        return serial * 367 % world.OFFERS
    return world.OFFERS - 1 if kind == "calm" else world.special(kind)


def address(buyer: int) -> str:
    """Every buyer comes from an address of their own, as behind the proxy of a real shop."""
    return f"10.{buyer >> 16 & 255}.{buyer >> 8 & 255}.{buyer & 255}"


def measured(service: Service, clients: int, seconds: float, messages: list[bytes]) -> dict[str, Any]:
    """One run with the CPU it took per answer, by part."""
    before = service.cpu()
    figures = run(service.port, clients, seconds, messages)
    after = service.cpu()
    used = {part: after[part] - before.get(part, 0) for part in after}
    used["loader"] = figures.cpu_seconds
    per = {part: round(spent / max(1, figures.answered) * 1000, 3) for part, spent in used.items()}
    return figures.summary() | {"cpu_ms_each": per, "refusals": dict(figures.refusals.most_common(3))}


def place_run(
    service: Service, checkouts: Checkouts, kind: str, clients: int, seconds: float
) -> dict[str, Any]:
    """One run after a short warm-up. Raises AssertionError on any answer but 201."""
    warm = run(service.port, clients, WARM_UP, checkouts.prepare(kind, int(_HIGHEST_RATE * WARM_UP)))
    found = measured(service, clients, seconds, checkouts.prepare(kind, int(_HIGHEST_RATE * seconds)))
    others = {status: n for status, n in found["statuses"].items() if status != "201"}
    if others or found["lost"] or set(warm.statuses) - {201}:
        raise AssertionError(f"unexpected answers: {others} {found['refusals']} {dict(warm.refusals)}")
    return found | {"placed": found["statuses"].get("201", 0) + warm.statuses[201]}


def place_round(service: Service, seconds: float, clients: tuple[int, ...] = CLIENTS) -> dict[str, Any]:
    """All client counts, hot and spread, on one fresh copy; the books are compared at the end."""
    checkouts = Checkouts(service.port)
    found: dict[str, Any] = {}
    placed = 0
    for number in clients:
        for kind in ("hot", "spread"):
            one = place_run(service, checkouts, kind, number, seconds)
            placed += one["placed"]
            found[f"{kind}_{number}"] = one
    found["books"] = agree(service.copy, placed)
    return found


def sell_out(service: Service, clients: int = 64) -> dict[str, Any]:
    """A small stock and far more buyers than units: exactly the stock is sold, everybody else gets `sold_out`."""
    messages = Checkouts(service.port).prepare("small", world.SMALL_STOCK * 6)
    figures = run(service.port, clients, 60, messages)
    sold = figures.statuses[201]
    refused = figures.refusals["sold_out"]
    books = totals(service.copy)["small"]
    return figures.summary() | {
        "stock": world.SMALL_STOCK,
        "sold": sold,
        "refused": refused,
        "oversold": max(sold, books["units"], books["held"]) - world.SMALL_STOCK,
        "exact": sold == books["units"] == books["held"] == world.SMALL_STOCK and books["available"] == 0
        and refused == len(messages) - sold,
    }  # fmt: skip


def totals(copy: Copy) -> dict[str, Any]:
    """What the database holds, counted by `bench.totals` beside the service."""
    found: dict[str, Any] = json.loads(run_module("bench.totals", env=copy.environment()))
    return found


def agree(copy: Copy, placed: int) -> dict[str, int]:
    """Raises AssertionError unless stock, lines, counters, numbers and limits agree with `placed` answers."""
    found = totals(copy)
    whole: dict[str, int] = found["whole"]
    same = {name: whole[name] for name in ("orders", "units", "held", "counter", "limit_use")}
    if set(same.values()) != {placed} or whole["available"] + whole["held"] != whole["total"]:
        raise AssertionError(f"{placed} placed, but {whole}")
    if whole["numbers"] != whole["last_numbers"]:
        raise AssertionError(f"numbers with gaps: {whole}")
    return whole
