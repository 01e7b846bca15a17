"""A sale of a test's own in the demo shop, and orders in it: what others left there never matters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from test_parcels import api

from stack import Stack
from yantuan.kernel.clock import now


def own_sale(stack: Stack, title: str, *prices: int, **changes: Any) -> dict[str, Any]:
    """A published sale of the demo leader: sent by courier and handed out at the first point; as its leader reads it."""
    desk = api(stack, "leader")
    store = desk.get("/leader/stores").json()[0]["id"]
    point = desk.get(f"/leader/stores/{store}").json()["pickup_points"][0]["id"]
    products = desk.get(f"/leader/stores/{store}/products").json()["items"]
    begin = now()
    body = {
        "title": title,
        "offers": [
            {"sku_id": product["skus"][0]["id"], "price_fen": fen, "stock": 50}
            for product, fen in zip(products, prices or (3990,), strict=False)
        ],
        "starts_at": begin.isoformat(),
        "ends_at": (begin + timedelta(days=2)).isoformat(),
        "courier_enabled": True,
        "pickup_enabled": True,
        "pickup_point_ids": [point],
        **changes,
    }
    sale = desk.post(f"/leader/stores/{store}/group-buys", json=body).json()
    published = desk.post(f"/leader/group-buys/{sale['id']}/publish")
    assert published.is_success, published.text
    found: dict[str, Any] = desk.get(f"/leader/group-buys/{sale['id']}").json()
    return found


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
