"""Reads on a long past: public pages under load, the leader's list and its search with a thousand to a million orders."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Any
from urllib.parse import quote

from bench.load import Figures, request_bytes, run
from bench.service import Service

PAGE_CLIENTS = 64
LIST_CLIENTS = 2
"""A leader and a helper at the desk; more would measure the queue, not the list."""
GROWTH_LIMIT = 1.3


def read_round(service: Service, filled: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Everything once on one filled service."""
    found: dict[str, Any] = {}
    for name, path in _public(filled).items():
        message = request_bytes("GET", path, service.port, Accept_Encoding="gzip")
        found[name] = _measured(service, PAGE_CLIENTS, seconds, repeat(message))
    for name, path in _leaders(filled).items():
        message = request_bytes(
            "GET",
            path,
            service.port,
            Authorization=f"Bearer {filled['leader_token']}",
            Accept_Encoding="gzip",
        )
        found[name] = _measured(service, LIST_CLIENTS, seconds, repeat(message))
    return found


def _measured(service: Service, clients: int, seconds: float, messages: Iterable[bytes]) -> dict[str, Any]:
    messages = iter(messages)
    run(service.port, clients, 0.3, _first(messages, 200))
    figures: Figures = run(service.port, clients, seconds, messages)
    if set(figures.statuses) != {200} or figures.lost:
        raise AssertionError(f"unexpected answers: {dict(figures.statuses)} {dict(figures.refusals)}")
    return figures.summary()


def _first(messages: Iterator[bytes], count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield next(messages)


def _public(filled: dict[str, Any]) -> dict[str, str]:
    code = filled["group_buy_code"]
    return {
        "page": f"/api/g/{code}",
        "store": f"/api/s/{filled['store_code']}",
        "joined": f"/api/g/{code}/joined",
    }


def _leaders(filled: dict[str, Any]) -> dict[str, str]:
    base = f"/api/leader/stores/{filled['store_id']}"
    sample: dict[str, str] = filled["sample"]
    keys = {
        "number": f"#{sample['number']}", "name": sample["recipient_name"], "phone": sample["phone_last4"],
        "room": sample["room"], "id": sample["id"],
    }  # fmt: skip
    searches = {f"search_{name}": f"{base}/orders?q={quote(text)}" for name, text in keys.items() if text}
    return {
        "list": f"{base}/orders",
        "list_to_ship": f"{base}/orders?tab=to_ship",
        "list_deep": f"{base}/orders?cursor={sample['id']}",
        "list_sale": f"{base}/orders?group_buy_id={sample['group_buy_id']}",
        "counts": f"{base}/order-counts",
        "summary": f"{base}/summary",
        "statement_month": f"{base}/statement",
        **searches,
    }


def growth(small: dict[str, Any], large: dict[str, Any]) -> dict[str, float]:
    """How much slower (p50) each read of a leader is on the large past than on the small one."""
    names = [name for name in large if name.startswith(("list", "search", "page", "store", "joined"))]
    return {
        name: round(large[name]["p50_ms"] / max(0.01, small[name]["p50_ms"]), 2)
        for name in names
        if name in small
    }


def parsed(printed: str) -> dict[str, Any]:
    """What `bench.orders_seed` printed."""
    filled: dict[str, Any] = json.loads(printed)
    return filled
