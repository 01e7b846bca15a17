"""Sheets as leaders send them, and the way from an upload to its booking."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fulfilment.tradeworld import Caller, Shop, Trade
from yantuan.fulfilment.imports.files import KEEP
from yantuan.fulfilment.models import ShipImport, Shipment
from yantuan.identity.phones import phone_of, seal_phone
from yantuan.kernel import outbox
from yantuan.orders.models import Order

NAMES = ("赵一鸣", "钱多多", "孙小美", "李建国", "周海生", "吴桂芳", "郑大海", "王春燕", "冯宝宝", "陈阿姨")
HEAD = ("订单号", "快递公司", "运单号", "收货人", "手机")


def xlsx(*rows: Any) -> bytes:
    """A workbook; texts stay texts, numbers numbers."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_numbers": False, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, column, cell)
            elif cell is not None:
                sheet.write(number, column, cell)
    book.close()
    return out.getvalue()


def csv(*rows: Any, encoding: str = "gb18030") -> bytes:
    return "\r\n".join(",".join(str(cell or "") for cell in row) for row in rows).encode(encoding)


def number(place: int) -> str:
    """A tracking number of 圆通's."""
    return f"YT{7_000_000_000_000 + place:013d}"


def upload(who: Caller, store_id: int, data: bytes, name: str = "发货.xlsx", **form: str) -> Any:
    """The answer to an upload, whatever it is."""
    return Client().post(
        f"/api/leader/stores/{store_id}/ship-imports",
        {"file": SimpleUploadedFile(name, data), **form},
        HTTP_AUTHORIZATION=f"Bearer {who.token}",
    )


def sent(shop: Shop, data: bytes, **form: str) -> dict[str, Any]:
    """Upload and let the worker read it."""
    answer = upload(shop.boss, shop.world.store.id, data, **form)
    assert answer.status_code in (200, 202), answer.content.decode()
    outbox.drain(100_000)
    return look(shop, json.loads(answer.content)["id"])


def look(shop: Shop, import_id: str) -> dict[str, Any]:
    found: dict[str, Any] = shop.boss.ok("GET", f"/leader/ship-imports/{import_id}")
    return found


def rows(shop: Shop, batch: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    """All rows, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        asked = "&".join(f"{k}={v}" for k, v in {**query, "cursor": cursor}.items())
        page = shop.boss.ok("GET", f"/leader/ship-imports/{batch['id']}/rows?{asked}")
        found += page["items"]
        cursor = page["next"]
        if not cursor:
            return found


def codes(shop: Shop, batch: dict[str, Any]) -> list[list[str]]:
    """The problems of each row."""
    return [[problem["code"] for problem in row["problems"]] for row in rows(shop, batch)]


def book(shop: Shop, batch: dict[str, Any], *accept: str) -> dict[str, Any]:
    """Confirm and let the worker book it."""
    shop.boss.ok("POST", f"/leader/ship-imports/{batch['id']}/confirm", {"accept": list(accept)})
    outbox.drain(100_000)
    return look(shop, batch["id"])


def undo(shop: Shop, batch: dict[str, Any]) -> dict[str, Any]:
    shop.boss.ok("POST", f"/leader/ship-imports/{batch['id']}/undo")
    outbox.drain(100_000)
    return look(shop, batch["id"])


def live(order_id: int) -> list[str]:
    """Tracking numbers of an order's parcels under way."""
    found = Shipment.objects.filter(order_id=order_id, withdrawn_at=None).order_by("id")
    return list(found.values_list("tracking_no", flat=True))


def files_left() -> list[Path]:
    """Uploaded sheets still on disk."""
    return list(KEEP.folder().glob("*"))


def batches() -> int:
    return ShipImport.objects.count()


def people(shop: Shop, count: int, *quantities: int) -> list[Trade]:
    """Paid orders of so many different people."""
    return [named(shop.order(*quantities), n) for n in range(count)]


def named(trade: Trade, place: int) -> Trade:
    """Give an order a recipient of its own."""
    phone = f"139{place:08d}"
    Order.objects.filter(id=trade.id).update(
        recipient_name=NAMES[place % len(NAMES)] + NAMES[place // len(NAMES) % len(NAMES)][0],
        phone_sealed=seal_phone(phone),
        phone_last4=phone[-4:],
        detail=f"文三路 {place} 号",
    )
    return trade


def line(trade: Trade, tracking: Any, carrier: str = "圆通速递") -> tuple[Any, ...]:
    """A row of `HEAD` as it should be."""
    row = trade.row
    return str(row.id), carrier, tracking, row.recipient_name, phone_of(row.phone_sealed)
