"""A sale of a test's own: what other tests bought, or left unsold, never decides how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from test_parcels import api

from stack import Stack
from yantuan.kernel.clock import now


def own_sale(stack: Stack, title: str, **changes: Any) -> dict[str, Any]:
    """An open sale of the demo shop's first product, 99 pieces at 39.90, sent or handed out at the first pick-up point."""
    desk = api(stack, "leader")
    store = desk.get("/leader/stores").json()[0]["id"]
    product = desk.get(f"/leader/stores/{store}/products").json()["items"][0]
    begin = now()
    body = {
        "title": title,
        "offers": [{"sku_id": product["skus"][0]["id"], "price_fen": 3990, "stock": 99}],
        "starts_at": begin.isoformat(),
        "ends_at": (begin + timedelta(days=2)).isoformat(),
        "pickup_enabled": True,
        "pickup_point_ids": [desk.get(f"/leader/stores/{store}").json()["pickup_points"][0]["id"]],
    }
    answer = desk.post(f"/leader/stores/{store}/group-buys", json=body | changes)
    assert answer.status_code == 200, answer.text
    sale: dict[str, Any] = answer.json()
    opened = desk.post(f"/leader/group-buys/{sale['id']}/publish")
    assert opened.status_code == 200, opened.text
    return sale


def order_in(sale: dict[str, Any], me: httpx.Client, *pieces: int, **changes: Any) -> dict[str, Any]:
    """An unpaid order of this person, to be fetched at the sale's point; `pieces` of each offer in turn."""
    lines = [
        {"offer_id": offer["id"], "quantity": n}
        for offer, n in zip(sale["offers"], pieces or (1,), strict=False)
        if n
    ]
    wanted = {
        "group_buy_id": sale["id"],
        "lines": lines,
        "delivery_method": "pickup",
        "pickup_point_id": sale["pickup_points"][0]["id"],
        "contact": {"name": "王小雁", "phone": "13800001111", "building": "2号楼", "room": "501"},
        "payment_method": "offline",
        **changes,
    }
    prices = {offer["id"]: offer["price_fen"] for offer in sale["offers"]}
    wanted.setdefault("expected_total_fen", sum(prices[x["offer_id"]] * x["quantity"] for x in lines))
    placed = me.post("/orders", json=wanted, headers={"Idempotency-Key": f"own-{now().timestamp()}"})
    assert placed.status_code == 201, placed.text
    found: dict[str, Any] = me.get(f"/orders/{placed.json()['id']}").json()
    return found
