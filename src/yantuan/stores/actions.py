"""The verbs that change stores and their pick-up points."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from yantuan.identity.models import Person
from yantuan.kernel import audit, outbox, said
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, NotFound
from yantuan.kernel.ids import short_code
from yantuan.kernel.said import Piece, Said
from yantuan.leaders.access import require_leader, require_selling
from yantuan.leaders.models import Leader
from yantuan.media.access import own_media
from yantuan.stores.access import access_pickup_point, access_store
from yantuan.stores.freight import check_freight
from yantuan.stores.models import PickupPoint, Store
from yantuan.stores.parts import point_seen_by_buyers
from yantuan.stores.public import KIND, POINT, hidden, pieces_of, point_pieces, wish_of
from yantuan.stores.rules import MAX_PICKUP_POINTS, MAX_STORES, check_settings
from yantuan.stores.schemas import PickupPointIn, StoreIn


def create_store(person: Person, data: StoreIn) -> Store:
    """Open a store. Raises Forbidden for people who may not sell, Conflict `too_many_stores`."""
    leader = require_leader(person)
    require_selling(leader)
    moment = now()
    store = Store(leader=leader, code=short_code(), created_at=moment)
    _apply(store, data, person)
    with transaction.atomic():
        # The leader's row is the lock that keeps two taps from passing the limit together.
        Leader.objects.select_for_update(no_key=True).get(id=leader.id)
        if Store.objects.filter(leader=leader).count() >= MAX_STORES:
            raise Conflict(
                "too_many_stores", f"最多开设 {MAX_STORES} 个卖场", "You have as many stores as allowed."
            )
        store.save(force_insert=True)
        said.may_show(wish_of(store, person.id))
    return store


def update_store(person: Person, store_id: int, data: StoreIn) -> Store:
    """Replace a store's settings. Where content is checked, a change with new words or pictures waits as a whole."""
    store = access_store(person, store_id)
    if said.active():
        with transaction.atomic():
            return _changed(_locked_for_owner(person, store_id), data, person)
    _apply(store, data, person)
    store.save(update_fields=[*StoreIn.model_fields, "updated_at"])
    return store


def _locked_for_owner(person: Person, store_id: int) -> Store:
    Store.objects.select_for_update(no_key=True).get(id=store_id)
    return access_store(person, store_id)


def _changed(store: Store, data: StoreIn, person: Person) -> Store:
    """Save the change, or keep it as a wish: then everybody goes on seeing the old words."""
    before = pieces_of(store)
    first = hidden(store.id)
    _apply(store, data, person)
    wish = Said(
        KIND, store.id, person.id, pieces_of(store), store.name, store.id,
        shown=() if first else before, wish=None if first else data.model_dump(mode="json"),
    )  # fmt: skip
    if not said.may_show(wish) and not first:
        return access_store(person, store.id)
    store.save(update_fields=[*StoreIn.model_fields, "updated_at"])
    return store


def _apply(store: Store, data: StoreIn, person: Person) -> None:
    check_settings(
        courier=data.courier_enabled,
        pickup=data.pickup_enabled,
        wechatpay=data.wechatpay_enabled,
        offline=data.offline_enabled,
    )
    check_freight(data.freight_kind, data.freight_template)
    _check_picture(person, store.cover_media_id, data.cover_media_id, "store")
    _check_picture(person, store.collection_code_media_id, data.collection_code_media_id, "collection_code")
    for name, value in data.model_dump().items():
        setattr(store, name, value)
    store.updated_at = now()


def _check_picture(person: Person, before: int | None, after: int | None, purpose: str) -> None:
    if after is not None and after != before:
        own_media(person.id, [after], {purpose})


def add_pickup_point(person: Person, store_id: int, data: PickupPointIn) -> PickupPoint:
    """Add a pick-up point at the end. Raises Conflict `too_many_pickup_points`."""
    store = access_store(person, store_id)
    with transaction.atomic():
        Store.objects.select_for_update(no_key=True).get(id=store.id)
        live = PickupPoint.objects.filter(store=store, archived_at=None)
        count = live.count()
        if count >= MAX_PICKUP_POINTS:
            raise Conflict(
                "too_many_pickup_points",
                f"最多设置 {MAX_PICKUP_POINTS} 个自提点",
                "You have as many pick-up points as allowed.",
            )
        return PickupPoint.objects.create(store=store, position=count, created_at=now(), **data.model_dump())


def update_pickup_point(person: Person, point_id: int, data: PickupPointIn) -> PickupPoint:
    """Change a pick-up point; placed orders keep what they were told.

    Where content is checked, a change of a point that buyers see waits as a whole until its new words have passed. A point
    that nobody sees is judged with the sale that first shows it.
    """
    access_pickup_point(person, point_id)
    with transaction.atomic():
        PickupPoint.objects.select_for_update(no_key=True).get(id=point_id)
        point = access_pickup_point(person, point_id)
        before = point_pieces(point)
        for name, value in data.model_dump().items():
            setattr(point, name, value)
        if not _may_say(point, person, before, data):
            return access_pickup_point(person, point_id)
        point.save(update_fields=list(PickupPointIn.model_fields))
    return point


def _may_say(point: PickupPoint, person: Person, before: Sequence[Piece], data: PickupPointIn) -> bool:
    if not said.active() or not point_seen_by_buyers(point.store_id, point.id):
        return True
    wish = Said(
        POINT, point.id, person.id, point_pieces(point), point.name, point.store_id,
        shown=before, wish=data.model_dump(mode="json"),
    )  # fmt: skip
    return said.may_show(wish)


def archive_pickup_point(person: Person, point_id: int) -> None:
    """Take a pick-up point out of use; placed orders keep what they were told."""
    point = access_pickup_point(person, point_id)
    point.archived_at = now()
    with transaction.atomic():
        point.save(update_fields=["archived_at"])
        said.forget(POINT, point.id)


def suspend_store(store_id: int, reason: str, operator_id: int) -> Store:
    """Stop a store's sales at once. Orders already placed stay payable and refundable. Again: no change."""
    with transaction.atomic():
        store = _locked(store_id)
        if store.suspended_at is None:
            store.suspended_at, store.suspend_reason = now(), reason
            store.save(update_fields=["suspended_at", "suspend_reason"])
            _note(operator_id, "store.suspend", store, reason)
            _tell("store.suspended", store, reason)
    return store


def restore_store(store_id: int, reason: str, operator_id: int) -> Store:
    """Let a suspended store sell again. Again: no change."""
    with transaction.atomic():
        store = _locked(store_id)
        if store.suspended_at is not None:
            store.suspended_at, store.suspend_reason = None, ""
            store.save(update_fields=["suspended_at", "suspend_reason"])
            _note(operator_id, "store.restore", store, reason)
            _tell("store.restored", store, reason)
    return store


def _locked(store_id: int) -> Store:
    store = Store.objects.select_for_update(no_key=True).filter(id=store_id).first()
    if store is None:
        raise NotFound
    return store


def _note(operator_id: int, action: str, store: Store, reason: str) -> None:
    actor = Actor("operator", operator_id)
    audit.record(actor, action, "store", store.id, store_id=store.id, reason=reason)


def _tell(topic: str, store: Store, reason: str) -> None:
    selling = store.suspended_at is None
    payload = {"store_id": store.id, "selling": selling, "reason": reason, "at": now().isoformat()}
    outbox.emit(topic, payload, store_id=store.id)
