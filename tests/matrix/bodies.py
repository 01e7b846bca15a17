"""Bodies of the operations whose request needs more than a line; `sending` says which goes where."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

import factories as make
from idcards import id_number
from matrix.sent import Body, Sent
from matrix.sent import fixed as _fixed
from matrix.town import Caller, Side, Town
from yantuan.gate.rules import china_day
from yantuan.kernel.clock import now


def _coupon(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    start = now()
    return {
        "group_buy_id": None, "kind": "fixed", "minus_fen": 500, "percent_off": 0, "cap_fen": 0, "threshold_fen": 3000,
        "audience": "all", "code": "SPRING", "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(days=7)).isoformat(), "per_person": 1, "total": 10, "budget_fen": 0,
    }  # fmt: skip


def _coupon_change(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {
        "ends_at": (now() + timedelta(days=3)).isoformat(), "total": 50, "budget_fen": 90000, "stopped": False,
    }  # fmt: skip


def _address(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {
        "name": "王五", "phone": "13700000005", "province": "上海市", "city": "上海市", "district": "浦东新区",
        "detail": "枫林路 88 弄", "building": "2", "room": "302", "is_default": True,
    }  # fmt: skip


def _readdress(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    recipient = {name: value for name, value in _address(side, me, town).items() if name != "is_default"}
    return {"recipient": recipient, "seen": 0}


def _certification(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {
        "kind": "person", "legal_name": "林小满", "id_number": id_number(), "category": "水果",
        "paper_media_ids": [str(me.own.get("paper", 1))],
    }  # fmt: skip


def _store(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {"name": "新的卖场", "courier_enabled": True, "freight_fen": 600, "offline_enabled": False}


def _product(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {
        "title": "新鲜草莓", "picture_media_ids": [str(side.data["product_picture"])],
        "skus": [{"price_fen": 1990, "cost_fen": 777, "stock": 5}],
    }  # fmt: skip


def _product_change(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    kept = [{"id": str(sku), "name": f"{n}号", "price_fen": 3990} for n, sku in enumerate(side.data["skus"])]
    return _product(side, me, town) | {"skus": kept}


def _sale(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return dict(side.data["sale_public"])


def _extend(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {"ends_at": (now() + timedelta(days=6)).isoformat()}


def _quote(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    lines = [{"offer_id": str(offer), "quantity": 1} for offer in side.data["offers"]]
    return {"group_buy_id": str(side.ids["group_buy_id"]), "lines": lines, "delivery_method": "courier"}


def order(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    """A checkout of everything in the side's sale, to the caller's own address."""
    where = str(me.own.get("address", 1))
    return _quote(side, me, town) | {
        "address_id": where, "expected_total_fen": 3990 + 2510 + 800, "payment_method": "offline",
    }  # fmt: skip


def claim(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {
        "kind": "refund_only", "reason": "spoiled", "description": "坏了一串", "amount_fen": 3990,
        "media_ids": [str(me.own.get("evidence", 1))],
        "lines": [{"order_line_id": str(side.data["received_line"]), "quantity": 1}],
    }  # fmt: skip


def _upload(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {"purpose": "avatar", "file": SimpleUploadedFile("a.png", make.png(), "image/png")}


def _sheet(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    text = f"订单号,快递公司,运单号\n{side.ids.get('paid_order_id', 1)},圆通,YT1234567890123\n"
    return {"file": SimpleUploadedFile("a.csv", text.encode(), "text/csv")}


def _goods_sheet(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("a.csv", "商品名称,团购价,库存\n梨,5,9\n".encode(), "text/csv")}


def _at_member(body: Body | None = None) -> Sent:
    return Sent({"member_id": "buyer_member_id"}, body)


def _batch(side: Side) -> dict[str, Any]:
    return {"offer_ids": [str(i) for i in side.data["offers"]], "percent": 10}


def _proxy(side: Side) -> dict[str, Any]:
    lines = [{"offer_id": str(side.data["offers"][0]), "quantity": 1}]
    return {
        "pickup_point_id": str(side.ids["point_id"]),
        "people": [{"name": "王姐", "number": 99_999, "lines": lines, "expected_total_fen": 1}],
    }


def _count(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    lines = [{"offer_id": str(offer), "came": 2, "damaged": 1} for offer in side.data["offers"]]
    return {"base": 1, "lines": lines}


def _pass(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {
        "order_ids": [str(side.ids["to_pick_order_id"])],
        "friend": "李阿姨",
        "day": str(china_day(now())),
    }


_GATE_ENTRIES = _fixed(
    token="none",
    entries=[{"key": "entry-0001", "order_id": "1", "kind": "hand_out", "at": "2026-05-12T10:00:00Z"}],
)
_AT_POINT = {"point_id": "point_id", "group_buy_id": "group_buy_id"}
_MEMBER = {"store_id": "store_id", "member_id": "member_id"}
