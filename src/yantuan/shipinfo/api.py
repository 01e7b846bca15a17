"""Routes of shipping information."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.identity.auth import signed_in
from yantuan.kernel.http import IdIn
from yantuan.orders.queries import order_detail
from yantuan.orders.schemas import OrderDetail
from yantuan.shipinfo import actions
from yantuan.shipinfo.schemas import ArrivedOut
from yantuan.stores.access import person_of

router = Router(tags=["shipinfo"], auth=signed_in)


@router.post("/leader/orders/{order_id}/shipping-info/retry", response=OrderDetail)
def retry_shipping_info(request: HttpRequest, order_id: IdIn) -> OrderDetail:
    return order_detail(actions.retry(person_of(request), order_id), "leader")


@router.post("/leader/orders/{order_id}/shipping-info/correct", response=OrderDetail)
def correct_shipping_info(request: HttpRequest, order_id: IdIn) -> OrderDetail:
    return order_detail(actions.agree(person_of(request), order_id), "leader")


@router.post("/leader/orders/{order_id}/goods-arrived", response=ArrivedOut)
def mark_goods_arrived(request: HttpRequest, order_id: IdIn) -> ArrivedOut:
    return ArrivedOut(orders=actions.mark_arrived(person_of(request), order_id))


@router.post("/orders/{order_id}/wechat-confirmed", response=OrderDetail)
def confirmed_at_wechat(request: HttpRequest, order_id: IdIn) -> OrderDetail:
    return order_detail(actions.confirmed_at_wechat(person_of(request), order_id), "buyer")
