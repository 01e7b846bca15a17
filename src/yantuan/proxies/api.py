"""Routes of proxy orders: the leader's, and the pay link's."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.groupbuys.access import access_group_buy
from yantuan.identity.auth import person_of, signed_in
from yantuan.identity.limits import address_of
from yantuan.kernel import ratelimit
from yantuan.kernel.config import config
from yantuan.kernel.http import IdIn, Ok, client_ip
from yantuan.kernel.idempotency import check_key
from yantuan.orders.access import access_order_as_leader
from yantuan.orders.queries import order_detail
from yantuan.orders.schemas import OrderDetail
from yantuan.payments.paying import PayWish
from yantuan.payments.schemas import PayIn, PayInstruction
from yantuan.proxies import booking, claiming, links, queries, recording
from yantuan.proxies.schemas import ClaimOut, PayPage, ProxyIn, ProxyOrderRow, ProxyOutcome

router = Router(tags=["proxies"])

OPENS_PER_MINUTE = 60
BOOKINGS_PER_MINUTE = 20
CLAIMS_PER_MINUTE = 10


@router.post("/leader/group-buys/{group_buy_id}/proxy-orders", response=list[ProxyOutcome], auth=signed_in)
def place_proxy_orders(request: HttpRequest, group_buy_id: IdIn, body: ProxyIn) -> list[ProxyOutcome]:
    """Order for neighbours; each gets an answer of their own. What was agreed to once is placed once, whatever the header."""
    person = person_of(request)
    check_key(request.headers.get("Idempotency-Key"))
    access_group_buy(person, group_buy_id)
    ratelimit.hit(f"proxies/{person.id}", limit=BOOKINGS_PER_MINUTE, seconds=60)
    return queries.outcomes(body.people, booking.book(person, group_buy_id, body))


@router.get("/leader/group-buys/{group_buy_id}/proxy-orders", response=list[ProxyOrderRow], auth=signed_in)
def list_proxy_orders(request: HttpRequest, group_buy_id: IdIn) -> list[ProxyOrderRow]:
    return queries.unpaid_and_paid(access_group_buy(person_of(request), group_buy_id))


@router.post("/leader/orders/{order_id}/record-paid", response=OrderDetail, auth=signed_in)
def record_proxy_order_paid(request: HttpRequest, order_id: IdIn) -> OrderDetail:
    """The neighbour paid outside WeChat Pay. Again: no change."""
    person = person_of(request)
    order = access_order_as_leader(person, order_id)
    return order_detail(recording.record(person, order), "leader")


@router.post("/leader/orders/{order_id}/cancel-proxy", response=OrderDetail, auth=signed_in)
def cancel_proxy_order(request: HttpRequest, order_id: IdIn) -> OrderDetail:
    """End an unpaid order that was placed for a neighbour. Again: no change; a paid one is refunded instead."""
    person = person_of(request)
    order = access_order_as_leader(person, order_id)
    return order_detail(recording.cancel(person, order), "leader")


@router.get("/proxy-links/{token}", response=PayPage)
def open_pay_link(request: HttpRequest, token: str) -> PayPage:
    ratelimit.hit(f"proxy-link/{address_of(request)}", limit=OPENS_PER_MINUTE, seconds=60)
    return links.page_of(token)


@router.post("/proxy-links/{token}/orders/{order_id}/pay", response=PayInstruction, auth=signed_in)
def pay_by_link(request: HttpRequest, token: str, order_id: IdIn, body: PayIn) -> PayInstruction:
    check_key(request.headers.get("Idempotency-Key"))
    wish = PayWish(body.channel, body.return_path, client_ip(request, config().trusted_peers))
    return links.pay(person_of(request), token, order_id, wish)


@router.post("/proxy-links/{token}/orders/{order_id}/refresh", response=PayPage, auth=signed_in)
def refresh_by_link(request: HttpRequest, token: str, order_id: IdIn) -> PayPage:
    return links.refresh(person_of(request), token, order_id)


@router.post("/proxy-links/{token}/claim", response=ClaimOut, auth=signed_in)
def claim_by_link(request: HttpRequest, token: str) -> ClaimOut:
    """这是我的订单: the orders become this person's. Again: no change."""
    person = person_of(request)
    ratelimit.hit(f"proxy-claim/{person.id}", limit=CLAIMS_PER_MINUTE, seconds=60)
    return queries.claim_out(claiming.claim(person, token))


@router.post("/leader/proxy-claims/{claim_id}/undo", response=Ok, auth=signed_in)
def undo_proxy_claim(request: HttpRequest, claim_id: IdIn) -> Ok:
    """The wrong person claimed them: orders and 跟团号 go back. Again: no change."""
    claiming.undo(person_of(request), claim_id)
    return Ok()
