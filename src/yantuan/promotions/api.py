"""Routes of coupons."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.identity.auth import person_or_none, signed_in
from yantuan.kernel import ratelimit
from yantuan.kernel.clock import now
from yantuan.kernel.http import IdIn
from yantuan.promotions import actions, queries
from yantuan.promotions.schemas import CodeIn, CouponCard, CouponChange, CouponIn, CouponOut
from yantuan.stores.access import access_store, person_of

router = Router(tags=["coupons"])

CODES_PER_HOUR = 30


@router.get("/leader/stores/{store_id}/coupons", response=list[CouponOut], auth=signed_in)
def list_coupons(request: HttpRequest, store_id: IdIn) -> list[CouponOut]:
    return queries.coupons_of(access_store(person_of(request), store_id).id)


@router.post("/leader/stores/{store_id}/coupons", response=CouponOut, auth=signed_in)
def issue_coupon(request: HttpRequest, store_id: IdIn, body: CouponIn) -> CouponOut:
    return queries.coupon_out(actions.issue_coupon(person_of(request), store_id, body), now())


@router.put("/leader/coupons/{coupon_id}", response=CouponOut, auth=signed_in)
def change_coupon(request: HttpRequest, coupon_id: IdIn, body: CouponChange) -> CouponOut:
    return queries.coupon_out(actions.change_coupon(person_of(request), coupon_id, body), now())


@router.get("/g/{code}/coupons", response=list[CouponCard])
def list_sale_coupons(request: HttpRequest, code: str) -> list[CouponCard]:
    return queries.sale_coupons(code, person_or_none(request))


@router.get("/s/{code}/coupons", response=list[CouponCard])
def list_store_coupons(request: HttpRequest, code: str) -> list[CouponCard]:
    return queries.store_coupons(code, person_or_none(request))


@router.post("/coupons/{coupon_id}/claim", response=CouponCard, auth=signed_in)
def claim_coupon(request: HttpRequest, coupon_id: IdIn) -> CouponCard:
    person = person_of(request)
    return queries.card_of(actions.claim(person, coupon_id), person)


@router.post("/s/{code}/coupons/redeem", response=CouponCard, auth=signed_in)
def redeem_coupon(request: HttpRequest, code: str, body: CodeIn) -> CouponCard:
    person = person_of(request)
    ratelimit.hit(f"coupon_code:{person.id}", limit=CODES_PER_HOUR, seconds=3600)
    return queries.card_of(actions.redeem(person, code, body.code), person)
