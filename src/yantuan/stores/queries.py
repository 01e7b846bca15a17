"""Reads of stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from yantuan.identity.models import Person
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.reviews import Undone, undone
from yantuan.leaders.queries import leader_card
from yantuan.media.queries import media_map
from yantuan.media.schemas import MediaOut
from yantuan.stores.freight import freight_template_of
from yantuan.stores.models import PickupPoint, Store
from yantuan.stores.public import KIND, POINT
from yantuan.stores.rules import PaymentMethod, payment_methods, provider_ready
from yantuan.stores.schemas import OwnPoint, PickupPointIn, PickupPointOut, StoreCard, StoreIn, StoreOut


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
        collecting=bool(available_payment_methods(store)),
        coupons=store.coupons_until is not None and store.coupons_until > now(),
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


def own_points(points: Iterable[PickupPoint]) -> list[OwnPoint]:
    """Pick-up points as their owner sees them, each with what waits for a judgement."""
    rows = list(points)
    waiting = undone(POINT, [p.id for p in rows])
    return [_own_point(p, waiting.get(p.id)) for p in rows]


def _own_point(point: PickupPoint, wish: Undone | None) -> OwnPoint:
    out = point_out(point)
    if wish is None:
        return OwnPoint(**out.model_dump())
    body = wish.read(PickupPointIn)
    wanted = out.model_copy(update=body.model_dump()) if body else None
    return OwnPoint(**out.model_dump(), review=wish.review, wanted=wanted)


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
    """The owner's view, with a fixed number of look-ups however many stores there are."""
    waiting = undone(KIND, [s.id for s in stores])
    bodies = {i: body for i, wish in waiting.items() if (body := wish.read(StoreIn)) is not None}
    shown: list[Store | StoreIn] = [*stores, *bodies.values()]
    pictures = media_map(m for s in shown for m in (s.cover_media_id, s.collection_code_media_id) if m)
    points: dict[int, list[OwnPoint]] = {s.id: [] for s in stores}
    rows = list(PickupPoint.objects.filter(store__in=stores, archived_at=None).order_by("position", "id"))
    for row, point in zip(rows, own_points(rows), strict=True):
        points[row.store_id].append(point)
    found = []
    for store in stores:
        out = _store_out(store, pictures, points[store.id])
        if store.id in waiting:
            out.review = waiting[store.id].review
            out.wanted = _wanted(out, bodies.get(store.id), pictures)
        found.append(out)
    return found


def _wanted(out: StoreOut, body: StoreIn | None, pictures: Mapping[int, MediaOut]) -> StoreOut | None:
    """The store as it would be with the change that waits."""
    if body is None:
        return None
    values = body.model_dump(exclude={"cover_media_id", "collection_code_media_id"})
    values["freight_template"] = body.freight_template
    values["cover"] = pictures.get(body.cover_media_id or 0)
    values["collection_code"] = pictures.get(body.collection_code_media_id or 0)
    return out.model_copy(update=values | {"review": None})


def _store_out(store: Store, pictures: Mapping[int, MediaOut], points: list[OwnPoint]) -> StoreOut:
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
        freight_kind=_freight_kind(store),
        freight_fen=store.freight_fen,
        free_above_fen=store.free_above_fen,
        freight_template=freight_template_of(store.freight_template),
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
    )


def _freight_kind(store: Store) -> Literal["flat", "free_above", "template"]:
    if store.freight_kind == Store.Freight.TEMPLATE:
        return "template"
    return "free_above" if store.freight_kind == Store.Freight.FREE_ABOVE else "flat"


def stores_of(person: Person) -> list[Store]:
    """The person's stores, oldest first."""
    return list(
        Store.objects.select_related("leader__person").filter(leader__person_id=person.id).order_by("id")
    )
