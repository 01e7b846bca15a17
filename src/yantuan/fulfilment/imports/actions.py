"""Send a sheet, let it be judged, agree to it or drop it. Booking and withdrawal are the worker's: `booking`, `undoing`."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import DatabaseError, IntegrityError, transaction

from yantuan.fulfilment.carriers import carrier_of
from yantuan.fulfilment.imports import files
from yantuan.fulfilment.imports.access import access_import
from yantuan.fulfilment.imports.codes import DOUBTS
from yantuan.fulfilment.imports.gathering import gather
from yantuan.fulfilment.imports.judging import judge
from yantuan.fulfilment.imports.models import ShipImport, ShipImportRow
from yantuan.fulfilment.imports.reading import LIMITS, Read, read_file
from yantuan.fulfilment.imports.states import IMPORT, OPEN, WORKING
from yantuan.fulfilment.imports.verdicts import Verdict
from yantuan.identity.models import Person
from yantuan.kernel import outbox, ratelimit
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError, Conflict, Invalid
from yantuan.stores.models import Store

_log = logging.getLogger(__name__)
TOPICS: Final = {"reading": "shipimport.read", "booking": "shipimport.book", "undoing": "shipimport.undo"}
PER_TEN_MINUTES: Final = 20
KEEP_PREVIEW: Final = timedelta(days=7)
SILENT: Final = timedelta(minutes=5)
"""After this long without a word from its worker a sheet is taken up again."""


def receive(
    person: Person, store: Store, title: str, chunks: Iterable[bytes], *, carrier: str, fresh: bool
) -> tuple[ShipImport, bool]:
    """Take a file in, to be read by the worker; True with an earlier batch of the very same file, which is left as it is.

    `fresh`: judge it anew all the same; a preview not yet confirmed is dropped for it.
    Raises SheetRefused `sheet_too_large`, Invalid `carrier_unknown`, Conflict `import_working`, TooMany.
    """
    if carrier and carrier_of(carrier) is None:
        raise Invalid("carrier_unknown", "没有这个快递公司，请重新选择", "No such carrier.", field="carrier")
    ratelimit.hit(f"shipimport:{person.id}", limit=PER_TEN_MINUTES, seconds=600)
    key, digest, size = files.keep(chunks, LIMITS)
    digest = hashlib.sha256(f"{digest} {carrier}".encode()).hexdigest()
    try:
        earlier = _earlier(store.id, digest)
        if earlier is not None and fresh:
            _drop_for(earlier)
            earlier = None
        if earlier is None:
            moment = now()
            with transaction.atomic():
                batch = ShipImport.objects.create(
                    store_id=store.id, person_id=person.id, digest=digest, title=title[:100], size=size,
                    carrier=carrier, file_key=key, created_at=moment, seen_at=moment,
                )  # fmt: skip
                enqueue(batch)
            return batch, False
    except IntegrityError:
        # Somebody else sent it in the same moment.
        earlier = _earlier(store.id, digest)
        if earlier is None:
            files.drop(key)
            raise
    except BaseException:
        files.drop(key)
        raise
    files.drop(key)
    return earlier, True


def _earlier(store_id: int, digest: str) -> ShipImport | None:
    rows = ShipImport.objects.filter(store_id=store_id, digest=digest, state__in=[*OPEN, "booked", "undoing"])
    return rows.order_by("-id").first()


def _drop_for(earlier: ShipImport) -> None:
    if earlier.state in WORKING:
        raise Conflict(
            "import_working", "这份表格正在处理，请稍候", "This very sheet is being worked on; wait for it."
        )
    if earlier.state == "preview":
        retrying(lambda: _discard(earlier.id))


def enqueue(batch: ShipImport) -> None:
    """Let the worker go on with a batch; in the caller's transaction."""
    topic = TOPICS[batch.state]
    outbox.emit(topic, {"import_id": str(batch.id)}, store_id=batch.store_id)


def lock(import_id: int) -> ShipImport:
    """The batch, locked until the open transaction ends."""
    return ShipImport.objects.select_for_update().get(id=import_id)


def move(batch: ShipImport, event: str, **fields: Any) -> ShipImport:
    """Take a locked batch along its table. Raises Conflict `illegal_transition`."""
    for name, value in {"state": IMPORT.next(batch.state, event), "seen_at": now(), **fields}.items():
        setattr(batch, name, value)
    batch.save(update_fields=["state", "seen_at", *fields])
    return batch


def read(import_id: int) -> None:
    """Read and judge an uploaded file. A file that can't be used ends the batch as `refused`, with the reason."""
    batch = ShipImport.objects.filter(id=import_id, state="reading").first()
    if batch is None:
        return
    try:
        found = read_file(files.path_of(batch.file_key))
        verdicts, shifts = judge(found.records, gather(batch.store_id, found.records), batch.carrier)
        slips = [[one.first, one.last, one.offset] for one in shifts]
        retrying(lambda: _store(batch.id, found, verdicts, slips))
    except AppError as error:
        _end(batch.id, error)
    except DatabaseError:
        raise
    except Exception:
        _log.exception("import %s could not be read", batch.id)
        _end(batch.id, AppError("sheet_failed", "读取时出错，请重新上传", "Reading failed; send it again."))
    files.drop(batch.file_key)


