"""Routes of the gate: the list before the line comes, and what was done afterwards."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.gate import actions, queries
from yantuan.gate.schemas import EntriesIn, EntriesOut, GateList
from yantuan.groupbuys.access import access_group_buy
from yantuan.identity.auth import signed_in
from yantuan.kernel import audit, ratelimit
from yantuan.kernel.actors import Actor
from yantuan.kernel.http import IdIn
from yantuan.stores.access import access_store, person_of

router = Router(tags=["gate"], auth=signed_in)
LISTS_PER_MINUTE = 30
BATCHES_PER_MINUTE = 120


@router.post("/leader/group-buys/{group_buy_id}/gate-list", response=GateList)
def load_gate_list(request: HttpRequest, group_buy_id: IdIn) -> GateList:
    """The sale's hand-out list, to be kept on the phone; names leave the shop with it, so each is on record."""
    person = person_of(request)
    group_buy = access_group_buy(person, group_buy_id)
    ratelimit.hit(f"gate-list/{person.id}", limit=LISTS_PER_MINUTE, seconds=60)
    found = queries.gate_list(group_buy, person)
    audit.record(
        Actor("leader", person.id), "gate.list", "group_buy", group_buy.id,
        store_id=group_buy.store_id, orders=len(found.orders),
    )  # fmt: skip
    return found


@router.post("/leader/stores/{store_id}/gate-entries", response=EntriesOut)
def send_gate_entries(request: HttpRequest, store_id: IdIn, body: EntriesIn) -> EntriesOut:
    """What a phone did at the gate; the same entry again is answered as before. Raises Invalid `gate_list_invalid`."""
    person = person_of(request)
    store = access_store(person, store_id)
    queries.check_token(body.token, store.id, person.id)
    ratelimit.hit(f"gate-entries/{person.id}", limit=BATCHES_PER_MINUTE, seconds=60)
    return actions.take_in(person, store, body.entries)
