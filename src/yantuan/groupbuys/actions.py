"""The verbs that change group buys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from yantuan.catalog.actions import change_pool_once
from yantuan.catalog.models import StockPool
from yantuan.catalog.schemas import StockOut
from yantuan.catalog.stock import drop_pool
from yantuan.groupbuys import public
from yantuan.groupbuys.access import access_group_buy, access_offer
from yantuan.groupbuys.complying import refuse_forbidden
from yantuan.groupbuys.content import apply_content, apply_offers, cover_of
from yantuan.groupbuys.limiting import undated
from yantuan.groupbuys.models import GroupBuy, GroupCounter, Offer
from yantuan.groupbuys.options import offer_options_of
from yantuan.groupbuys.parts import check_end_moves
from yantuan.groupbuys.rules import (
    check_edited_window,
    check_extension,
    check_publish_at,
    check_publishable,
    check_window,
    copied_window,
    same_minute,
    status,
)
from yantuan.groupbuys.schemas import GroupBuyIn, OfferIn
from yantuan.identity.models import Person
from yantuan.kernel import said
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict
from yantuan.kernel.ids import short_code
from yantuan.leaders.access import require_selling
from yantuan.stores.access import access_store
from yantuan.stores.models import Store
from yantuan.stores.queries import available_payment_methods, is_selling, points_of

State = GroupBuy.State
Kind = GroupBuy.Kind


def create_group_buy(person: Person, store_id: int, data: GroupBuyIn) -> GroupBuy:
    """Write a draft."""
    store = access_store(person, store_id)
    check_window(Kind.DATED, data.starts_at, data.ends_at)
    group_buy = _blank(store, Kind.DATED)
    group_buy.starts_at, group_buy.ends_at = data.starts_at, data.ends_at
    apply_content(group_buy, data, person)
    with transaction.atomic():
        _insert(group_buy)
        offers = _save_with_offers(group_buy, data.offers, person)
        _schedule(group_buy, data.publish_at, len(offers), person)
    return group_buy


def _blank(store: Store, kind: str) -> GroupBuy:
    moment = now()
    return GroupBuy(
        store=store, kind=kind, code=short_code(), starts_at=moment, created_at=moment, updated_at=moment
    )


def _schedule(group_buy: GroupBuy, publish_at: datetime | None, offers: int, person: Person) -> None:
    """Note when a draft is to be published by itself; what it lacks is said now and not then, and its words are judged."""
    if group_buy.state != State.DRAFT or group_buy.kind == Kind.SHELF:
        return
    if publish_at is not None and not same_minute(publish_at, group_buy.publish_at):
        check_publish_at(publish_at, group_buy.ends_at, now())
    if publish_at is not None:
        _check_publishable(group_buy, offers)
    before, group_buy.publish_at = group_buy.publish_at, publish_at
    if publish_at != before:
        group_buy.save(update_fields=["publish_at"])
    if publish_at is not None:
        said.may_show(public.wish_of(group_buy, person))
    elif before is not None:
        said.forget(public.KIND, group_buy.id)


def _insert(group_buy: GroupBuy) -> None:
    group_buy.save(force_insert=True)
    GroupCounter.objects.create(group_buy_id=group_buy.id)


def _save_with_offers(group_buy: GroupBuy, wanted: Sequence[OfferIn], person: Person) -> list[Offer]:
    offers = apply_offers(group_buy, wanted, Actor("leader", person.id))
    group_buy.cover_media_id = cover_of(group_buy, offers)
    group_buy.save()
    return offers


def update_group_buy(person: Person, group_buy_id: int, data: GroupBuyIn) -> GroupBuy:
    """Replace a sale's content and offers; orders keep what they were promised.

    A draft may change wholly. A published sale must stay publishable, keeps its end, and its start once it has begun.
    A finished one refuses (`sale_over`). The shelf is published with its first offer.
    """
    access_group_buy(person, group_buy_id)
    with transaction.atomic():
        group_buy = _locked(group_buy_id)
        if group_buy.kind == Kind.SHELF:
            return _update_shelf(group_buy, data, person)
        _refuse_finished(group_buy)
        check_window(group_buy.kind, data.starts_at, data.ends_at)
        if group_buy.state == State.PUBLISHED:
            check_edited_window(
                starts_before=group_buy.starts_at,
                ends_before=group_buy.ends_at,
                starts_at=data.starts_at,
                ends_at=data.ends_at,
                now=now(),
            )
        if not same_minute(group_buy.starts_at, data.starts_at):
            group_buy.starts_at = data.starts_at
        if not same_minute(group_buy.ends_at, data.ends_at):
            group_buy.ends_at = data.ends_at
        return _edited(group_buy, data, person)


def _edited(group_buy: GroupBuy, data: GroupBuyIn, person: Person) -> GroupBuy:
    """Apply the body; undone again, and kept as a wish, when a published sale gets words that must be judged first."""
    if group_buy.state != State.PUBLISHED or not said.active():
        return _apply(group_buy, data, person)
    before = public.pieces_of(group_buy)
    try:
        with transaction.atomic():
            _apply(group_buy, data, person)
            public.hold_unless_good(group_buy, person, before, data)
    except public.Held as held:
        said.may_show(held.wish)
        return _locked(group_buy.id)
    return group_buy


def _apply(group_buy: GroupBuy, data: GroupBuyIn, person: Person) -> GroupBuy:
    apply_content(group_buy, data, person)
    offers = _save_with_offers(group_buy, data.offers, person)
    if group_buy.state == State.PUBLISHED and (offers or group_buy.kind != Kind.SHELF):
        _check_publishable(group_buy, len(offers))
    _schedule(group_buy, data.publish_at, len(offers), person)
    return group_buy


def _update_shelf(group_buy: GroupBuy, data: GroupBuyIn, person: Person) -> GroupBuy:
    check_window(Kind.SHELF, data.starts_at, data.ends_at)
    group_buy = _edited(group_buy, data, person)
    if data.offers and group_buy.state == State.DRAFT:
        _check_publishable(group_buy, len(data.offers))
        require_selling(group_buy.store.leader)
        _mark_published(group_buy, person)
    return group_buy


def _locked(group_buy_id: int) -> GroupBuy:
    """The row under its lock, read again: what was checked before the lock may have changed."""
    GroupBuy.objects.select_for_update(no_key=True).get(id=group_buy_id)
    return GroupBuy.objects.select_related("store__leader__person").get(id=group_buy_id)


def _refuse_finished(group_buy: GroupBuy) -> None:
    seen = status(group_buy.kind, group_buy.state, group_buy.starts_at, group_buy.ends_at, True, now())
    if seen in ("ended", "closed"):
        raise Conflict(
            "sale_over", "团购已经结束，可以复制一个新的团购", "The sale is over; copy it to sell again."
        )


def _check_publishable(group_buy: GroupBuy, offers: int) -> None:
    store = group_buy.store
    chosen = points_of(store.id, group_buy.pickup_point_ids) if group_buy.pickup_enabled else []
    check_publishable(
        kind=group_buy.kind,
        offers=offers,
        courier=group_buy.courier_enabled,
        pickup=group_buy.pickup_enabled,
        store_courier=store.courier_enabled,
        store_pickup=store.pickup_enabled,
        points=len(chosen),
        payment_methods=available_payment_methods(store),
        ends_at=group_buy.ends_at,
        now=now(),
    )
    refuse_forbidden(group_buy)


def _mark_published(group_buy: GroupBuy, person: Person) -> None:
    """Show it to buyers, or leave it a draft until its words and pictures have been judged; no clock publishes it again."""
    if group_buy.publish_at is not None:
        group_buy.publish_at = None
        group_buy.save(update_fields=["publish_at"])
    if not said.may_show(public.wish_of(group_buy, person)):
        return
    group_buy.state = State.PUBLISHED
    group_buy.published_at = now()
    group_buy.save(update_fields=["state", "published_at"])


def publish_group_buy(person: Person, group_buy_id: int) -> GroupBuy:
    """Show a draft to buyers. Raises Forbidden for a leader who may not sell, Conflict with the first thing that lacks.

    Publishing a published sale changes nothing. Where content is checked, it stays a draft until it has passed.
    """
    access_group_buy(person, group_buy_id)
    with transaction.atomic():
        group_buy = _locked(group_buy_id)
        require_selling(group_buy.store.leader)
        if not is_selling(group_buy.store):
            raise Conflict("store_suspended", "卖场已被暂停，请联系平台", "The store is suspended.")
        if group_buy.state == State.PUBLISHED:
            return group_buy
        _refuse_finished(group_buy)
        _check_publishable(group_buy, Offer.objects.filter(group_buy=group_buy, removed_at=None).count())
        _mark_published(group_buy, person)
    return group_buy


def close_group_buy(person: Person, group_buy_id: int) -> GroupBuy:
    """End a published sale now (截单). Placed orders stay payable to their own deadline. Again: no change."""
    access_group_buy(person, group_buy_id)
    with transaction.atomic():
        group_buy = _locked(group_buy_id)
        if group_buy.state == State.CLOSED:
            return group_buy
        _refuse_shelf(group_buy)
        if group_buy.state == State.DRAFT:
            raise Conflict("not_published", "草稿还没有发布", "A draft can't be closed.")
        group_buy.state, group_buy.closed_at = State.CLOSED, now()
        group_buy.save(update_fields=["state", "closed_at"])
    return group_buy


def extend_group_buy(person: Person, group_buy_id: int, ends_at: datetime) -> GroupBuy:
    """Move a published sale's end later, also after it has passed; a closed sale stays closed."""
    access_group_buy(person, group_buy_id)
    with transaction.atomic():
        group_buy = _locked(group_buy_id)
        _refuse_shelf(group_buy)
        if group_buy.state != State.PUBLISHED:
            raise Conflict(
                "not_published",
                "只有已发布且没有截单的团购可以延长",
                "Only a published sale can be extended.",
            )
        check_extension(group_buy.ends_at, ends_at, group_buy.starts_at, now())
        check_end_moves(group_buy.id)
        group_buy.ends_at = ends_at
        group_buy.save(update_fields=["ends_at"])
    return group_buy


