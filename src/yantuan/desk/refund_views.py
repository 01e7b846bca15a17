"""The pages of a refund: the form, what it comes to, and the phone's verb. In the drawer each is a part of a page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from yantuan.desk import refunding
from yantuan.desk.order_views import order_part
from yantuan.desk.page import PIECE, desk_page, piece, show, visit_of
from yantuan.identity import stepup
from yantuan.identity.limits import address_of
from yantuan.kernel.errors import AppError, NotFound
from yantuan.orders.access import access_order_as_leader
from yantuan.orders.models import Order
from yantuan.payments import actions as payments
from yantuan.payments.access import access_refund_as_leader
from yantuan.staff.access import guarded
from yantuan.stores.models import Store


def _order(request: HttpRequest, store_id: int, order_id: int) -> Order:
    order = access_order_as_leader(visit_of(request).person, order_id)
    if order.store_id != store_id:
        raise NotFound("没有找到这个订单", "No such order.")
    return order


def _step(
    request: HttpRequest, order: Order, filled: refunding.Typed, error: AppError | None = None, **more: Any
) -> HttpResponse:
    """One step as a page or a part of one; what is wrong stands in it."""
    en = visit_of(request).english
    asks = error is not None and error.code == "step_up_needed"
    context = {
        "order": order, "store_id": order.store_id, "filled": filled, "left_fen": refunding.left_fen(order),
        "trouble": "" if error is None else error.en if en else error.zh, "asks_code": asks or more.get("code_sent", False),
        "phone": error.details.get("phone_masked", "") if asks and error else "", **more,
    }  # fmt: skip
    if request.headers.get(PIECE):
        answer = piece(request, "desk/refund_body.html", **context)
    else:
        store = Store.objects.select_related("leader").get(id=order.store_id)
        answer = show(request, "desk/refund.html", store, "orders", **context)
    answer.status_code = 200 if error is None else error.status
    return answer


@desk_page("refund_order")
def form(request: HttpRequest, store_id: int, order_id: int) -> HttpResponse:
    """Whole or by lines, with what is left."""
    order = _order(request, store_id, order_id)
    return _step(request, order, refunding.typed(order))


@desk_page("refund_order", "POST")
def look(request: HttpRequest, store_id: int, order_id: int) -> HttpResponse:
    """What it comes to, to be agreed to; or back to the form as it was filled."""
    order = _order(request, store_id, order_id)
    filled = refunding.typed(order, request.POST)
    if request.POST.get("step") == "edit":
        return _step(request, order, filled)
    try:
        planned = refunding.planned(order, filled)
    except AppError as error:
        return _step(request, order, filled, error)
    return _step(request, order, filled, planned=planned)


@desk_page("refund_order", "POST")
def send(request: HttpRequest, store_id: int, order_id: int) -> HttpResponse:
    """Start it once; a large sum asks for the code first."""
    order = _order(request, store_id, order_id)
    person, filled = visit_of(request).person, refunding.typed(order, request.POST)

    def started(request: HttpRequest, *, order_id: int) -> None:
        refunding.start(request, person, access_order_as_leader(person, order_id), filled)

    try:
        refunding.prove(request, person, request.POST.get("code", "").strip()[:6])
        guarded("refund_order", True, started)(request, order_id=order.id)
    except AppError as error:
        return _again(request, order, filled, error)
    if request.headers.get(PIECE):
        return order_part(request, order)
    return HttpResponseRedirect(f"/desk/{store_id}/orders/{order.id}")


def _again(
    request: HttpRequest, order: Order, filled: refunding.Typed, error: AppError, **more: Any
) -> HttpResponse:
    """The step to agree to once more, with what was wrong; the form where it no longer adds up."""
    try:
        planned = refunding.planned(order, filled)
    except AppError:
        return _step(request, order, filled, error, **more)
    wrong_code = bool(request.POST.get("code")) and error.code != "step_up_needed"
    return _step(request, order, filled, error, planned=planned, code_sent=wrong_code, **more)


@desk_page("refund_order", "POST")
def code(request: HttpRequest, store_id: int, order_id: int) -> HttpResponse:
    """A code for the person's own phone."""
    order = _order(request, store_id, order_id)
    filled = refunding.typed(order, request.POST)
    try:
        planned = refunding.planned(order, filled)
        stepup.send(visit_of(request).person, address_of(request))
    except AppError as error:
        return _again(request, order, filled, error)
    return _step(request, order, filled, planned=planned, code_sent=True)


@desk_page("confirm_offline_refund", "POST", writes=True)
def given_back(request: HttpRequest, store_id: int, refund_id: int) -> HttpResponse:
    """Money paid outside was sent back by hand."""
    return _after(request, store_id, refund_id, payments.confirm_offline_refund)


@desk_page("retry_refund", "POST", writes=True)
def try_again(request: HttpRequest, store_id: int, refund_id: int) -> HttpResponse:
    """A refund in trouble is tried again."""
    return _after(request, store_id, refund_id, payments.retry_refund)


def _after(request: HttpRequest, store_id: int, refund_id: int, act: Any) -> HttpResponse:
    person = visit_of(request).person
    refund = access_refund_as_leader(person, refund_id)
    if refund.store_id != store_id:
        raise NotFound("没有找到这笔退款", "No such refund.")
    act(person, refund_id)
    if request.headers.get(PIECE):
        return order_part(request, refund.order)
    return HttpResponseRedirect(f"/desk/{store_id}/orders/{refund.order_id}")
