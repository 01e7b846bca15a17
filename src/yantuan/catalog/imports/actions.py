"""Send a sheet of goods and see it judged, agree to it or drop it. Making the goods is the worker's: `booking`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Q

from yantuan.catalog.imports.access import access_goods_import
from yantuan.catalog.imports.files import KEEP
from yantuan.catalog.imports.judging import Verdict, judge, library
from yantuan.catalog.imports.models import GoodsImport, GoodsImportRow
from yantuan.catalog.imports.reading import LIMITS, Read, read_file
from yantuan.catalog.imports.schemas import GoodsConfirmIn
from yantuan.catalog.imports.states import GOODS_IMPORT, OPEN
from yantuan.identity.models import Person
from yantuan.kernel import outbox, ratelimit
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import Conflict, Invalid
from yantuan.media.access import own_media
from yantuan.stores.models import Store

TOPIC: Final = "goodsimport.book"
PER_TEN_MINUTES: Final = 10
KEEP_PREVIEW: Final = timedelta(days=7)
SILENT: Final = timedelta(minutes=5)
"""After this long without a word from its worker a sheet is taken up again."""


def receive(
    person: Person, store: Store, title: str, chunks: Iterable[bytes], *, fresh: bool
) -> tuple[GoodsImport, bool]:
    """Read and judge a sheet; True with an earlier batch of the very same file, which is left as it is.

    `fresh`: judge it anew all the same; a preview not yet confirmed is dropped for it.
    Raises SheetRefused, Conflict `import_working`, TooMany.
    """
    ratelimit.hit(f"goodsimport:{person.id}", limit=PER_TEN_MINUTES, seconds=600)
    key, digest, size = KEEP.keep(chunks, LIMITS)
    kept = False
    try:
        earlier = _earlier(store.id, digest)
        if earlier is not None and fresh:
            _drop_for(earlier)
            earlier = None
        if earlier is not None:
            return earlier, True
        found = read_file(KEEP.path_of(key))
        verdicts = judge(found.records, library(store.id, [one.title for one in found.records]))
        kept = any(one.record.pictures for one in verdicts)
        batch = GoodsImport(
            store_id=store.id, person_id=person.id, digest=digest, title=title[:100], size=size,
            file_key=key if kept else "", sheet=found.sheet[:60], others=[name[:60] for name in found.others],
            headings=dict(found.headings), rows_total=len(verdicts), created_at=now(), seen_at=now(),
        )  # fmt: skip
        return _stored(batch, verdicts, found)
    except BaseException:
        kept = False
        raise
    finally:
        if not kept:
            KEEP.drop(key)


def _stored(batch: GoodsImport, verdicts: list[Verdict], found: Read) -> tuple[GoodsImport, bool]:
    try:
        with transaction.atomic():
            batch.save(force_insert=True)
            GoodsImportRow.objects.bulk_create(
                (_row(batch, place, one) for place, one in enumerate(verdicts)), batch_size=500
            )
    except IntegrityError:
        # Somebody else sent it in the same moment.
        earlier = _earlier(batch.store_id, batch.digest)
        if earlier is None:
            raise
        KEEP.drop(batch.file_key)
        return earlier, True
    return batch, False


def _row(batch: GoodsImport, place: int, verdict: Verdict) -> GoodsImportRow:
    record = verdict.record
    values = {
        name: getattr(record, name)
        for name in ("price_fen", "market_fen", "cost_fen", "stock", "limit", "code", "note", "weight_g")
    }
    return GoodsImportRow(
        batch=batch, place=place, row=record.row, good=verdict.good, title=record.title[:100], spec=record.spec[:30],
        values=values, pictures=record.pictures, severity=verdict.severity,
        problems=[[code, data] for code, data in verdict.problems], product_id=verdict.product_id,
        sku_id=verdict.sku_id,
    )  # fmt: skip


def _earlier(store_id: int, digest: str) -> GoodsImport | None:
    rows = GoodsImport.objects.filter(store_id=store_id, digest=digest).exclude(state="discarded")
    return rows.order_by("-id").first()


def _drop_for(earlier: GoodsImport) -> None:
    if earlier.state == "booking":
        raise Conflict(
            "import_working", "这份表格正在导入，请稍候", "This very sheet is being taken in; wait for it."
        )
    if earlier.state == "preview":
        retrying(lambda: _discard(earlier.id))


def lock(import_id: int) -> GoodsImport:
    """The batch, locked until the open transaction ends."""
    return GoodsImport.objects.select_for_update().get(id=import_id)


def move(batch: GoodsImport, event: str, **fields: Any) -> GoodsImport:
    """Take a locked batch along its table. Raises Conflict `illegal_transition`."""
    for name, value in {"state": GOODS_IMPORT.next(batch.state, event), "seen_at": now(), **fields}.items():
        setattr(batch, name, value)
    batch.save(update_fields=["state", "seen_at", *fields])
    return batch


def confirm(person: Person, import_id: int, data: GoodsConfirmIn) -> GoodsImport:
    """Let the right rows be taken but those in `without`, and of the doubtful ones those in `also`. Again: no change.

    Raises Invalid `picture_missing`, `stock_missing`, Conflict `import_nothing_to_book`, `illegal_transition`.
    """
    batch = access_goods_import(person, import_id)
    if data.picture_media_id is not None:
        own_media(person.id, [data.picture_media_id], {"product"})
    return retrying(lambda: _confirm(batch.id, person, data))


def _confirm(import_id: int, person: Person, data: GoodsConfirmIn) -> GoodsImport:
    batch = lock(import_id)
    if batch.state in ("booking", "booked"):
        return batch
    GOODS_IMPORT.next(batch.state, "confirm")
    rows = GoodsImportRow.objects.filter(batch=batch)
    chosen = [
        row for row in rows.filter(Q(severity__in=["ok", "note"]) | Q(severity="confirm", place__in=data.also))
        if row.place not in set(data.without)
    ]  # fmt: skip
    if not chosen:
        raise Conflict("import_nothing_to_book", "没有可以导入的行", "No row can be taken.")
    _check_lacks(chosen, data)
    known = [row.id for row in chosen if row.severity == "note"]
    rows.filter(id__in=known).update(result="known")
    rows.filter(id__in={row.id for row in chosen} - set(known)).update(result="waiting")
    rows.filter(result="").update(result="skipped")
    # Goods are made in the name of whoever agreed to them: the picture is theirs.
    move(
        batch, "confirm", person_id=person.id, picture_media_id=data.picture_media_id, stock=data.stock,
        confirmed_at=now(),
    )  # fmt: skip
    enqueue(batch)
    return batch


def _check_lacks(chosen: list[GoodsImportRow], data: GoodsConfirmIn) -> None:
    new = [row for row in chosen if row.severity != "note"]
    pictured = {row.good for row in new if row.pictures}
    if data.picture_media_id is None and any(row.good not in pictured for row in new):
        raise Invalid(
            "picture_missing",
            "有商品没有图片，请选一张统一用的图片",
            "Some goods have no picture; choose one for them.",
            field="picture_media_id",
        )
    if data.stock is None and any(row.values["stock"] is None for row in new):
        raise Invalid(
            "stock_missing",
            "有商品没写库存，请填一个统一的库存",
            "Some goods say no stock; give one for them.",
            field="stock",
        )


def enqueue(batch: GoodsImport) -> None:
    """Let the worker go on with a batch; in the caller's transaction."""
    outbox.emit(TOPIC, {"import_id": str(batch.id)}, store_id=batch.store_id)


