"""The orders table and one order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse

from yantuan.catalog.models import Product
from yantuan.desk import bulk, export, rules, saved, table, words
from yantuan.desk.page import PIECE, Visit, desk_page, piece, show, visit_of
from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.errors import NotFound
from yantuan.kernel.ids import new_token
from yantuan.members.models import MemberTag
from yantuan.orders.access import access_order_as_leader
from yantuan.orders.lists import order_counts
from yantuan.orders.models import Order
from yantuan.orders.queries import order_detail
from yantuan.payments.models import OfflineProof
from yantuan.stores.access import access_store
from yantuan.stores.models import PickupPoint, Store

_CHOICES: Final = 200
"""Sales, products and tags offered in the panel, the newest or commonest."""
_LABELS: Final = {
    "payments": words.PAYMENT, "deliveries": words.DELIVERY, "cases": words.AFTERSALE, "ways": words.WAYS, "methods": words.METHODS,
    "notes": words.NOTES, "sorts": words.SORTS,
}  # fmt: skip


def choices(store: Store, visit: Visit) -> dict[str, Any]:
    """What the panel of filters offers in this store."""
    sales = GroupBuy.objects.filter(store_id=store.id).order_by("-id")
    products = Product.objects.filter(store_id=store.id).order_by("-id")
    points = PickupPoint.objects.filter(store_id=store.id).order_by("id")
    tags: list[str] = []
    if visit.may(store, "list_members"):
        tags = list(
            MemberTag.objects.filter(store_id=store.id).values_list("name", flat=True).distinct()[:_CHOICES]
        )
    return {
        "sales": list(sales.values_list("id", "title")[:_CHOICES]),
        "products": list(products.values_list("id", "title")[:_CHOICES]),
        "points": list(points.values_list("id", "name")),
        "tags": tags,
        **_LABELS,
    }


def _tabs(store: Store, wanted: rules.Filters) -> list[dict[str, Any]]:
    counts = order_counts(store).model_dump()
    return [
        {"key": key, "text": text, "count": counts.get(key), "query": rules.write(replace(wanted, tab=key))}
        for key, text in words.TABS.items()
    ]


def _heads(wanted: rules.Filters) -> list[dict[str, Any]]:
    """Headings; one that orders the table leads to that order, or to its opposite when it is in force."""
    heads = []
    for key in wanted.cols:
        column = words.BY_KEY[key]
        other = {"new": "old", "room": "new"}.get(column.sort, f"-{column.sort}")
        goal = other if wanted.sort == column.sort else column.sort
        arrow = "↓" if wanted.sort in (f"-{column.sort}", "new") else "↑"
        on = (
            bool(column.sort)
            and wanted.sort in (column.sort, other)
            and not (key == "place" and wanted.sort == "new")
        )
        query = rules.write(replace(wanted, sort=goal)) if column.sort else ""
        heads.append({"column": column, "query": query, "sorted": on, "arrow": arrow if on else ""})
    return heads


_OFFERED: Final = {
    "note": "write_order_note", "remind": "remind_unpaid_order", "confirm": "confirm_payment_proof", "reject": "reject_payment_proof", "refund": "refund_order", "hand_out": "hand_out_order",
    "reveal": "reveal_recipient", "tag": "write_member", "ship": "send_ship_import", "sheet": "request_export",
}  # fmt: skip


def _may(store: Store, visit: Visit) -> dict[str, bool]:
    """Which acts the page offers this person."""
    return {name: visit.may(store, operation) for name, operation in _OFFERED.items()}


def _proof(order_id: int) -> bool:
    """Whether a proof of payment waits for the leader."""
    return OfflineProof.objects.filter(order_id=order_id, state="sent").exists()


@desk_page("list_store_orders")
def orders(request: HttpRequest, store_id: int) -> HttpResponse:
    """The table: a page of rows that fit, with the sums over all of them."""
    store = access_store(visit_of(request).person, store_id)
    asked = dict(request.GET.lists())
    wanted = rules.read(asked) if asked else saved.usual(visit_of(request).person, store) or rules.Filters()
    fitting = table.fitting(store, wanted)
    found = table.page(
        store, fitting, wanted.sort, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    sums = table.totals(fitting)
    tracking = table.tracking_of([row.id for row in found.rows]) if "tracking" in wanted.cols else {}
    query = rules.write(wanted)
    return show(
        request, "desk/orders.html", store, "orders", wanted=wanted, query=query, found=found, sums=sums, tracking=tracking,
        tabs=_tabs(store, wanted), heads=_heads(wanted), columns=words.COLUMNS, choices=choices(store, visit_of(request)),
        cleared=rules.write(rules.Filters(sort=wanted.sort, cols=wanted.cols)), payments=words.PAYMENT, deliveries=words.DELIVERY,
        cases=words.AFTERSALE, methods=words.METHODS, most=table.MOST_CHOSEN,
        views=saved.views(visit_of(request).person, store), may=_may(store, visit_of(request)), at_once=bulk.AT_ONCE,
        sheet_most=export.most(), key=new_token(12),
    )  # fmt: skip


@desk_page("list_store_orders")
def order_ids(request: HttpRequest, store_id: int) -> JsonResponse:
    """The orders that fit, for choosing them all."""
    store = access_store(visit_of(request).person, store_id)
    wanted = rules.read(dict(request.GET.lists()))
    fitting = table.fitting(store, wanted)
    return JsonResponse({"ids": table.ids(fitting, wanted.sort), "all": fitting.count()})


@desk_page("read_store_order")
def order(request: HttpRequest, store_id: int, order_id: int) -> HttpResponse:
    """One order in full: a part for the drawer, else a page of its own."""
    visit = visit_of(request)
    found = access_order_as_leader(visit.person, order_id)
    if found.store_id != store_id:
        raise NotFound("没有找到这个订单", "No such order.")
    store = Store.objects.select_related("leader").get(id=store_id)
    if request.headers.get(PIECE):
        return order_part(request, found)
    return show(request, "desk/order.html", store, "orders", **_order_context(visit, store, found))


def _order_context(visit: Visit, store: Store, found: Order) -> dict[str, Any]:
    return {
        "order": order_detail(found, "leader"), "may": _may(store, visit), "key": new_token(12), "proof": _proof(found.id), "payments": words.PAYMENT, "deliveries": words.DELIVERY,
        "cases": words.AFTERSALE, "methods": words.METHODS, "store_id": store.id,
    }  # fmt: skip


def order_part(request: HttpRequest, found: Order) -> HttpResponse:
    """One order for the drawer, as it is now; the caller passed `access_order_as_leader`."""
    store = Store.objects.select_related("leader").get(id=found.store_id)
    return piece(request, "desk/order_body.html", **_order_context(visit_of(request), store, found))
