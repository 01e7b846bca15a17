"""Sheets as suppliers make them, and the way from an upload to the library."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl.drawing.image import Image as SheetImage
from PIL import Image

from stores.shop_kit import Caller, Shop
from yantuan.catalog.imports.files import KEEP
from yantuan.catalog.models import Product
from yantuan.kernel import outbox

HEAD = ("品名", "规格", "团购价（元）", "原价", "成本价", "库存", "限购", "单位", "条码", "备注")


def picture(colour: tuple[int, int, int] = (200, 80, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "PNG")
    return out.getvalue()


def xlsx(*rows: Any, merge: tuple[str, ...] = (), pictures: dict[str, bytes] | None = None) -> bytes:
    """A workbook; `pictures` lie on cells."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "报价"
    for row in rows:
        sheet.append(row)
    for block in merge:
        sheet.merge_cells(block)
    for cell, data in (pictures or {}).items():
        sheet.add_image(SheetImage(io.BytesIO(data)), cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rewritten(data: bytes, changes: dict[str, Any]) -> bytes:
    """The archive with parts changed by functions of their text, or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = old.read(name)
            new.writestr(name, changes[name](body.decode()) if name in changes else body)
        for name, made in changes.items():
            if name not in old.namelist():
                new.writestr(name, made)
    return out.getvalue()


def csv(*rows: Any, encoding: str = "gb18030") -> bytes:
    return "\r\n".join(",".join(str(cell or "") for cell in row) for row in rows).encode(encoding)


def upload(who: Caller, store_id: str, data: bytes, name: str = "报价单.xlsx", **form: str) -> Any:
    """The answer to an upload, whatever it is."""
    return Client().post(
        f"/api/leader/stores/{store_id}/goods-imports",
        {"file": SimpleUploadedFile(name, data), **form},
        HTTP_AUTHORIZATION=f"Bearer {who.token}",
    )


def sent(mine: Shop, data: bytes, **form: str) -> dict[str, Any]:
    answer = upload(mine.boss, mine.store["id"], data, **form)
    assert answer.status_code in (200, 201), answer.content.decode()
    found: dict[str, Any] = json.loads(answer.content)
    return found


def refused(mine: Shop, data: bytes, name: str = "报价单.xlsx") -> tuple[int, str]:
    """Status and code; nothing may be left behind."""
    answer = upload(mine.boss, mine.store["id"], data, name)
    assert not list(KEEP.folder().glob("*")) and not Product.objects.exists()
    return answer.status_code, json.loads(answer.content)["code"]


def rows(mine: Shop, batch: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = mine.boss.ok("GET", f"/leader/goods-imports/{batch['id']}/rows?{query}")[
        "items"
    ]
    return found


def codes(mine: Shop, batch: dict[str, Any]) -> dict[int, list[str]]:
    """The problems of each row, by its number in the sheet."""
    return {row["row"]: [problem["code"] for problem in row["problems"]] for row in rows(mine, batch)}


def book(mine: Shop, batch: dict[str, Any], **body: Any) -> dict[str, Any]:
    """Confirm and let the worker make the goods."""
    mine.boss.ok("POST", f"/leader/goods-imports/{batch['id']}/confirm", body)
    outbox.drain(100_000)
    found: dict[str, Any] = mine.boss.ok("GET", f"/leader/goods-imports/{batch['id']}")
    return found


def goods(mine: Shop) -> list[dict[str, Any]]:
    """The library, oldest first."""
    found: list[dict[str, Any]] = mine.boss.ok("GET", f"{mine.path}/products")["items"]
    return found[::-1]