def discard(person: Person, import_id: int) -> GoodsImport:
    """Drop a preview; nothing was made by it. Again: no change. Raises Conflict `illegal_transition`."""
    batch = access_goods_import(person, import_id)
    key = batch.file_key
    batch = retrying(lambda: _discard(batch.id))
    KEEP.drop(key)
    return batch


def _discard(import_id: int) -> GoodsImport:
    batch = lock(import_id)
    if batch.state == "discarded":
        return batch
    move(batch, "discard", file_key="")
    GoodsImportRow.objects.filter(batch=batch).delete()
    return batch


def tidy() -> int:
    """Drop previews nobody confirmed, take up what its worker left, delete files nobody needs; answers how many batches moved."""
    moment, moved = now(), 0
    for batch in GoodsImport.objects.filter(state="preview", seen_at__lt=moment - KEEP_PREVIEW)[:50]:
        moved += retrying(lambda batch=batch: _discard_old(batch.id, moment))  # type: ignore[misc]
    for batch in GoodsImport.objects.filter(state="booking", seen_at__lt=moment - SILENT)[:50]:
        moved += retrying(lambda batch=batch: _again(batch.id, moment))  # type: ignore[misc]
    held = GoodsImport.objects.filter(state__in=OPEN).exclude(file_key="").values_list("file_key", flat=True)
    # A file is written before its row.
    KEEP.sweep(set(held), older=moment - SILENT)
    return moved


def _discard_old(import_id: int, moment: datetime) -> bool:
    batch = lock(import_id)
    if batch.state != "preview" or batch.seen_at >= moment - KEEP_PREVIEW:
        return False
    _discard(import_id)
    return True


def _again(import_id: int, moment: datetime) -> bool:
    batch = lock(import_id)
    if batch.state != "booking" or batch.seen_at >= moment - SILENT:
        return False
    batch.seen_at = moment
    batch.save(update_fields=["seen_at"])
    enqueue(batch)
    return True