def _refuse_shelf(group_buy: GroupBuy) -> None:
    if group_buy.kind == Kind.SHELF:
        raise Conflict("shelf_stays", "卖场货架一直开着，下架商品即可", "The shelf stays; remove its offers.")


def delete_group_buy(person: Person, group_buy_id: int) -> None:
    """Throw a draft away. Raises Conflict `only_drafts` for anything buyers may have seen."""
    access_group_buy(person, group_buy_id)
    with transaction.atomic():
        group_buy = _locked(group_buy_id)
        _refuse_shelf(group_buy)
        if group_buy.state != State.DRAFT:
            raise Conflict("only_drafts", "只能删除草稿", "Only drafts can be deleted.")
        offers = list(Offer.objects.filter(group_buy=group_buy))
        Offer.objects.filter(group_buy=group_buy).delete()
        for offer in offers:
            if offer.own_stock:
                drop_pool(offer.pool_id)
        GroupCounter.objects.filter(group_buy_id=group_buy.id).delete()
        said.forget(public.KIND, group_buy.id)
        group_buy.delete()


def copy_group_buy(person: Person, group_buy_id: int) -> GroupBuy:
    """A draft with the same content and offers, a window of the same length from now, and own stock as first stock.

    Offers whose variant or product is archived are left behind.
    """
    source = access_group_buy(person, group_buy_id)
    _refuse_shelf(source)
    assert source.ends_at is not None
    copy = _blank(source.store, Kind.DATED)
    copy.copied_from_id = source.id
    copy.starts_at, copy.ends_at = copied_window(source.starts_at, source.ends_at, now())
    for name in (
        "title",
        "blocks",
        "courier_enabled",
        "pickup_enabled",
        "questions",
        "show_joined",
        "options",
    ):
        setattr(copy, name, getattr(source, name))
    copy.pickup_point_ids = [p.id for p in points_of(source.store_id, source.pickup_point_ids)]
    with transaction.atomic():
        _insert(copy)
        _save_with_offers(copy, _copied_offers(source), person)
    return copy


