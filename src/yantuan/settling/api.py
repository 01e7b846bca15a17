"""Routes about what a sale settles when it closes, and about real weights."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.groupbuys.access import access_group_buy
from yantuan.identity import stepup
from yantuan.identity.auth import person_of, signed_in
from yantuan.kernel.http import IdIn, Page
from yantuan.kernel.idempotency import Answer, check_key, once
from yantuan.settling import carrying, queries, weighing
from yantuan.settling.schemas import (
    FormingOut,
    RetryOut,
    SettlementOut,
    SettlingOut,
    WeighingsIn,
    WeighingsOut,
    WeighLine,
)

router = Router(tags=["settling"])


@router.get("/g/{code}/forming", response=FormingOut, auth=None)
def public_group_buy_forming(request: HttpRequest, code: str) -> FormingOut:
    """How far the sale is from forming, its tiers and cartons; afterwards how the cartons were split."""
    return queries.public_forming(code)


@router.get("/leader/group-buys/{group_buy_id}/settling", response=SettlingOut, auth=signed_in)
def read_settling(request: HttpRequest, group_buy_id: IdIn) -> SettlingOut:
    return queries.settling_out(access_group_buy(person_of(request), group_buy_id))


@router.get("/leader/group-buys/{group_buy_id}/settling/orders", response=Page[SettlementOut], auth=signed_in)
def list_settlements(request: HttpRequest, group_buy_id: IdIn, cursor: str = "") -> Page[SettlementOut]:
    return queries.settlements_page(access_group_buy(person_of(request), group_buy_id), cursor)


@router.post("/leader/group-buys/{group_buy_id}/settling/retry", response=RetryOut, auth=signed_in)
def retry_settling(request: HttpRequest, group_buy_id: IdIn) -> RetryOut:
    """Refunds that were refused are tried once more."""
    person = person_of(request)
    group_buy = access_group_buy(person, group_buy_id)
    key = check_key(request.headers.get("Idempotency-Key"))

    def work() -> Answer:
        return 200, {"orders": carrying.try_again(person, group_buy)}

    _, answer = once(f"settling-retry:{person.id}:{group_buy.id}", key, request.body, work)
    return RetryOut(orders=answer["orders"])


@router.get("/leader/group-buys/{group_buy_id}/weighing", response=list[WeighLine], auth=signed_in)
def list_weighing(request: HttpRequest, group_buy_id: IdIn) -> list[WeighLine]:
    """What is to be weighed, by 跟团号."""
    return weighing.weigh_lines(access_group_buy(person_of(request), group_buy_id))


@router.post("/leader/group-buys/{group_buy_id}/weighing", response=WeighingsOut, auth=signed_in)
def send_weighing(request: HttpRequest, group_buy_id: IdIn, body: WeighingsIn) -> WeighingsOut:
    """Real weights; the difference goes back by itself. One outcome per entry; the same weight again changes nothing."""
    person = person_of(request)
    group_buy = access_group_buy(person, group_buy_id)
    return WeighingsOut(entries=weighing.weigh(person, group_buy, body.entries, stepup.confirmed_at(request)))
