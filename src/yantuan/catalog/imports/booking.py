"""Make the goods of a confirmed sheet, one product at a time, by the same action that makes them by hand.

A product and the outcome of its rows are one transaction; dying between two loses nothing and makes nothing twice. The library is looked
at again under the store's lock: what somebody else has made meanwhile is known and not made again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from yantuan.catalog import actions as catalog
from yantuan.catalog.imports.actions import lock, move
from yantuan.catalog.imports.files import KEEP
from yantuan.catalog.imports.judging import Kept, key_of, library
from yantuan.catalog.imports.models import GoodsImport, GoodsImportRow
from yantuan.catalog.imports.reading import MOST_PICTURES
from yantuan.catalog.models import Sku
from yantuan.catalog.schemas import ProductIn, SkuIn
from yantuan.identity.people import person_by_id
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError
from yantuan.kernel.sheets.pictures import picture_bytes
from yantuan.media.actions import store_picture
from yantuan.media.pictures import MAX_BYTES
from yantuan.staff.access import carrying_on
from yantuan.stores.models import Store

_log = logging.getLogger(__name__)
Rows = Sequence[GoodsImportRow]


def book(import_id: int) -> None:
    """Make everything that waits. Nothing is done for a batch that isn't being booked."""
    while True:
        batch = GoodsImport.objects.filter(id=import_id, state="booking").first()
        if batch is None:
            return
        first = GoodsImportRow.objects.filter(batch=batch, result="waiting").order_by("place").first()
        if first is None:
            retrying(lambda: _finish(import_id))
            KEEP.drop(batch.file_key)
            return
        rows = list(
            GoodsImportRow.objects.filter(batch=batch, result="waiting", good=first.good).order_by("place")
        )
        pictures = [] if library(batch.store_id, [first.title]) else _pictures(batch, rows)
        retrying(lambda: _one(import_id, first.good, pictures))  # noqa: B023 - run at once


def _finish(import_id: int) -> None:
    batch = lock(import_id)
    if batch.state == "booking":
        move(batch, "finish", done_at=now(), file_key="")


def _pictures(batch: GoodsImport, rows: Rows) -> list[int]:
    """The product's pictures, decoded and kept; outside any transaction, for that takes long. Bad ones are left out."""
    found: list[int] = []
    for member in list(dict.fromkeys(name for row in rows for name in row.pictures))[:MOST_PICTURES]:
        try:
            data = picture_bytes(KEEP.path_of(batch.file_key), member, MAX_BYTES)
            if data:
                found.append(store_picture(batch.person_id, "product", data).id)
        except (AppError, OSError) as error:
            _log.info("a picture of an imported sheet is left out: %s", type(error).__name__)
    if not found and batch.picture_media_id is not None:
        found.append(batch.picture_media_id)
    return found


def _one(import_id: int, good: int, pictures: Sequence[int]) -> None:
    batch = lock(import_id)
    # Read again under the lock: another worker may have been here meanwhile.
    rows = list(GoodsImportRow.objects.filter(batch=batch, result="waiting", good=good).order_by("place"))
    if batch.state != "booking" or not rows:
        return
    Store.objects.select_for_update(no_key=True).get(id=batch.store_id)
    kept = library(batch.store_id, [rows[0].title]).get(key_of(rows[0].title))
    if kept is not None:
        _known(rows, kept)
    else:
        _make(batch, rows, pictures)
    GoodsImport.objects.filter(id=batch.id).update(seen_at=now())


def _known(rows: Rows, kept: Kept) -> None:
    for row in rows:
        sku = kept.skus.get(key_of(row.spec))
        row.product_id, row.sku_id = kept.product_id, sku[0] if sku else None
        row.result, row.refusal = ("known", "") if sku else ("refused", "spec_not_in_library")
        row.save(update_fields=["product_id", "sku_id", "result", "refusal"])


def _make(batch: GoodsImport, rows: Rows, pictures: Sequence[int]) -> None:
    try:
        if not pictures:
            raise AppError("picture_not_readable", "图片打不开", "The picture can't be read.")
        body = ProductIn(
            title=rows[0].title, description=next((r.values["note"] for r in rows if r.values["note"]), ""),
            picture_media_ids=list(pictures), skus=[_sku(batch, row) for row in rows],
        )  # fmt: skip
        with carrying_on("confirm_goods_import"):
            product = catalog.create_product(person_by_id(batch.person_id), batch.store_id, body)
    except AppError as error:
        ids = [row.id for row in rows]
        GoodsImportRow.objects.filter(id__in=ids).update(result="refused", refusal=error.code[:32])
        return
    made = Sku.objects.filter(product=product).order_by("position").values_list("id", flat=True)
    for row, sku_id in zip(rows, made, strict=True):
        row.product_id, row.sku_id, row.result = product.id, sku_id, "made"
        row.save(update_fields=["product_id", "sku_id", "result"])


def _sku(batch: GoodsImport, row: GoodsImportRow) -> SkuIn:
    values = row.values
    return SkuIn(
        name=row.spec, code=values["code"], price_fen=values["price_fen"], cost_fen=values["cost_fen"],
        limit_per_person=values["limit"], weight_g=values["weight_g"],
        stock=batch.stock if values["stock"] is None else values["stock"],
    )  # fmt: skip
