"""Building a group buy's rows from what its leader wrote: content blocks, offers, pick-up points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yantuan.catalog import stock
from yantuan.catalog.models import Sku, StockPool
from yantuan.groupbuys.forming import check_forming, refuse_changed, refuse_changed_offer
from yantuan.groupbuys.limiting import check_limits
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.options import offer_options_of, packed, sale_options_of
from yantuan.groupbuys.promising import check_money
from yantuan.groupbuys.rules import check_questions
from yantuan.groupbuys.schemas import GroupBuyIn, OfferIn
from yantuan.groupbuys.teaming import check_teams
from yantuan.identity.models import Person
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.errors import Invalid
from yantuan.media.access import own_media
from yantuan.stores.models import PickupPoint

CONTENT_PURPOSES = frozenset({"content", "product"})


def apply_content(group_buy: GroupBuy, data: GroupBuyIn, person: Person) -> None:
    """Put title, blocks, questions and delivery on the unsaved row; refuses pictures and pick-up points of others."""
    check_questions([q.id for q in data.questions], [(q.kind, len(q.choices)) for q in data.questions])
    group_buy.title = data.title
    group_buy.blocks = _blocks(group_buy, data, person)
    group_buy.courier_enabled = data.courier_enabled
    group_buy.pickup_enabled = data.pickup_enabled
    group_buy.pickup_point_ids = _points(group_buy, data.pickup_point_ids)
    group_buy.questions = [q.model_dump() for q in data.questions]
    group_buy.show_joined = data.show_joined
    options = check_money(data, check_limits(data, now().astimezone(CHINA).date()))
    options = check_forming(data, check_teams(data, options), shelf=group_buy.kind == GroupBuy.Kind.SHELF)
    if group_buy.state == GroupBuy.State.PUBLISHED:
        refuse_changed(sale_options_of(group_buy.options), options)
    group_buy.options = packed(options)
    group_buy.updated_at = now()


def _blocks(group_buy: GroupBuy, data: GroupBuyIn, person: Person) -> list[dict[str, Any]]:
    before = {int(b["media_id"]) for b in group_buy.blocks if b["kind"] == "picture"}
    pictures = [b.media_id for b in data.blocks if b.kind == "picture"]
    own_media(person.id, [i for i in pictures if i not in before], CONTENT_PURPOSES)
    return [
        {"kind": "text", "text": b.text}
        if b.kind == "text"
        else {"kind": "picture", "media_id": str(b.media_id)}
        for b in data.blocks
    ]


def _points(group_buy: GroupBuy, wanted: Sequence[int]) -> list[int]:
    """The chosen points in the leader's order; points archived since they were chosen fall away silently."""
    live = set(
        PickupPoint.objects.filter(store_id=group_buy.store_id, archived_at=None, id__in=wanted).values_list(
            "id", flat=True
        )
    )
    if not set(wanted) <= live | {int(i) for i in group_buy.pickup_point_ids}:
        raise Invalid(
            "pickup_point_unknown",
            "自提点不存在或已停用，请重新选择",
            "Unknown pick-up point.",
            field="pickup_point_ids",
        )
    return [i for i in dict.fromkeys(wanted) if i in live]


def apply_offers(group_buy: GroupBuy, wanted: Sequence[OfferIn], actor: Actor) -> list[Offer]:
    """Make the sale offer exactly `wanted`, in that order, inside the caller's transaction; answers the live offers.

    In a draft the body decides everything, stock included. Once published, existing offers keep their pool, stock
    changes through its own route, and an offer left out is hidden but kept for the orders that name it.
    """
    _refuse_repeats(wanted)
    existing = {o.sku_id: o for o in Offer.objects.filter(group_buy=group_buy)}
    skus = _skus(group_buy, wanted, existing)
    draft = group_buy.state == GroupBuy.State.DRAFT
    live = []
    for place, item in enumerate(wanted):
        offer = existing.pop(item.sku_id, None)
        sku = skus[item.sku_id]
        if offer is None:
            offer = _new_offer(group_buy, sku, item.stock, actor)
        elif draft:
            _set_draft_stock(offer, sku, item.stock, actor)
        offer.price_fen = item.price_fen
        offer.limit_per_person = item.limit_per_person
        if not draft and not offer._state.adding:
            refuse_changed_offer(offer_options_of(offer.options), item.options)
        offer.options = packed(item.options)
        offer.position = place
        offer.removed_at = None
        offer.save()
        live.append(offer)
    for offer in existing.values():
        _drop(offer, draft)
    return live


def _refuse_repeats(wanted: Sequence[OfferIn]) -> None:
    if len({o.sku_id for o in wanted}) != len(wanted):
        raise Invalid(
            "offer_repeated", "同一个规格在团里只能出现一次", "A variant is offered twice.", field="offers"
        )


def _skus(group_buy: GroupBuy, wanted: Sequence[OfferIn], existing: dict[int, Offer]) -> dict[int, Sku]:
    """The variants by id; new ones must be live ones of this store."""
    rows = Sku.objects.select_related("product").filter(
        id__in=[o.sku_id for o in wanted], store_id=group_buy.store_id
    )
    skus = {s.id: s for s in rows}
    for item in wanted:
        sku = skus.get(item.sku_id)
        offered = item.sku_id in existing and existing[item.sku_id].removed_at is None
        usable = sku is not None and (
            offered or (sku.archived_at is None and sku.product.archived_at is None)
        )
        if not usable:
            raise Invalid(
                "sku_unknown",
                "有商品不存在或已归档，请重新选择",
                "A variant is unknown or archived.",
                field="offers",
            )
    return skus


def _new_offer(group_buy: GroupBuy, sku: Sku, first: int | None, actor: Actor) -> Offer:
    own = first is not None
    return Offer(
        group_buy=group_buy,
        store_id=group_buy.store_id,
        sku=sku,
        product=sku.product,
        pool_id=stock.create_pool(group_buy.store_id, first, actor) if first is not None else sku.pool_id,
        own_stock=own,
    )


def _set_draft_stock(offer: Offer, sku: Sku, first: int | None, actor: Actor) -> None:
    if first is None:
        if offer.own_stock:
            old, offer.pool_id, offer.own_stock = offer.pool_id, sku.pool_id, False
            stock.drop_pool(old)
    elif offer.own_stock:
        before = StockPool.objects.get(id=offer.pool_id).available
        stock.adjust(offer.pool_id, first - before, actor)
    else:
        offer.pool_id, offer.own_stock = stock.create_pool(offer.store_id, first, actor), True


def _drop(offer: Offer, draft: bool) -> None:
    if draft:
        offer.delete()
        if offer.own_stock:
            stock.drop_pool(offer.pool_id)
    elif offer.removed_at is None:
        offer.removed_at = now()
        offer.save(update_fields=["removed_at"])


def cover_of(group_buy: GroupBuy, offers: Sequence[Offer]) -> int | None:
    """The picture that stands for the sale: the first of its content, else of its first product."""
    for block in group_buy.blocks:
        if block["kind"] == "picture":
            return int(block["media_id"])
    for offer in offers:
        if offer.product.picture_media_ids:
            return int(offer.product.picture_media_ids[0])
    return None
