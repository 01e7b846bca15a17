"""Routes of imported sheets of tracking numbers. The leader of the store only."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile

from yantuan.fulfilment.imports import actions, queries, template, undoing
from yantuan.fulfilment.imports.access import access_import
from yantuan.fulfilment.imports.schemas import (
    ConfirmIn,
    ImportBrief,
    ImportOut,
    ImportRowOut,
    UndoOutlook,
)
from yantuan.identity.auth import signed_in
from yantuan.kernel.clock import china_text, now
from yantuan.kernel.http import IdIn, Page
from yantuan.kernel.sheets.cells import plain
from yantuan.kernel.sheets.writing import XLSX
from yantuan.stores.access import access_store, person_of

router = Router(tags=["shipping imports"], auth=signed_in)


@router.post("/leader/stores/{store_id}/ship-imports", response={202: ImportOut, 200: ImportOut})
def send_ship_import(
    request: HttpRequest,
    store_id: IdIn,
    file: File[UploadedFile],
    title: Form[str] = "",
    carrier: Form[str] = "",
    fresh: Form[bool] = False,
) -> Status[ImportOut]:
    """xlsx or csv up to 10 MB. 202: it is being read; 200: the very same file was sent before, and this is what became of it."""
    person = person_of(request)
    store = access_store(person, store_id)
    batch, again = actions.receive(
        person, store, plain(title or file.name or ""), file.chunks(), carrier=carrier[:12], fresh=fresh
    )
    return Status(200 if again else 202, queries.import_out(batch, again=again))


@router.get("/leader/stores/{store_id}/ship-imports", response=list[ImportBrief])
def list_ship_imports(request: HttpRequest, store_id: IdIn) -> list[ImportBrief]:
    """The newest sheets of a store."""
    return queries.latest(access_store(person_of(request), store_id))


@router.get("/leader/stores/{store_id}/ship-template", response={200: None})
def download_ship_template(
    request: HttpRequest, store_id: IdIn, group_buy_id: IdIn | None = None, by_line: bool = False
) -> HttpResponse:
    """Orders that wait to be shipped as a workbook to fill in; every download is on record."""
    person = person_of(request)
    data = template.fill(person, access_store(person, store_id), group_buy_id=group_buy_id, by_line=by_line)
    return _workbook(data, f"发货-{china_text(now())[:10]}.xlsx")


@router.get("/leader/ship-imports/{import_id}", response=ImportOut)
def read_ship_import(request: HttpRequest, import_id: IdIn) -> ImportOut:
    return queries.import_out(access_import(person_of(request), import_id))


@router.get("/leader/ship-imports/{import_id}/rows", response=Page[ImportRowOut])
def list_ship_import_rows(
    request: HttpRequest,
    import_id: IdIn,
    severity: str = "",
    problem: str = "",
    result: str = "",
    cursor: str = "",
) -> Page[ImportRowOut]:
    """Rows in the order of the sheet."""
    batch = access_import(person_of(request), import_id)
    return queries.rows_of(batch, severity=severity, problem=problem, result=result, cursor=cursor)


@router.get("/leader/ship-imports/{import_id}/problems", response={200: None})
def download_ship_import_problems(request: HttpRequest, import_id: IdIn) -> HttpResponse:
    """The rows that weren't booked with their reasons, as a workbook."""
    batch = access_import(person_of(request), import_id)
    return _workbook(template.problems(batch), f"没有发的行-{batch.title[:40]}.xlsx")


@router.post("/leader/ship-imports/{import_id}/confirm", response=ImportOut)
def confirm_ship_import(request: HttpRequest, import_id: IdIn, body: ConfirmIn) -> ImportOut:
    """Book what is right, and what is doubtful in the ways agreed to; done by the worker. Again: no change."""
    return queries.import_out(actions.confirm(person_of(request), import_id, body.accept))


@router.post("/leader/ship-imports/{import_id}/discard", response=ImportOut)
def discard_ship_import(request: HttpRequest, import_id: IdIn) -> ImportOut:
    return queries.import_out(actions.discard(person_of(request), import_id))


@router.get("/leader/ship-imports/{import_id}/undo", response=UndoOutlook)
def read_ship_import_undo(request: HttpRequest, import_id: IdIn) -> UndoOutlook:
    """What taking the batch back would do."""
    return queries.undo_outlook(access_import(person_of(request), import_id))


@router.post("/leader/ship-imports/{import_id}/undo", response=ImportOut)
def undo_ship_import(request: HttpRequest, import_id: IdIn) -> ImportOut:
    """Take back what has not moved yet; done by the worker. Again: no change."""
    return queries.import_out(undoing.undo(person_of(request), import_id))


def _workbook(data: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=XLSX)
    answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
