"""Send a sheet, let it be judged, agree to it or drop it. Booking and withdrawal are the worker's: `booking`, `undoing`."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from typing import Final

from django.db import DatabaseError, IntegrityError, transaction

from yantuan.fulfilment.carriers import carrier_of
from yantuan.fulfilment.imports.access import access_import
from yantuan.fulfilment.imports.codes import DOUBTS
from yantuan.fulfilment.imports.files import KEEP
from yantuan.fulfilment.imports.gathering import gather
from yantuan.fulfilment.imports.judging import judge
from yantuan.fulfilment.imports.models import ShipImport, ShipImportRow
from yantuan.fulfilment.imports.reading import LIMITS, Read, read_file
from yantuan.fulfilment.imports.states import IMPORT
from yantuan.fulfilment.imports.verdicts import Verdict
from yantuan.identity.models import Person
from yantuan.kernel import ratelimit
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError, Conflict, Invalid
from yantuan.kernel.sheets.batches import Batches
from yantuan.stores.models import Store

_log = logging.getLogger(__name__)
TOPICS: Final = {"reading": "shipimport.read", "booking": "shipimport.book", "undoing": "shipimport.undo"}
PER_TEN_MINUTES: Final = 20
BATCHES: Final = Batches(ShipImport, IMPORT, KEEP, TOPICS)
lock, move, enqueue, tidy = BATCHES.lock, BATCHES.move, BATCHES.enqueue, BATCHES.tidy


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
    key, digest, size = KEEP.keep(chunks, LIMITS)
    digest = hashlib.sha256(f"{digest} {carrier}".encode()).hexdigest()
    try:
        earlier = BATCHES.again(store.id, digest, fresh=fresh)
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
        earlier = BATCHES.again(store.id, digest, fresh=False)
        if earlier is None:
            KEEP.drop(key)
            raise
    except BaseException:
        KEEP.drop(key)
        raise
    KEEP.drop(key)
    return earlier, True


def read(import_id: int) -> None:
    """Read and judge an uploaded file. A file that can't be used ends the batch as `refused`, with the reason."""
    batch = ShipImport.objects.filter(id=import_id, state="reading").first()
    if batch is None:
        return
    try:
        found = read_file(KEEP.path_of(batch.file_key))
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
    KEEP.drop(batch.file_key)


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
    return BATCHES.discard(access_import(person, import_id))
