"""A published sale as its owner wants it, while the edit waits for its judgement: nothing has to be typed twice."""

from __future__ import annotations

from collections.abc import Mapping

from yantuan.catalog.models import Sku, StockPool
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.schemas import BlockOut, GroupBuyIn, GroupBuyOut, OfferIn, OfferOut
from yantuan.media.queries import media_map
from yantuan.media.schemas import MediaOut
from yantuan.stores.queries import point_out, points_of


def wanted_out(group_buy: GroupBuy, out: GroupBuyOut, body: GroupBuyIn) -> GroupBuyOut:
    """`out`, the sale as it is, with the body applied; variants and pictures that are gone are left out."""
    skus = Sku.objects.select_related("product").in_bulk([offer.sku_id for offer in body.offers])
    shown = {b.media_id for b in body.blocks if b.kind == "picture"}
    firsts = {int(i) for sku in skus.values() for i in sku.product.picture_media_ids[:1]}
    pictures = media_map(shown | firsts)
    values = {
        "title": body.title,
        "blocks": _blocks(body, pictures),
        "offers": _offers(out, body, skus, pictures),
        "starts_at": body.starts_at,
        "ends_at": body.ends_at,
        "courier_enabled": body.courier_enabled,
        "pickup_enabled": body.pickup_enabled,
        "pickup_points": [point_out(p) for p in points_of(group_buy.store_id, body.pickup_point_ids)],
        "questions": body.questions,
        "show_joined": body.show_joined,
        "options": body.options,
        "review": None,
    }
    return out.model_copy(update=values)


def _blocks(body: GroupBuyIn, pictures: Mapping[int, MediaOut]) -> list[BlockOut]:
    found = []
    for block in body.blocks:
        if block.kind == "text":
            found.append(BlockOut(kind="text", text=block.text))
        elif block.media_id in pictures:
            found.append(BlockOut(kind="picture", picture=pictures[block.media_id]))
    return found


def _offers(
    out: GroupBuyOut, body: GroupBuyIn, skus: Mapping[int, Sku], pictures: Mapping[int, MediaOut]
) -> list[OfferOut]:
    known = {offer.sku_id: offer for offer in out.offers}
    pools = StockPool.objects.in_bulk([sku.pool_id for sku in skus.values()])
    found = []
    for item in body.offers:
        offer = known.get(str(item.sku_id))
        if offer is not None:
            terms = {
                "price_fen": item.price_fen,
                "limit_per_person": item.limit_per_person,
                "options": item.options,
            }
            found.append(offer.model_copy(update=terms))
        elif item.sku_id in skus:
            sku = skus[item.sku_id]
            found.append(_new_offer(item, sku, pools[sku.pool_id], pictures))
    return found


def _new_offer(item: OfferIn, sku: Sku, pool: StockPool, pictures: Mapping[int, MediaOut]) -> OfferOut:
    """An offer that will be made with the edit: it has no id yet."""
    first = sku.product.picture_media_ids[:1]
    return OfferOut(
        id="",
        sku_id=str(sku.id),
        product_id=str(sku.product_id),
        title=sku.product.title,
        sku_name=sku.name,
        picture=pictures.get(int(first[0])) if first else None,
        price_fen=item.price_fen,
        limit_per_person=item.limit_per_person,
        own_stock=item.stock is not None,
        available=item.stock if item.stock is not None else pool.available,
        held=0,
        sold=0,
        options=item.options,
    )
