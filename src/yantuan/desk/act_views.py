"""What a leader does from the table and the drawer: acts on orders, saved views, a look at a recipient, a sheet."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import content_disposition_header

from yantuan.desk import bulk, rules, saved
from yantuan.desk.export import orders_sheet
from yantuan.desk.page import PIECE, desk_page, show, visit_of
from yantuan.kernel import ratelimit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import china_text, now
from yantuan.kernel.errors import Forbidden, Invalid, NotFound
from yantuan.kernel.sheets.writing import XLSX
from yantuan.orders import actions as orders
from yantuan.orders import queries
from yantuan.orders.access import access_order_as_leader
from yantuan.orders.rules import recipient_visible
from yantuan.stores.access import access_store

SHEETS_PER_MINUTE: Final = 6


def _ids(values: list[str]) -> list[int]:
    found = [text for value in values for text in value.split(",") if text]
    if not found or not all(text.isascii() and text.isdigit() and len(text) <= 19 for text in found):
        raise Invalid("orders_needed", "先选中订单", "Choose orders first.", field="ids")
    return [min(int(text), rules.MAX_ID) for text in found]


@desk_page("list_store_orders", "POST")
def act(request: HttpRequest, store_id: int) -> HttpResponse:
    """Do one thing to the chosen orders; the answer says what became of each."""
    visit = visit_of(request)
    store = access_store(visit.person, store_id)
    verb = bulk.verb_of(request.POST.get("verb", ""))
    wish = bulk.wish_of(
        request.POST.get("text", ""), request.POST.get("key", ""), request.POST.get("looked", "")
    )
    outcomes = bulk.act(request, visit.person, store.id, verb, _ids(request.POST.getlist("ids")), wish)
    if request.headers.get(PIECE):
        said = [
            {"id": one.order_id, "number": one.number, "done": one.done, "code": one.code, "text": one.en if visit.english else one.zh}
            for one in outcomes
        ]  # fmt: skip
        return JsonResponse({"outcomes": said})
    return show(request, "desk/outcomes.html", store, "orders", outcomes=outcomes)


@desk_page("reveal_recipient", "POST", writes=True)
def reveal(request: HttpRequest, store_id: int, order_id: int) -> HttpResponse:
    """The recipient in full, where the phone shows it; audited."""
    person = visit_of(request).person
    order = access_order_as_leader(person, order_id)
    if order.store_id != store_id:
        raise NotFound("没有找到这个订单", "No such order.")
    if not recipient_visible(order, now()):
        raise Forbidden(
            "recipient_hidden",
            "订单未付款或已结束，不能查看完整收货信息",
            "Only a paid, open order shows its recipient.",
        )
    with transaction.atomic():
        orders.record_reveal(order, Actor("leader", person.id))
    return JsonResponse(queries.reveal_out(order).model_dump(mode="json"))


@desk_page("list_store_orders", "POST")
def save_view(request: HttpRequest, store_id: int) -> HttpResponse:
    """Keep the table as it stands under a name."""
    person = visit_of(request).person
    store = access_store(person, store_id)
    view = saved.save(
        person, store, request.POST.get("title", ""), request.POST.get("query", ""), default=request.POST.get("default") == "1"
    )  # fmt: skip
    return HttpResponseRedirect(f"/desk/{store.id}/orders?{view.query}")


@desk_page("list_store_orders", "POST")
def remove_view(request: HttpRequest, store_id: int, view_id: int) -> HttpResponse:
    """Delete one's own view."""
    person = visit_of(request).person
    store = access_store(person, store_id)
    saved.remove(person, store, view_id)
    return HttpResponseRedirect(f"/desk/{store.id}/orders?tab=all")


@desk_page("request_export", "POST", writes=True)
def sheet(request: HttpRequest, store_id: int) -> HttpResponse:
    """The table as it stands, with its columns, as a workbook; masked like the screen, and on record."""
    person = visit_of(request).person
    store = access_store(person, store_id)
    ratelimit.hit(f"desk-sheet:{person.id}", limit=SHEETS_PER_MINUTE, seconds=60)
    wanted = rules.read(saved.question(request.POST.get("query", "")))
    chosen = _ids(request.POST.getlist("ids")) if request.POST.get("ids") else []
    answer = HttpResponse(
        orders_sheet(person, store, wanted, chosen, english=visit_of(request).english), content_type=XLSX
    )
    name = f"{store.name}-订单-{china_text(now())[:10]}.xlsx"
    answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer
