"""Routes of waiting lists; each person sees and changes only their own wishes."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.identity.auth import signed_in
from yantuan.kernel.http import IdIn
from yantuan.stores.access import person_of
from yantuan.waiting import actions, queries
from yantuan.waiting.schemas import WaitIn, WaitOut

router = Router(tags=["waiting"], auth=signed_in)


@router.put("/offers/{offer_id}/wish", response=WaitOut)
def line_up(request: HttpRequest, offer_id: IdIn, body: WaitIn) -> WaitOut:
    return queries.wish_out(actions.line_up(person_of(request), offer_id, body.quantity))


@router.get("/group-buys/{group_buy_id}/wishes", response=list[WaitOut])
def list_my_wishes(request: HttpRequest, group_buy_id: IdIn) -> list[WaitOut]:
    return queries.wishes_of(person_of(request), group_buy_id)


@router.delete("/wishes/{wish_id}", response=WaitOut)
def leave_line(request: HttpRequest, wish_id: IdIn) -> WaitOut:
    return queries.wish_out(actions.leave(person_of(request), wish_id))
