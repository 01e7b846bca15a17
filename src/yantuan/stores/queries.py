"""Reads of stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yantuan.identity.models import Person
from yantuan.kernel.config import config
from yantuan.kernel.reviews import ReviewOut, reviews_out
from yantuan.leaders.queries import leader_card
from yantuan.media.queries import media_map
from yantuan.media.schemas import MediaOut
from yantuan.stores.models import PickupPoint, Store
from yantuan.stores.public import KIND
from yantuan.stores.rules import PaymentMethod, payment_methods, provider_ready
from yantuan.stores.schemas import PickupPointOut, StoreCard, StoreOut


def is_selling(store: Store) -> bool:
    """False while the store or its leader is suspended, the self-check stopped it, or the leader isn't certified."""
    return store.suspended_at is None and store.halted_at is None and store.leader.may_sell


def stopped_because(store: Store) -> str:
    """Why the store may not sell, in words for its leader; empty while it may."""
    if store.suspended_at is not None or store.leader.suspended_at is not None:
        return store.suspend_reason or store.leader.suspend_reason
    return store.halt_reason if store.halted_at is not None else ""


def store_url(code: str) -> str:
    """The public address of a store's page."""
    return f"{config().public_url.rstrip('/')}/s/{code}"


def available_payment_methods(store: Store) -> list[PaymentMethod]:
    """What the store switched on and this instance can do."""
    return payment_methods(
        wechatpay=store.wechatpay_enabled,
        offline=store.offline_enabled,
        provider_ready=provider_ready(store.pay_route, config().has_wechatpay),
    )


def head_pictures(store: Store) -> set[int]:
    """Pictures the head of a store shows: its cover and its leader's avatar."""
    return {i for i in (store.cover_media_id, store.leader.person.avatar_media_id) if i}


def store_card(store: Store, pictures: Mapping[int, MediaOut] | None = None) -> StoreCard:
    """The public head of a store. `pictures` spares the look-up when the caller has read `head_pictures` already."""
    if pictures is None:
        pictures = media_map(head_pictures(store))
    cover = pictures.get(store.cover_media_id or 0)
    return StoreCard(
        id=str(store.id),
        code=store.code,
        name=store.name,
        cover_url=cover.url if cover else "",
        introduction=store.introduction,
        notice=store.notice,
        contact_wechat=store.contact_wechat,
        contact_phone=store.contact_phone,
        aftersale_policy=store.aftersale_policy,
        leader=leader_card(store.leader, pictures),
        selling=is_selling(store),
    )


def point_out(point: PickupPoint) -> PickupPointOut:
    """One pick-up point as buyers and its leader see it."""
    return PickupPointOut(
        id=str(point.id),
        name=point.name,
        address=point.address,
        hours=point.hours,
        contact_name=point.contact_name,
        contact_phone=point.contact_phone,
    )


def points_of(store_id: int, only: Iterable[int] | None = None) -> list[PickupPoint]:
    """Live pick-up points in the leader's order; `only` narrows them to the given ids."""
    rows = PickupPoint.objects.filter(store_id=store_id, archived_at=None)
    if only is not None:
        rows = rows.filter(id__in=list(only))
    return list(rows.order_by("position", "id"))


def store_out(store: Store) -> StoreOut:
    """The owner's view of one store."""
    return stores_out([store])[0]


def stores_out(stores: list[Store]) -> list[StoreOut]:
    """The owner's view, with two look-ups however many stores there are."""
    wanted = {m for s in stores for m in (s.cover_media_id, s.collection_code_media_id) if m}
    pictures = media_map(wanted)
    points: dict[int, list[PickupPointOut]] = {s.id: [] for s in stores}
    reviews = reviews_out(KIND, [s.id for s in stores])
    for point in PickupPoint.objects.filter(store__in=stores, archived_at=None).order_by("position", "id"):
        points[point.store_id].append(point_out(point))
    return [_store_out(s, pictures, points[s.id], reviews.get(s.id)) for s in stores]


def _store_out(
    store: Store, pictures: Mapping[int, MediaOut], points: list[PickupPointOut], review: ReviewOut | None
) -> StoreOut:
    return StoreOut(
        id=str(store.id),
        code=store.code,
        url=store_url(store.code),
        name=store.name,
        cover=pictures.get(store.cover_media_id or 0),
        introduction=store.introduction,
        notice=store.notice,
        contact_wechat=store.contact_wechat,
        contact_phone=store.contact_phone,
        aftersale_policy=store.aftersale_policy,
        courier_enabled=store.courier_enabled,
        freight_kind="free_above" if store.freight_kind == Store.Freight.FREE_ABOVE else "flat",
        freight_fen=store.freight_fen,
        free_above_fen=store.free_above_fen,
        pickup_enabled=store.pickup_enabled,
        pickup_points=points,
        wechatpay_enabled=store.wechatpay_enabled,
        offline_enabled=store.offline_enabled,
        collection_code=pictures.get(store.collection_code_media_id or 0),
        offline_note=store.offline_note,
        return_name=store.return_name,
        return_phone=store.return_phone,
        return_address=store.return_address,
        suspended=any(
            at is not None for at in (store.suspended_at, store.halted_at, store.leader.suspended_at)
        ),
        suspend_reason=stopped_because(store),
        review=review,
    )


def stores_of(person: Person) -> list[Store]:
    """The person's stores, oldest first."""
    return list(
        Store.objects.select_related("leader__person").filter(leader__person_id=person.id).order_by("id")
    )
