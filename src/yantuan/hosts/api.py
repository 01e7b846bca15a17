"""Routes about hosts, and those a host works with. The leader, and helpers who hand out, may use the latter too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from django.db import transaction
from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from yantuan.batchrefunds import queries as batches
from yantuan.batchrefunds.actions import access_batch
from yantuan.batchrefunds.schemas import BatchOut
from yantuan.gate import actions as gate
from yantuan.gate import queries as gate_queries
from yantuan.gate.schemas import EntriesIn, EntriesOut, GateList
from yantuan.groupbuys.access import access_group_buy
from yantuan.hosts import actions, inviting, queries, reminding, sheet, shortage, uncollected
from yantuan.hosts.access import access_point, access_point_sale
from yantuan.hosts.schemas import (
    ArrivalOut,
    CountIn,
    HostedPoint,
    HostIn,
    HostInviteOut,
    HostInviteSeen,
    HostPoint,
    PointSales,
    RuleIn,
    RuleOut,
    ShortIn,
    ShortOut,
    ShortStart,
    TellIn,
    UncollectedOut,
    UncollectedRefund,
)
from yantuan.identity import stepup
from yantuan.identity.auth import person_of, signed_in
from yantuan.kernel import audit, ratelimit
from yantuan.kernel.actors import Actor
from yantuan.kernel.http import IdIn, Ok, Text
from yantuan.kernel.idempotency import Answer, check_key, once
from yantuan.stores.access import access_pickup_point, access_store

router = Router(tags=["hosts"], auth=signed_in)
Token = Annotated[Text, Field(max_length=64)]
LISTS_PER_MINUTE = 30
BATCHES_PER_MINUTE = 120


def _once(request: HttpRequest, scope: str, work: Callable[[], object]) -> None:
    def done() -> Answer:
        work()
        return 200, None

    once(scope, check_key(request.headers.get("Idempotency-Key")), request.body, done)


@router.get("/leader/stores/{store_id}/hosts", response=list[HostPoint])
def list_hosts(request: HttpRequest, store_id: IdIn) -> list[HostPoint]:
    return queries.host_points(access_store(person_of(request), store_id))


@router.post("/leader/pickup-points/{point_id}/host-invites", response=HostInviteOut)
def invite_host(request: HttpRequest, point_id: IdIn, body: HostIn) -> HostInviteOut:
    person = person_of(request)
    point = access_pickup_point(person, point_id)
    return queries.invite_out(*inviting.invite(person, point, body.note))


@router.delete("/leader/stores/{store_id}/host-invites/{invite_id}", response=Ok)
def cancel_host_invite(request: HttpRequest, store_id: IdIn, invite_id: IdIn) -> Ok:
    person = person_of(request)
    inviting.cancel_invite(person, access_store(person, store_id), invite_id)
    return Ok()


@router.delete("/leader/stores/{store_id}/hosts/{host_id}", response=Ok)
def revoke_host(request: HttpRequest, store_id: IdIn, host_id: IdIn) -> Ok:
    person = person_of(request)
    inviting.revoke(person, access_store(person, store_id), host_id)
    return Ok()


@router.get("/host-invites/{token}", response=HostInviteSeen)
def read_host_invite(request: HttpRequest, token: Token) -> HostInviteSeen:
    person = person_of(request)
    return queries.invite_seen(person, inviting.find_invite(person, token))


@router.post("/host-invites/{token}/accept", response=HostedPoint)
def accept_host_invite(request: HttpRequest, token: Token) -> HostedPoint:
    person = person_of(request)
    return queries.point_out(access_point(person, inviting.accept(person, token).point_id))


@router.delete("/me/points/{point_id}", response=Ok)
def leave_point(request: HttpRequest, point_id: IdIn) -> Ok:
    inviting.leave(person_of(request), point_id)
    return Ok()


@router.get("/host/points/{point_id}/sales", response=PointSales)
def list_point_sales(request: HttpRequest, point_id: IdIn) -> PointSales:
    return queries.point_sales(access_point(person_of(request), point_id))


@router.get("/host/points/{point_id}/sales/{group_buy_id}", response=ArrivalOut)
def read_arrival(request: HttpRequest, point_id: IdIn, group_buy_id: IdIn) -> ArrivalOut:
    point, sale = access_point_sale(person_of(request), point_id, group_buy_id)
    return sheet.arrival_out(sale, point)


@router.post("/host/points/{point_id}/sales/{group_buy_id}/count", response=ArrivalOut)
def count_arrival(request: HttpRequest, point_id: IdIn, group_buy_id: IdIn, body: CountIn) -> ArrivalOut:
    person = person_of(request)
    point, sale = access_point_sale(person, point_id, group_buy_id)
    scope = f"arrival-count:{person.id}:{point.id}:{sale.id}"
    _once(request, scope, lambda: actions.count(person, sale, point, body))
    return sheet.arrival_out(sale, point)


@router.post("/host/points/{point_id}/sales/{group_buy_id}/tell", response=ArrivalOut)
def tell_arrival(request: HttpRequest, point_id: IdIn, group_buy_id: IdIn, body: TellIn) -> ArrivalOut:
    """Buyers are told once, however often this is sent."""
    person = person_of(request)
    point, sale = access_point_sale(person, point_id, group_buy_id)
    scope = f"arrival-tell:{person.id}:{point.id}:{sale.id}"
    _once(request, scope, lambda: actions.tell(person, sale, point, body))
    return sheet.arrival_out(sale, point)


@router.post("/host/points/{point_id}/sales/{group_buy_id}/gate-list", response=GateList)
def load_point_list(request: HttpRequest, point_id: IdIn, group_buy_id: IdIn) -> GateList:
    """The hand-out list of one sale at one point, without rooms; each download is on record."""
    person = person_of(request)
    point, sale = access_point_sale(person, point_id, group_buy_id)
    ratelimit.hit(f"gate-list/{person.id}", limit=LISTS_PER_MINUTE, seconds=60)
    found = gate_queries.gate_list(sale, person, point.id)
    audit.record(
        Actor("leader", person.id), "gate.list", "pickup_point", point.id,
        store_id=sale.store_id, orders=len(found.orders),
    )  # fmt: skip
    return found


@router.post("/host/points/{point_id}/gate-entries", response=EntriesOut)
def send_point_entries(request: HttpRequest, point_id: IdIn, body: EntriesIn) -> EntriesOut:
    """What a phone did at this point's gate; orders of other points are unknown here. Raises Invalid `gate_list_invalid`."""
    person = person_of(request)
    point = access_point(person, point_id)
    gate_queries.check_token(body.token, point.store_id, person.id)
    ratelimit.hit(f"gate-entries/{person.id}", limit=BATCHES_PER_MINUTE, seconds=60)
    return gate.take_in(person, point.store, body.entries, point.id)


