"""Routes of a leader's numbers."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import FileResponse, HttpRequest
from ninja import Router, Status

from yantuan.identity.auth import signed_in
from yantuan.kernel.clock import now
from yantuan.kernel.http import IdIn
from yantuan.kernel.sheets.writing import XLSX
from yantuan.reports import choosing, exports, statements
from yantuan.reports.schemas import (
    ColumnsIn,
    ColumnsOut,
    ExportIn,
    ExportOut,
    StatementOut,
    SummaryOut,
    export_out,
)
from yantuan.stores.access import access_store, person_of

router = Router(tags=["reports"], auth=signed_in)

DEFAULT_DAYS = 30


@router.get("/leader/stores/{store_id}/summary", response=SummaryOut)
def read_summary(request: HttpRequest, store_id: IdIn) -> SummaryOut:
    return statements.summary(access_store(person_of(request), store_id))


@router.get("/leader/stores/{store_id}/statement", response=StatementOut)
def read_statement(
    request: HttpRequest, store_id: IdIn, first: date | None = None, last: date | None = None
) -> StatementOut:
    """Without dates: the thirty days that end today, in Beijing."""
    store = access_store(person_of(request), store_id)
    end = last or statements.china_day(now())
    return statements.statement(store, first or end - timedelta(days=DEFAULT_DAYS - 1), end)


@router.post("/leader/stores/{store_id}/exports", response={201: ExportOut})
def request_export(request: HttpRequest, store_id: IdIn, body: ExportIn) -> Status[ExportOut]:
    """Orders as an Excel sheet, written in the background. One at a time per store, so a repeated press asks once."""
    person = person_of(request)
    store = access_store(person, store_id)
    return Status(
        201,
        export_out(
            exports.request(person, store, group_buy_id=body.group_buy_id, tab=body.tab, view=body.view)
        ),
    )


@router.get("/leader/stores/{store_id}/exports", response=list[ExportOut])
def list_exports(request: HttpRequest, store_id: IdIn) -> list[ExportOut]:
    """The newest exports of a store, with their progress."""
    person = person_of(request)
    return [export_out(one) for one in exports.latest(person, access_store(person, store_id))]


@router.get("/leader/stores/{store_id}/export-columns", response=ColumnsOut)
def read_export_columns(request: HttpRequest, store_id: IdIn) -> ColumnsOut:
    """Which columns the store's sheets hold, and which there are for this person."""
    person = person_of(request)
    return choosing.columns_out(person, access_store(person, store_id))


@router.put("/leader/stores/{store_id}/export-columns", response=ColumnsOut)
def choose_export_columns(request: HttpRequest, store_id: IdIn, body: ColumnsIn) -> ColumnsOut:
    """Choose and order the columns; kept for the store's next sheets."""
    person = person_of(request)
    store = access_store(person, store_id)
    choosing.choose(person, store, body.columns)
    return choosing.columns_out(person, store)


@router.get("/leader/exports/{export_id}", response=ExportOut)
def read_export(request: HttpRequest, export_id: IdIn) -> ExportOut:
    return export_out(exports.access_export(person_of(request), export_id))


@router.get("/leader/exports/{export_id}/file", response={200: None})
def download_export(request: HttpRequest, export_id: IdIn) -> FileResponse:
    """The sheet itself; every download is on record."""
    person = person_of(request)
    export = exports.access_export(person, export_id)
    name = f"订单-{statements.china_day(export.created_at)}-{export.orders_done}.xlsx"
    answer = FileResponse(exports.open_file(person, export).open("rb"), as_attachment=True, filename=name, content_type=XLSX)  # fmt: skip
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
