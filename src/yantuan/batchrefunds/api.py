"""Routes about refunds of a spoiled batch."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.batchrefunds import actions, queries
from yantuan.batchrefunds.schemas import BatchOut, ItemOut, PreviewOut, SpecIn, StartIn
from yantuan.groupbuys.access import access_group_buy
from yantuan.identity import stepup
from yantuan.identity.auth import person_of, signed_in
from yantuan.kernel.http import IdIn, Page
from yantuan.kernel.idempotency import Answer, check_key, once

router = Router(tags=["refunds"], auth=signed_in)


@router.post("/leader/group-buys/{group_buy_id}/batch-refunds/preview", response=PreviewOut)
def preview_batch_refund(request: HttpRequest, group_buy_id: IdIn, body: SpecIn) -> PreviewOut:
    """Everybody it would concern; nothing is written."""
    group_buy = access_group_buy(person_of(request), group_buy_id)
    return queries.preview_out(queries.plan(group_buy, body))


@router.post("/leader/group-buys/{group_buy_id}/batch-refunds", response=BatchOut)
def start_batch_refund(request: HttpRequest, group_buy_id: IdIn, body: StartIn) -> BatchOut:
    person = person_of(request)
    group_buy = access_group_buy(person, group_buy_id)
    key = check_key(request.headers.get("Idempotency-Key"))

    def work() -> Answer:
        batch = actions.start(person, group_buy, body, stepup.confirmed_at(request))
        return 200, {"batch_id": str(batch.id)}

    _, answer = once(f"batch-refund:{person.id}:{group_buy.id}", key, request.body, work)
    return queries.batch_out(actions.access_batch(person, int(answer["batch_id"])))


@router.get("/leader/group-buys/{group_buy_id}/batch-refunds", response=list[BatchOut])
def list_batch_refunds(request: HttpRequest, group_buy_id: IdIn) -> list[BatchOut]:
    return queries.batches_of(access_group_buy(person_of(request), group_buy_id))


@router.get("/leader/batch-refunds/{batch_id}", response=BatchOut)
def read_batch_refund(request: HttpRequest, batch_id: IdIn) -> BatchOut:
    return queries.batch_out(actions.access_batch(person_of(request), batch_id))


@router.get("/leader/batch-refunds/{batch_id}/items", response=Page[ItemOut])
def list_batch_refund_items(request: HttpRequest, batch_id: IdIn, cursor: str = "") -> Page[ItemOut]:
    return queries.items_page(actions.access_batch(person_of(request), batch_id), cursor)


@router.post("/leader/batch-refunds/{batch_id}/stop", response=BatchOut)
def stop_batch_refund(request: HttpRequest, batch_id: IdIn) -> BatchOut:
    return queries.batch_out(actions.stop(person_of(request), batch_id))
