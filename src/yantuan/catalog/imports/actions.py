"""Send a sheet of goods and see it judged, agree to it or drop it. Making the goods is the worker's: `booking`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Q

from yantuan.catalog.imports.access import access_goods_import
from yantuan.catalog.imports.files import KEEP
from yantuan.catalog.imports.judging import Verdict, judge, library
from yantuan.catalog.imports.models import GoodsImport, GoodsImportRow
from yantuan.catalog.imports.reading import LIMITS, Read, read_file
from yantuan.catalog.imports.schemas import GoodsConfirmIn
from yantuan.catalog.imports.states import GOODS_IMPORT
from yantuan.identity.models import Person
from yantuan.kernel import ratelimit
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import Conflict, Invalid
from yantuan.kernel.sheets.batches import Batches
from yantuan.media.access import own_media
from yantuan.stores.models import Store

TOPIC: Final = "goodsimport.book"
PER_TEN_MINUTES: Final = 10
BATCHES: Final = Batches(GoodsImport, GOODS_IMPORT, KEEP, {"booking": TOPIC})
lock, move, enqueue, tidy = BATCHES.lock, BATCHES.move, BATCHES.enqueue, BATCHES.tidy


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
        earlier = BATCHES.again(store.id, digest, fresh=fresh)
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
        earlier = BATCHES.again(batch.store_id, batch.digest, fresh=False)
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


def discard(person: Person, import_id: int) -> GoodsImport:
    """Drop a preview; nothing was made by it. Again: no change. Raises Conflict `illegal_transition`."""
    return BATCHES.discard(access_goods_import(person, import_id))
