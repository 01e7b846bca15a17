"""Routes of imported sheets of goods."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile

from yantuan.catalog.imports import actions, queries, template
from yantuan.catalog.imports.access import access_goods_import
from yantuan.catalog.imports.schemas import GoodsConfirmIn, GoodsImportBrief, GoodsImportOut, GoodsRowOut
from yantuan.identity.auth import signed_in
from yantuan.kernel.http import IdIn, Page
from yantuan.kernel.sheets.cells import plain
from yantuan.kernel.sheets.writing import XLSX
from yantuan.stores.access import access_store, person_of

router = Router(tags=["goods imports"], auth=signed_in)


@router.post("/leader/stores/{store_id}/goods-imports", response={201: GoodsImportOut, 200: GoodsImportOut})
def send_goods_import(
    request: HttpRequest,
    store_id: IdIn,
    file: File[UploadedFile],
    title: Form[str] = "",
    fresh: Form[bool] = False,
) -> Status[GoodsImportOut]:
    """xlsx or csv up to 10 MB and 2,000 rows. 201: judged; 200: the very same file was sent before, and this is what became of it."""
    person = person_of(request)
    store = access_store(person, store_id)
    batch, again = actions.receive(person, store, plain(title or file.name or ""), file.chunks(), fresh=fresh)
    return Status(200 if again else 201, queries.import_out(batch, again=again))


@router.get("/leader/stores/{store_id}/goods-imports", response=list[GoodsImportBrief])
def list_goods_imports(request: HttpRequest, store_id: IdIn) -> list[GoodsImportBrief]:
    """The newest sheets of a store."""
    return queries.latest(access_store(person_of(request), store_id))


@router.get("/leader/stores/{store_id}/goods-template", response={200: None})
def download_goods_template(request: HttpRequest, store_id: IdIn) -> HttpResponse:
    """A workbook to fill in."""
    access_store(person_of(request), store_id)
    response = HttpResponse(template.fill(), content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, "商品导入模板.xlsx") or "attachment"
    return response


@router.get("/leader/goods-imports/{goods_import_id}", response=GoodsImportOut)
def read_goods_import(request: HttpRequest, goods_import_id: IdIn) -> GoodsImportOut:
    return queries.import_out(access_goods_import(person_of(request), goods_import_id))


@router.get("/leader/goods-imports/{goods_import_id}/rows", response=Page[GoodsRowOut])
def list_goods_import_rows(
    request: HttpRequest, goods_import_id: IdIn, severity: str = "", result: str = "", cursor: str = ""
) -> Page[GoodsRowOut]:
    """Rows in the order of the sheet."""
    batch = access_goods_import(person_of(request), goods_import_id)
    return queries.rows_of(batch, severity=severity, result=result, cursor=cursor)


@router.post("/leader/goods-imports/{goods_import_id}/confirm", response=GoodsImportOut)
def confirm_goods_import(request: HttpRequest, goods_import_id: IdIn, body: GoodsConfirmIn) -> GoodsImportOut:
    """Take the chosen rows into the library; done by the worker. Again: no change."""
    return queries.import_out(actions.confirm(person_of(request), goods_import_id, body))


@router.post("/leader/goods-imports/{goods_import_id}/discard", response=GoodsImportOut)
def discard_goods_import(request: HttpRequest, goods_import_id: IdIn) -> GoodsImportOut:
    """Drop a preview. Again: no change."""
    return queries.import_out(actions.discard(person_of(request), goods_import_id))
