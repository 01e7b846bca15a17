"""Routes of the 接龙 of one sale: read a pasted one beside the orders, and write a clean one out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from ninja import Router

from yantuan.groupbuys.access import access_group_buy
from yantuan.identity.auth import signed_in
from yantuan.kernel.http import IdIn
from yantuan.kernel.lean import Later
from yantuan.kernel.ratelimit import LocalLimit
from yantuan.orders.jielong_schemas import JielongIn, JielongRead, JielongText
from yantuan.stores.access import person_of

if TYPE_CHECKING:
    from yantuan.orders import jielong
else:
    # Two megabytes of words and patterns, for those who paste.
    jielong = Later("yantuan.orders.jielong")

router = Router(tags=["orders"], auth=signed_in)

READS_PER_MINUTE = 20
"""Pastes one leader may have read in each web process: reading takes the processor, and nobody pastes faster."""
_limit = LocalLimit(READS_PER_MINUTE, 60)


@router.post("/leader/group-buys/{group_buy_id}/jielong/read", response=JielongRead)
def read_jielong(request: HttpRequest, group_buy_id: IdIn, body: JielongIn) -> JielongRead:
    person = person_of(request)
    group_buy = access_group_buy(person, group_buy_id)
    _limit.hit(person.id)
    return jielong.read_pasted(group_buy, body.text)


@router.get("/leader/group-buys/{group_buy_id}/jielong/text", response=JielongText)
def write_jielong(request: HttpRequest, group_buy_id: IdIn, full: bool = False) -> JielongText:
    return jielong.written(access_group_buy(person_of(request), group_buy_id), full=full)