def _store(import_id: int, found: Read, verdicts: Sequence[Verdict], slips: list[list[int]]) -> None:
    batch = lock(import_id)
    if batch.state != "reading":
        return
    ShipImportRow.objects.bulk_create(
        (_row(batch, place, verdict) for place, verdict in enumerate(verdicts)), batch_size=500
    )
    move(
        batch, "read", sheet=found.sheet[:60], headings=dict(found.headings), shifts=slips, rows_total=len(verdicts),
        file_key="",
    )  # fmt: skip


def _row(batch: ShipImport, place: int, verdict: Verdict) -> ShipImportRow:
    record, order = verdict.record, verdict.order
    return ShipImportRow(
        batch=batch, place=place, row=record.row, order_id=order.id if order else None,
        number=order.number if order else None, said="" if order else (record.orders or (record.number,))[0][:40],
        carrier=verdict.carrier, carrier_name=verdict.carrier_name, tracking_no=record.tracking[:40],
        action=verdict.action, severity=verdict.severity,
        problems=[[code, verdict.problems[code]] for code in verdict.codes()],
        pieces=[[str(line), units] for line, units in verdict.pieces], parcel_id=verdict.parcel_id,
        orders=[[str(one.id), one.changes] for one in (order, *verdict.along) if one] if verdict.action == "ship" else [],
    )  # fmt: skip


def _end(import_id: int, error: AppError) -> None:
    retrying(lambda: _refuse(import_id, error))


def _refuse(import_id: int, error: AppError) -> None:
    batch = lock(import_id)
    if batch.state == "reading":
        move(batch, "refuse", error={"code": error.code, "zh": error.zh, "en": error.en}, file_key="")


def confirm(person: Person, import_id: int, accept: Sequence[str]) -> ShipImport:
    """Let everything be booked that is right, and what is doubtful only in ways the leader agreed to. Again: no change.

    Raises Invalid `import_code_unknown`, Conflict `import_nothing_to_book`, `illegal_transition`.
    """
    batch = access_import(person, import_id)
    unknown = set(accept) - DOUBTS
    if unknown:
        raise Invalid("import_code_unknown", "没有这一类提醒", "No such kind of doubt.", field="accept")
    return retrying(lambda: _confirm(batch.id, sorted(set(accept))))


def _confirm(import_id: int, accept: list[str]) -> ShipImport:
    batch = lock(import_id)
    if batch.state in ("booking", "booked"):
        return batch
    IMPORT.next(batch.state, "confirm")
    todo = ShipImportRow.objects.filter(batch=batch, action__in=["ship", "correct"])
    chosen = todo.filter(severity="ok").update(result="waiting")
    doubtful = todo.filter(severity="confirm").values_list("id", "problems")
    agreed = [row for row, problems in doubtful if DOUBTS.intersection(c for c, _ in problems) <= set(accept)]
    for start in range(0, len(agreed), 500):
        chosen += ShipImportRow.objects.filter(id__in=agreed[start : start + 500]).update(result="waiting")
    todo.filter(result="").update(result="skipped")
    if not chosen:
        raise Conflict("import_nothing_to_book", "没有可以发货的行", "No row can be booked.")
    move(batch, "confirm", accepted=accept, confirmed_at=now())
    enqueue(batch)
    return batch


def discard(person: Person, import_id: int) -> ShipImport:
    """Drop a preview; nothing was booked by it. Again: no change. Raises Conflict `illegal_transition`."""
    batch = access_import(person, import_id)
    return retrying(lambda: _discard(batch.id))


def _discard(import_id: int) -> ShipImport:
    batch = lock(import_id)
    if batch.state == "discarded":
        return batch
    move(batch, "discard")
    ShipImportRow.objects.filter(batch=batch).delete()
    return batch


def tidy() -> int:
    """Drop previews nobody confirmed, take up what its worker left, delete files nobody reads; answers how many batches moved."""
    moment, moved = now(), 0
    for batch in ShipImport.objects.filter(state="preview", seen_at__lt=moment - KEEP_PREVIEW)[:50]:
        moved += retrying(lambda batch=batch: _discard_old(batch.id, moment))  # type: ignore[misc]
    for batch in ShipImport.objects.filter(state__in=list(WORKING), seen_at__lt=moment - SILENT)[:50]:
        moved += retrying(lambda batch=batch: _again(batch.id, moment))  # type: ignore[misc]
    reading = ShipImport.objects.filter(state="reading").values_list("file_key", flat=True)
    # A file is written before its row.
    files.sweep(set(reading), older=moment - SILENT)
    return moved


def _discard_old(import_id: int, moment: datetime) -> bool:
    batch = lock(import_id)
    if batch.state != "preview" or batch.seen_at >= moment - KEEP_PREVIEW:
        return False
    _discard(import_id)
    return True


def _again(import_id: int, moment: datetime) -> bool:
    batch = lock(import_id)
    if batch.state not in WORKING or batch.seen_at >= moment - SILENT:
        return False
    batch.seen_at = moment
    batch.save(update_fields=["seen_at"])
    enqueue(batch)
    return True
