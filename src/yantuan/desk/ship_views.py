"""Shipping many: a courier's sheet, or numbers typed beside the orders; both go through the phone's import with its preview."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from yantuan.desk import rules
from yantuan.desk.page import desk_page, show, visit_of
from yantuan.fulfilment.carriers import CARRIERS
from yantuan.fulfilment.imports import actions, queries, template, undoing
from yantuan.fulfilment.imports.access import access_import
from yantuan.fulfilment.imports.models import ShipImport
from yantuan.fulfilment.imports.states import WORKING
from yantuan.identity.models import Person
from yantuan.kernel.clock import china_text, now
from yantuan.kernel.errors import Invalid, NotFound
from yantuan.kernel.sheets.cells import plain
from yantuan.kernel.sheets.writing import XLSX
from yantuan.orders.lists import LEADER_TABS
from yantuan.orders.models import Order
from yantuan.orders.queries import order_rows, with_rows
from yantuan.stores.access import access_store
from yantuan.stores.models import Store

TYPED: Final = 100
"""Orders one page of typed numbers holds."""
NUMBER: Final = 40


def _to_ship(store: Store, chosen: str) -> Any:
    rows = Order.objects.filter(LEADER_TABS["to_ship"], store_id=store.id)
    ids = [int(one) for one in chosen.split(",") if one.isascii() and one.isdigit() and len(one) <= 18]
    return rows.filter(id__in=ids) if chosen else rows


@desk_page("list_ship_imports")
def shipping(request: HttpRequest, store_id: int) -> HttpResponse:
    """Send a sheet, or type numbers beside the orders that wait; below, the sheets sent before."""
    store = access_store(visit_of(request).person, store_id)
    chosen = request.GET.get("ids", "")[:4000]
    waiting = _to_ship(store, chosen)
    found = list(with_rows(waiting).order_by("id")[:TYPED])
    return show(
        request, "desk/shipping.html", store, "shipping", rows=order_rows(found, "leader"), waiting=waiting.count(), chosen=chosen,
        carriers=CARRIERS, sheets=queries.latest(store), states=STATES,
    )  # fmt: skip


def _carrier(request: HttpRequest) -> str:
    return request.POST.get("carrier", "")[:12]


@desk_page("send_ship_import", "POST", writes=True)
def send(request: HttpRequest, store_id: int) -> HttpResponse:
    """A file, or the numbers typed; on to the preview."""
    person = visit_of(request).person
    store = access_store(person, store_id)
    file = request.FILES.get("file")
    if file is not None:
        batch, _ = actions.receive(
            person, store, plain(file.name or ""), file.chunks(), carrier=_carrier(request), fresh=True
        )
    else:
        batch = _typed(request, person, store)
    return HttpResponseRedirect(f"/desk/{store.id}/shipping/{batch.id}")


def _typed(request: HttpRequest, person: Person, store: Store) -> ShipImport:
    """The numbers as a sheet of our own kind, so that they are judged like any other."""
    rows = [
        (order, rules.clean(number, NUMBER))
        for order, number in zip(request.POST.getlist("order"), request.POST.getlist("number"), strict=False)
    ]
    filled = [(order[:20], number) for order, number in rows if number]
    if not filled:
        raise Invalid(
            "tracking_needed",
            "先填运单号，或选一个文件",
            "Type tracking numbers, or choose a file.",
            field="number",
        )
    title = f"{'手填' if not visit_of(request).english else 'Typed'} {china_text(now())[5:]}"
    batch, _ = actions.receive(person, store, title, [as_csv(filled)], carrier=_carrier(request), fresh=True)
    return batch


def as_csv(rows: Sequence[tuple[str, str]]) -> bytes:
    """(order, tracking number) under the headings the importer knows."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["订单号", "运单号"])
    writer.writerows(rows)
    return out.getvalue().encode()


