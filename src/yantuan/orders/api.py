"""Routes of orders. Placing is answered by the hot lane in front of these; both call the same functions."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest
from ninja import Router, Status

from yantuan.identity.auth import signed_in
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Forbidden
from yantuan.kernel.http import IdIn, Page
from yantuan.kernel.idempotency import check_key
from yantuan.orders import actions, lists, queries
from yantuan.orders.access import access_order, access_order_as_leader
from yantuan.orders.drafts import Refused
from yantuan.orders.growing import my_parcel
from yantuan.orders.incoming import draft_of
from yantuan.orders.intake import place
from yantuan.orders.last_pickup import last_pickup
from yantuan.orders.quoting import quote
from yantuan.orders.readdress_queries import readdress_out
from yantuan.orders.readdress_schemas import ReaddressIn, ReaddressOut
from yantuan.orders.readdressing import readdress
from yantuan.orders.recipient_schemas import LastPickup, MyParcel
from yantuan.orders.rules import recipient_visible
from yantuan.orders.schemas import (
    NoteIn,
    OrderCounts,
    OrderDetail,
    OrderIn,
    OrderPlaced,
    OrderRow,
    QuoteIn,
    QuoteOut,
    RevealOut,
)
from yantuan.stores.access import access_store, person_of

router = Router(tags=["orders"], auth=signed_in)


@router.post("/orders/quote", response=QuoteOut)
def quote_order(request: HttpRequest, body: QuoteIn) -> QuoteOut:
    return quote(person_of(request).id, body)


@router.post("/orders", response={200: OrderPlaced, 201: OrderPlaced})
def place_order(request: HttpRequest, body: OrderIn) -> Status[OrderPlaced]:
    key = check_key(request.headers.get("Idempotency-Key"))
    outcome = place(draft_of(body, person_of(request).id, key))
    if isinstance(outcome, Refused):
        raise outcome.error
    return Status(200 if outcome.order.replayed else 201, outcome.order)


@router.get("/orders", response=Page[OrderRow])
def list_my_orders(request: HttpRequest, tab: str = "all", q: str = "", cursor: str = "") -> Page[OrderRow]:
    return lists.buyer_orders(person_of(request), tab=tab, q=q, cursor=cursor)


@router.get("/me/last-pickup", response=LastPickup | None)
def read_last_pickup(request: HttpRequest, pickup_point_id: IdIn | None = None) -> LastPickup | None:
    return last_pickup(person_of(request), pickup_point_id)


@router.get("/g/{code}/parcel", response=MyParcel | None)
def read_my_parcel(request: HttpRequest, code: str) -> MyParcel | None:
    """What the person has in this sale that more can be added to."""
    return my_parcel(person_of(request), code)


@router.get("/orders/{order_id}", response=OrderDetail)
def read_my_order(request: HttpRequest, order_id: IdIn) -> OrderDetail:
    return queries.order_detail(access_order(person_of(request), order_id), "buyer")


@router.get("/orders/{order_id}/address", response=ReaddressOut)
def read_my_order_address(request: HttpRequest, order_id: IdIn) -> ReaddressOut:
    """What the buyer may change of where an order goes."""
    return readdress_out(access_order(person_of(request), order_id), "buyer")


@router.put("/orders/{order_id}/address", response=OrderDetail)
def change_my_order_address(request: HttpRequest, order_id: IdIn, body: ReaddressIn) -> OrderDetail:
    """Send the order, and what is packed with it, elsewhere."""
    return queries.order_detail(readdress(person_of(request), order_id, body, "buyer"), "buyer")


@router.get("/leader/orders/{order_id}/address", response=ReaddressOut)
def read_order_address(request: HttpRequest, order_id: IdIn) -> ReaddressOut:
    """What the leader may change of where an order goes; the recipient itself is revealed separately."""
    return readdress_out(access_order_as_leader(person_of(request), order_id), "leader")


@router.put("/leader/orders/{order_id}/address", response=OrderDetail)
def change_order_address(request: HttpRequest, order_id: IdIn, body: ReaddressIn) -> OrderDetail:
    """Send the order, and what is packed with it, elsewhere."""
    return queries.order_detail(readdress(person_of(request), order_id, body, "leader"), "leader")


@router.get("/leader/stores/{store_id}/orders", response=Page[OrderRow])
def list_store_orders(
    request: HttpRequest,
    store_id: IdIn,
    tab: str = "all",
    q: str = "",
    group_buy_id: str = "",
    cursor: str = "",
) -> Page[OrderRow]:
    store = access_store(person_of(request), store_id)
    return lists.leader_orders(store, tab=tab, q=q, group_buy_id=group_buy_id, cursor=cursor)


@router.get("/leader/stores/{store_id}/order-counts", response=OrderCounts)
def count_store_orders(request: HttpRequest, store_id: IdIn) -> OrderCounts:
    return lists.order_counts(access_store(person_of(request), store_id))


@router.get("/leader/orders/{order_id}", response=OrderDetail)
def read_store_order(request: HttpRequest, order_id: IdIn) -> OrderDetail:
    return queries.order_detail(access_order_as_leader(person_of(request), order_id), "leader")


@router.put("/leader/orders/{order_id}/note", response=OrderDetail)
def write_order_note(request: HttpRequest, order_id: IdIn, body: NoteIn) -> OrderDetail:
    order = access_order_as_leader(person_of(request), order_id)
    return queries.order_detail(actions.set_private_note(order, body.private_note), "leader")


@router.post("/leader/orders/{order_id}/reveal", response=RevealOut)
def reveal_recipient(request: HttpRequest, order_id: IdIn) -> RevealOut:
    person = person_of(request)
    order = access_order_as_leader(person, order_id)
    if not recipient_visible(order, now()):
        raise Forbidden(
            "recipient_hidden",
            "订单未付款或已结束，不能查看完整收货信息",
            "Only a paid, open order shows its recipient.",
        )
    with transaction.atomic():
        actions.record_reveal(order, Actor("leader", person.id))
    return queries.reveal_out(order)
