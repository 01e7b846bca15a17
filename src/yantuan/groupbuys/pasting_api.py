"""The route that reads a supplier's text into the pieces of a sale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from ninja import Router

from yantuan.groupbuys.pasting_schemas import SupplierIn, SupplierRead
from yantuan.identity.auth import signed_in
from yantuan.kernel.http import IdIn
from yantuan.kernel.lean import Later
from yantuan.kernel.ratelimit import LocalLimit
from yantuan.stores.access import access_store, person_of

if TYPE_CHECKING:
    from yantuan.groupbuys import pasting
else:
    # Words and patterns only those who paste need.
    pasting = Later("yantuan.groupbuys.pasting")

router = Router(tags=["groupbuys"], auth=signed_in)

READS_PER_MINUTE = 20
"""Texts one leader may have read in each web process: reading takes the processor, and nobody pastes faster."""
_limit = LocalLimit(READS_PER_MINUTE, 60)


@router.post("/leader/stores/{store_id}/read-supplier", response=SupplierRead)
def read_supplier(request: HttpRequest, store_id: IdIn, body: SupplierIn) -> SupplierRead:
    person = person_of(request)
    store = access_store(person, store_id)
    _limit.hit(person.id)
    return pasting.read_pasted(store, body.text)