def _copied_offers(source: GroupBuy) -> list[OfferIn]:
    rows = Offer.objects.filter(
        group_buy=source, removed_at=None, sku__archived_at=None, product__archived_at=None
    ).order_by("position", "id")
    offers = list(rows)
    totals = dict(StockPool.objects.filter(id__in=[o.pool_id for o in offers]).values_list("id", "total"))
    return [
        OfferIn(
            sku_id=o.sku_id,
            price_fen=o.price_fen,
            limit_per_person=o.limit_per_person,
            stock=totals[o.pool_id] if o.own_stock else None,
            options=undated(offer_options_of(o.options)),
        )
        for o in offers
    ]


def shelf_of(person: Person, store_id: int) -> GroupBuy:
    """The store's shelf, made empty on the first call."""
    store = access_store(person, store_id)
    found = GroupBuy.objects.filter(store=store, kind=Kind.SHELF).first()
    if found is None:
        shelf = _blank(store, Kind.SHELF)
        shelf.title = "卖场货架"
        shelf.courier_enabled = store.courier_enabled
        shelf.pickup_enabled = store.pickup_enabled
        shelf.pickup_point_ids = [p.id for p in points_of(store.id)]
        try:
            with transaction.atomic():
                _insert(shelf)
        except IntegrityError:
            # Another request of the same leader made it first.
            return GroupBuy.objects.select_related("store__leader__person").get(store=store, kind=Kind.SHELF)
        return shelf
    found.store = store
    return found


def change_offer_stock(
    person: Person, offer_id: int, delta: int, *, key: str | None, body: bytes
) -> StockOut:
    """Add or take free units of an offer's pool, once per idempotency key; a shared pool changes for all its offers."""
    offer = access_offer(person, offer_id)
    return change_pool_once(person, f"offer:{offer.id}", offer.pool_id, delta, key=key, body=body)
