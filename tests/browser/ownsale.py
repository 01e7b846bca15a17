"""A sale of a test's own: what other tests bought, or left unsold, never decides how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

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
