"""After-sales, sales and full exports on a wide screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)

from yantuan.aftersales import actions as aftersales
from yantuan.aftersales import queries as cases
from yantuan.aftersales.access import access_aftersale_as_leader
from yantuan.aftersales.models import AfterSale
from yantuan.aftersales.schemas import AgreeIn, RefuseIn
from yantuan.desk import rules, words
from yantuan.desk.page import PIECE, desk_page, piece, show, visit_of
from yantuan.groupbuys import queries as groupbuys
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity import stepup
from yantuan.kernel.clock import china_text
from yantuan.kernel.errors import Invalid, NotFound
from yantuan.kernel.sheets.writing import XLSX
from yantuan.orders.lists import LEADER_TABS
from yantuan.reports import exports
from yantuan.reports.columns import View
from yantuan.stores.access import access_store
from yantuan.stores.models import Store

ANSWER: Final = 200
SALE_STATES: Final = {
    "": ("全部", "All"), "open": ("进行中", "Open"), "coming": ("即将开始", "Coming"), "draft": ("草稿", "Drafts"), "ended": ("已结束", "Ended"),
    "closed": ("已截单", "Closed"),
}  # fmt: skip
EXPORT_STATES: Final = {
    "waiting_approval": ("等待平台复核", "Waits for the platform"), "queued": ("排队中", "Queued"), "running": ("正在生成", "Being written"),
    "done": ("可以下载", "Ready"), "rejected": ("复核没有通过", "Rejected"), "failed": ("没有生成", "Failed"), "expired": ("已过期", "Expired"),
}  # fmt: skip


_WORDS: Final = {"kinds": words.CASE_KINDS, "states": words.CASE_STATES}


@desk_page("list_store_aftersales")
def aftersale_list(request: HttpRequest, store_id: int) -> HttpResponse:
    """Cases that wait, or all."""
    store = access_store(visit_of(request).person, store_id)
    tab = request.GET.get("tab", "open")
    found = cases.leader_cases(store, tab=tab, cursor=request.GET.get("cursor", ""))
    return show(request, "desk/aftersales.html", store, "aftersales", found=found, tab=tab, **_WORDS)


def _case(request: HttpRequest, store_id: int, case_id: int) -> AfterSale:
    case = access_aftersale_as_leader(visit_of(request).person, case_id)
    if case.store_id != store_id:
        raise NotFound("没有找到这个售后", "No such case.")
    return case


@desk_page("read_aftersale_as_leader")
def aftersale(request: HttpRequest, store_id: int, aftersale_id: int) -> HttpResponse:
    """One case: a part for the drawer, else a page of its own."""
    visit = visit_of(request)
    case = _case(request, store_id, aftersale_id)
    store = Store.objects.select_related("leader__person").get(id=store_id)
    more = {
        "case": cases.detail(case, "leader"), **_WORDS, "store_id": store_id, "may_agree": visit.may(store, "agree_aftersale"),
        "may_see": visit.may(store, "read_store_order"),
    }  # fmt: skip
    if request.headers.get(PIECE):
        return piece(request, "desk/case_body.html", **more)
    return show(request, "desk/case.html", store, "aftersales", **more)


def _decided(request: HttpRequest, store_id: int, case_id: int, decide: Callable[[], object]) -> HttpResponse:
    _case(request, store_id, case_id)
    decide()
    if request.headers.get(PIECE):
        return JsonResponse(
            {"outcomes": [{"id": str(case_id), "number": None, "done": True, "code": "", "text": ""}]}
        )
    return HttpResponseRedirect(f"/desk/{store_id}/aftersales/{case_id}")


@desk_page("agree_aftersale", "POST", writes=True)
def agree(request: HttpRequest, store_id: int, aftersale_id: int) -> HttpResponse:
    """Give what was asked for; large sums ask for the code of the phone's page."""
    person = visit_of(request).person
    return _decided(
        request, store_id, aftersale_id, lambda: aftersales.agree(person, aftersale_id, AgreeIn(), stepup.confirmed_at(request))
    )  # fmt: skip


@desk_page("refuse_aftersale", "POST", writes=True)
def refuse(request: HttpRequest, store_id: int, aftersale_id: int) -> HttpResponse:
    """Refuse with a reason the buyer reads."""
    person = visit_of(request).person
    answer = rules.clean(request.POST.get("text", ""), ANSWER)
    if len(answer) < 2:
        raise Invalid(
            "reason_needed", "写一句原因，买家会看到", "Write a reason; the buyer reads it.", field="text"
        )
    return _decided(
        request,
        store_id,
        aftersale_id,
        lambda: aftersales.refuse(person, aftersale_id, RefuseIn(answer=answer)),
    )


@desk_page("list_group_buys")
def sales(request: HttpRequest, store_id: int) -> HttpResponse:
    """The store's sales with their figures; writing them stays on the phone's pages."""
    visit = visit_of(request)
    store = access_store(visit.person, store_id)
    status = request.GET.get("status", "")
    if status not in SALE_STATES:
        raise Invalid("filter_unknown", "没有这个分类", "No such filter.", field="status")
    found = groupbuys.group_buy_rows(store, wanted=status, cursor=request.GET.get("cursor", ""))
    return show(
        request, "desk/sales.html", store, "sales", found=found, status=status, states=SALE_STATES,
        may_write=visit.may(store, "update_group_buy"), may_read=visit.may(store, "list_store_orders"),
        may_count=visit.may(store, "read_sale_statement"),
    )  # fmt: skip


@desk_page("list_exports")
def export_list(request: HttpRequest, store_id: int) -> HttpResponse:
    """Full exports: asked for here, written by the worker, kept for a day."""
    visit = visit_of(request)
    store = access_store(visit.person, store_id)
    rows = exports.latest(visit.person, store)
    named = dict(GroupBuy.objects.filter(store_id=store.id).values_list("id", "title"))
    return show(
        request, "desk/exports.html", store, "exports", rows=rows, named=named, states=EXPORT_STATES, sales=list(named.items())[::-1][:200],
        tabs=words.TABS, may_ask=visit.may(store, "request_export"), working=any(row.state in ("queued", "running") for row in rows),
    )  # fmt: skip


@desk_page("request_export", "POST", writes=True)
def ask_export(request: HttpRequest, store_id: int) -> HttpResponse:
    """One tab, of one sale or of all."""
    person = visit_of(request).person
    store = access_store(person, store_id)
    sale = request.POST.get("sale", "")
    if sale and not (sale.isascii() and sale.isdigit() and len(sale) <= 18):
        raise Invalid("group_buy_id_invalid", "团购编号不对", "Not an id.", field="sale")
    tab = request.POST.get("tab", "all")
    if tab not in LEADER_TABS:
        raise Invalid("tab_unknown", "没有这个分类", "No such tab.", field="tab")
    view: View = "orders" if request.POST.get("view") == "orders" else "lines"
    exports.request(person, store, group_buy_id=int(sale) if sale else None, tab=tab, view=view)
    return HttpResponseRedirect(f"/desk/{store.id}/exports")


@desk_page("download_export")
def export_file(request: HttpRequest, store_id: int, export_id: int) -> HttpResponseBase:
    """The sheet; every download is on record."""
    person = visit_of(request).person
    export = exports.access_export(person, export_id)
    if export.store_id != store_id:
        raise NotFound("没有找到这次导出", "No such export.")
    name = f"订单-{china_text(export.created_at)[:10]}-{export.orders_done}.xlsx"
    path = exports.open_file(person, export)
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=XLSX)