@router.post("/leader/group-buys/{group_buy_id}/points/{point_id}/shortage", response=ShortOut)
def preview_shortage(request: HttpRequest, group_buy_id: IdIn, point_id: IdIn, body: ShortIn) -> ShortOut:
    """Whose orders lose what did not come; nothing is written."""
    group_buy = access_group_buy(person_of(request), group_buy_id)
    return shortage.short_out(shortage.shortage(group_buy, shortage.point_of(group_buy, point_id), body))


@router.post("/leader/group-buys/{group_buy_id}/points/{point_id}/shortage-refund", response=BatchOut)
def refund_shortage(request: HttpRequest, group_buy_id: IdIn, point_id: IdIn, body: ShortStart) -> BatchOut:
    person = person_of(request)
    group_buy = access_group_buy(person, group_buy_id)
    point = shortage.point_of(group_buy, point_id)
    key = check_key(request.headers.get("Idempotency-Key"))

    def work() -> Answer:
        batch = shortage.refund(person, group_buy, point, body, stepup.confirmed_at(request))
        return 200, {"batch_id": str(batch.id)}

    _, answer = once(f"shortage:{person.id}:{point.id}:{group_buy.id}", key, request.body, work)
    return batches.batch_out(access_batch(person, int(answer["batch_id"])))


@router.post("/host/points/{point_id}/sales/{group_buy_id}/remind", response=ArrivalOut)
def remind_uncollected(request: HttpRequest, point_id: IdIn, group_buy_id: IdIn) -> ArrivalOut:
    """Those who have not come hear of it, at most once in twenty hours."""
    person = person_of(request)
    point, sale = access_point_sale(person, point_id, group_buy_id)
    scope = f"arrival-remind:{person.id}:{point.id}:{sale.id}"
    _once(request, scope, lambda: reminding.remind(person, sale, point))
    return sheet.arrival_out(sale, point)


@router.get("/group-buys/{code}/uncollected-rule", response=RuleOut, auth=None)
def read_uncollected_rule(request: HttpRequest, code: str) -> RuleOut:
    """What becomes of goods nobody fetches, for everybody to read before ordering."""
    return uncollected.public_rule(code)


@router.get("/leader/group-buys/{group_buy_id}/uncollected-rule", response=RuleOut)
def read_own_uncollected_rule(request: HttpRequest, group_buy_id: IdIn) -> RuleOut:
    group_buy = access_group_buy(person_of(request), group_buy_id)
    return uncollected.rule_out(uncollected.rules_of(group_buy.id))


@router.put("/leader/group-buys/{group_buy_id}/uncollected-rule", response=RuleOut)
def set_uncollected_rule(request: HttpRequest, group_buy_id: IdIn, body: RuleIn) -> RuleOut:
    person = person_of(request)
    group_buy = access_group_buy(person, group_buy_id)
    with transaction.atomic():
        return uncollected.set_rule(person, group_buy, body)


@router.get("/leader/group-buys/{group_buy_id}/uncollected", response=UncollectedOut)
def list_uncollected(request: HttpRequest, group_buy_id: IdIn) -> UncollectedOut:
    return uncollected.uncollected_out(access_group_buy(person_of(request), group_buy_id))


@router.post("/leader/group-buys/{group_buy_id}/uncollected/refund", response=BatchOut)
def refund_uncollected(request: HttpRequest, group_buy_id: IdIn, body: UncollectedRefund) -> BatchOut:
    person = person_of(request)
    group_buy = access_group_buy(person, group_buy_id)
    key = check_key(request.headers.get("Idempotency-Key"))

    def work() -> Answer:
        batch = uncollected.refund(person, group_buy, body, stepup.confirmed_at(request))
        return 200, {"batch_id": str(batch.id)}

    _, answer = once(f"uncollected:{person.id}:{group_buy.id}", key, request.body, work)
    return batches.batch_out(access_batch(person, int(answer["batch_id"])))
