"""Routes of sharing."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.groupbuys.access import access_group_buy
from yantuan.identity.auth import signed_in
from yantuan.identity.limits import address_of
from yantuan.kernel import ratelimit
from yantuan.kernel.http import IdIn, Ok
from yantuan.sharing import actions, links, live_cards, queries, scenes, signs
from yantuan.sharing.schemas import (
    JsSignatureOut,
    LiveCardOut,
    MiniLinksOut,
    PickupHereOut,
    SceneOut,
    ShareIn,
    ShareOut,
    SignOut,
)
from yantuan.stores.access import access_store, person_of

router = Router(tags=["sharing"])

OPENS_PER_HOUR = 300
SIGNATURES_PER_MINUTE = 60
SCENES_PER_MINUTE = 120
LINKS_PER_HOUR = 60
LIVE_CARDS_PER_MINUTE = 120


@router.post("/leader/group-buys/{group_buy_id}/shares", response=ShareOut, auth=signed_in)
def share_group_buy(request: HttpRequest, group_buy_id: IdIn, body: ShareIn) -> ShareOut:
    return queries.share_out(actions.share_group_buy(person_of(request), group_buy_id, body))


@router.get("/leader/group-buys/{group_buy_id}/shares", response=list[ShareOut], auth=signed_in)
def list_group_buy_shares(request: HttpRequest, group_buy_id: IdIn) -> list[ShareOut]:
    group_buy = access_group_buy(person_of(request), group_buy_id)
    return queries.shares_of(group_buy.store, group_buy.id)


@router.post("/leader/stores/{store_id}/shares", response=ShareOut, auth=signed_in)
def share_store(request: HttpRequest, store_id: IdIn, body: ShareIn) -> ShareOut:
    return queries.share_out(actions.share_store(person_of(request), store_id, body))


@router.get("/leader/stores/{store_id}/shares", response=list[ShareOut], auth=signed_in)
def list_store_shares(request: HttpRequest, store_id: IdIn) -> list[ShareOut]:
    return queries.shares_of(access_store(person_of(request), store_id), None)


@router.post("/leader/shares/{token}/mini-links", response=MiniLinksOut, auth=signed_in)
def make_mini_links(request: HttpRequest, token: str) -> MiniLinksOut:
    """Links of one's own share that open the mini-program from a text message, a mail or a chat."""
    person = person_of(request)
    ratelimit.hit(f"mini-links/{person.id}", limit=LINKS_PER_HOUR, seconds=3600)
    made = links.links_of(person, token)
    return MiniLinksOut(url_link=made.url_link, short_link=made.short_link, expires_at=made.expires_at)


@router.get("/leader/pickup-points/{point_id}/sign", response=SignOut, auth=signed_in)
def read_point_sign(request: HttpRequest, point_id: IdIn) -> SignOut:
    """The code to hang at a pick-up point's door."""
    return signs.point_sign(person_of(request), point_id)


@router.get("/leader/orders/{order_id}/sign", response=SignOut, auth=signed_in)
def read_order_sign(request: HttpRequest, order_id: IdIn) -> SignOut:
    """The code to stick on an order's bag."""
    return signs.order_sign(person_of(request), order_id)


@router.get("/pickup-here/{scene_id}", response=PickupHereOut, auth=signed_in)
def read_pickup_here(request: HttpRequest, scene_id: str) -> PickupHereOut:
    """What the person who scanned the code at a door has to fetch there."""
    person = person_of(request)
    ratelimit.hit(f"pickup-here/{person.id}", limit=SCENES_PER_MINUTE, seconds=60)
    return signs.here(person, scene_id)


@router.get("/scenes/{scene_id}", response=SceneOut, auth=None)
def read_scene(request: HttpRequest, scene_id: str) -> SceneOut:
    """What a scanned mini-program code stands for."""
    ratelimit.hit(f"scene/{address_of(request)}", limit=SCENES_PER_MINUTE, seconds=60)
    target = scenes.resolve(scene_id)
    return SceneOut(page=target.page, query=target.query)


@router.post("/shares/{token}/open", response=Ok, auth=None)
def open_share(request: HttpRequest, token: str) -> Ok:
    """Count a look at a shared link; says the same for unknown tokens."""
    address = address_of(request)
    ratelimit.hit(f"share-open:{address}", limit=OPENS_PER_HOUR, seconds=3600)
    actions.count_open(token, f"{address} {request.headers.get('User-Agent', '')}")
    return Ok()


@router.post("/g/{code}/live-card", response=LiveCardOut, auth=None)
def prepare_live_card(request: HttpRequest, code: str) -> LiveCardOut:
    """Before a sale is shared in the mini-program: what makes its card go on counting in the chat."""
    ratelimit.hit(f"live-card:{address_of(request)}", limit=LIVE_CARDS_PER_MINUTE, seconds=60)
    return queries.live_card_out(live_cards.card_of(code), enabled=live_cards.wanted())


@router.get("/wechat/js-signature", response=JsSignatureOut, auth=None)
def sign_page(request: HttpRequest, url: str) -> JsSignatureOut:
    ratelimit.hit(f"js-signature:{address_of(request)}", limit=SIGNATURES_PER_MINUTE, seconds=60)
    signed = actions.sign_page(url)
    return JsSignatureOut(
        app_id=signed.appid, timestamp=signed.timestamp, nonce=signed.nonce, signature=signed.signature
    )