def _batch(request: HttpRequest, store_id: int, import_id: int) -> tuple[Store, ShipImport]:
    person = visit_of(request).person
    batch = access_import(person, import_id)
    if batch.store_id != store_id:
        raise NotFound("没有找到这份表格", "No such sheet.")
    return Store.objects.select_related("leader__person").get(id=store_id), batch


@desk_page("read_ship_import")
def sheet(request: HttpRequest, store_id: int, import_id: int) -> HttpResponse:
    """What is right, doubtful and wrong in a sheet, row by row; then what became of it."""
    store, batch = _batch(request, store_id, import_id)
    severity = request.GET.get("severity", "")
    out = queries.import_out(batch)
    rows = queries.rows_of(
        batch, severity=severity, problem=request.GET.get("problem", ""), result=request.GET.get("result", ""),
        cursor=request.GET.get("cursor", ""),
    )  # fmt: skip
    outlook = queries.undo_outlook(batch) if batch.state == "booked" else None
    return show(
        request, "desk/sheet.html", store, "shipping", sheet=out, rows=rows, severity=severity, outlook=outlook, states=STATES,
        working=batch.state in WORKING, results=RESULTS, doubts=[one for one in out.problems if one.weight == "confirm"],
    )  # fmt: skip


@desk_page("confirm_ship_import", "POST", writes=True)
def confirm(request: HttpRequest, store_id: int, import_id: int) -> HttpResponse:
    """Book what is right, and the doubts agreed to."""
    _batch(request, store_id, import_id)
    actions.confirm(visit_of(request).person, import_id, request.POST.getlist("accept")[:40])
    return HttpResponseRedirect(f"/desk/{store_id}/shipping/{import_id}")


@desk_page("discard_ship_import", "POST", writes=True)
def discard(request: HttpRequest, store_id: int, import_id: int) -> HttpResponse:
    """Drop a preview."""
    _batch(request, store_id, import_id)
    actions.discard(visit_of(request).person, import_id)
    return HttpResponseRedirect(f"/desk/{store_id}/shipping")


@desk_page("undo_ship_import", "POST", writes=True)
def undo(request: HttpRequest, store_id: int, import_id: int) -> HttpResponse:
    """Take a booked sheet back, as far as its parcels have not moved."""
    _batch(request, store_id, import_id)
    undoing.undo(visit_of(request).person, import_id)
    return HttpResponseRedirect(f"/desk/{store_id}/shipping/{import_id}")


@desk_page("download_ship_import_problems")
def problems(request: HttpRequest, store_id: int, import_id: int) -> HttpResponse:
    """The rows that were not booked, as a workbook."""
    _, batch = _batch(request, store_id, import_id)
    answer = HttpResponse(template.problems(batch), content_type=XLSX)
    answer["Content-Disposition"] = 'attachment; filename="problems.xlsx"'
    return answer


@desk_page("download_ship_template")
def blank(request: HttpRequest, store_id: int) -> HttpResponse:
    """Orders that wait, as a workbook to fill in."""
    person = visit_of(request).person
    store = access_store(person, store_id)
    answer = HttpResponse(template.fill(person, store, group_buy_id=None, by_line=False), content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="to-ship-{china_text(now())[:10]}.xlsx"'
    return answer


STATES: Final = {
    "reading": ("正在读取", "Reading"), "preview": ("待确认", "To be agreed"), "booking": ("正在发货", "Booking"), "booked": ("已发货", "Booked"),
    "undoing": ("正在撤回", "Taking back"), "refused": ("没有读取", "Not read"), "discarded": ("已放弃", "Dropped"),
    "undone": ("已撤回", "Taken back"),
}  # fmt: skip
RESULTS: Final = {
    "waiting": ("等待处理", "Waiting"), "skipped": ("没有发", "Skipped"), "booked": ("已发货", "Booked"), "partly": ("部分发出", "In part"), "corrected": ("已更正", "Corrected"),
    "same": ("不用改", "Unchanged"), "refused": ("没有发", "Refused"), "undone": ("已撤回", "Taken back"), "kept": ("保留", "Kept"),
}  # fmt: skip
