"""The owner's reads of group buys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import BigIntegerField, Count, OuterRef, Q, QuerySet, Subquery

from yantuan.catalog.models import StockPool
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.options import offer_options_of, sale_options_of
from yantuan.groupbuys.parts import Totals, totals
from yantuan.groupbuys.public import KIND, in_its_window
from yantuan.groupbuys.rules import STATUS_LABELS, status
from yantuan.groupbuys.schemas import (
    BlockOut,
    GroupBuyIn,
    GroupBuyOut,
    GroupBuyRow,
    OfferOut,
    Question,
    Status,
)
from yantuan.groupbuys.wanted import wanted_out
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import Invalid
from yantuan.kernel.http import Page, after_id
from yantuan.kernel.reviews import ReviewOut, labelled, reviews_out, undone
from yantuan.media.queries import media_map
from yantuan.media.schemas import MediaOut
from yantuan.stores.models import Store
from yantuan.stores.queries import head_pictures, is_selling, point_out, points_of

PAGE = 20


def group_buy_url(code: str) -> str:
    """The public address of a sale's page."""
    return f"{config().public_url.rstrip('/')}/g/{code}"


def status_of(group_buy: GroupBuy) -> Status:
    """What people see now; the row must carry its store and leader."""
    return status(
        group_buy.kind,
        group_buy.state,
        group_buy.starts_at,
        group_buy.ends_at,
        is_selling(group_buy.store),
        now(),
    )


def _pool(column: str) -> Subquery:
    pool = StockPool.objects.filter(id=OuterRef("pool_id"))
    return Subquery(pool.values(column)[:1], output_field=BigIntegerField())


def live_offers(group_buy_id: int) -> list[Offer]:
    """Offers in the leader's order, each with sku, product and its pool's `available`, `held` and `sold`, in one query."""
    rows = (
        Offer.objects.select_related("sku", "product")
        .filter(group_buy_id=group_buy_id, removed_at=None)
        .annotate(available=_pool("available"), held=_pool("held"), sold=_pool("sold"))
    )
    return list(rows.order_by("position", "id"))


def counters(offer: Offer) -> tuple[int, int, int]:
    """(available, held, sold) of an offer read by `live_offers`."""
    row = vars(offer)
    return int(row["available"] or 0), int(row["held"] or 0), int(row["sold"] or 0)


def picture_ids(group_buy: GroupBuy, offers: Sequence[Offer]) -> set[int]:
    """Every picture a page of this sale shows."""
    ids = {int(b["media_id"]) for b in group_buy.blocks if b["kind"] == "picture"}
    ids |= {int(i) for o in offers for i in o.product.picture_media_ids}
    if group_buy.cover_media_id:
        ids.add(group_buy.cover_media_id)
    return ids | head_pictures(group_buy.store)


def blocks_out(group_buy: GroupBuy, pictures: Mapping[int, MediaOut]) -> list[BlockOut]:
    """Content blocks with their pictures; blocks whose picture was lost are left out."""
    out = []
    for block in group_buy.blocks:
        if block["kind"] == "text":
            out.append(BlockOut(kind="text", text=block["text"]))
        elif int(block["media_id"]) in pictures:
            out.append(BlockOut(kind="picture", picture=pictures[int(block["media_id"])]))
    return out


def group_buy_out(group_buy: GroupBuy) -> GroupBuyOut:
    """The owner's view of one sale."""
    offers = live_offers(group_buy.id)
    pictures = media_map(picture_ids(group_buy, offers))
    points = points_of(group_buy.store_id, group_buy.pickup_point_ids)
    sums = totals([group_buy.id])[group_buy.id]
    seen = status_of(group_buy)
    waiting = undone(KIND, [group_buy.id]).get(group_buy.id)
    review = waiting.review if waiting else None
    out = GroupBuyOut(
        id=str(group_buy.id),
        store_id=str(group_buy.store_id),
        kind="shelf" if group_buy.kind == GroupBuy.Kind.SHELF else "dated",
        code=group_buy.code,
        url=group_buy_url(group_buy.code),
        title=group_buy.title,
        status=seen,
        status_label=labelled(STATUS_LABELS[seen], review),
        review=review,
        cover=pictures.get(group_buy.cover_media_id or 0),
        blocks=blocks_out(group_buy, pictures),
        offers=[_offer_out(o, pictures) for o in offers],
        starts_at=group_buy.starts_at,
        ends_at=group_buy.ends_at,
        courier_enabled=group_buy.courier_enabled,
        pickup_enabled=group_buy.pickup_enabled,
        pickup_points=[point_out(p) for p in points],
        questions=[Question(**q) for q in group_buy.questions],
        show_joined=group_buy.show_joined,
        publish_at=group_buy.publish_at,
        options=sale_options_of(group_buy.options),
        joined=sums.joined,
        orders=sums.orders,
        paid_fen=sums.paid_fen,
    )
    body = waiting.read(GroupBuyIn) if waiting else None
    if body is not None:
        out.wanted = wanted_out(group_buy, out, in_its_window(group_buy, body))
    return out


def _offer_out(offer: Offer, pictures: Mapping[int, MediaOut]) -> OfferOut:
    available, held, sold = counters(offer)
    first = offer.product.picture_media_ids[:1]
    return OfferOut(
        id=str(offer.id),
        sku_id=str(offer.sku_id),
        product_id=str(offer.product_id),
        title=offer.product.title,
        sku_name=offer.sku.name,
        picture=pictures.get(int(first[0])) if first else None,
        price_fen=offer.price_fen,
        limit_per_person=offer.limit_per_person,
        own_stock=offer.own_stock,
        available=available,
        held=held,
        sold=sold,
        options=offer_options_of(offer.options),
    )


def group_buy_rows(store: Store, *, wanted: str, cursor: str) -> Page[GroupBuyRow]:
    """A store's dated sales, newest first; `wanted` is one of the statuses, or empty for all."""
    rows = GroupBuy.objects.filter(store=store, kind=GroupBuy.Kind.DATED)
    if wanted:
        rows = _with_status(rows, wanted, is_selling(store))
    last = after_id(cursor)
    if last is not None:
        rows = rows.filter(id__lt=last)
    live = Count("offers", filter=Q(offers__removed_at=None))
    found = list(rows.annotate(live=live).order_by("-id")[: PAGE + 1])
    shown = found[:PAGE]
    pictures = media_map(g.cover_media_id for g in shown)
    sums = totals([g.id for g in shown])
    for group_buy in shown:
        group_buy.store = store
    reviews = reviews_out(KIND, [g.id for g in shown])
    items = [_row(g, pictures, sums[g.id], reviews.get(g.id)) for g in shown]
    return Page(items=items, next=str(shown[-1].id) if len(found) > PAGE else None)


def _with_status(rows: QuerySet[GroupBuy], wanted: str, selling: bool) -> QuerySet[GroupBuy]:
    """The rows that `status` would call `wanted`."""
    moment = now()
    published = Q(state=GroupBuy.State.PUBLISHED)
    live = published & Q(ends_at__gt=moment)
    conditions = {
        "draft": Q(state=GroupBuy.State.DRAFT),
        "closed": Q(state=GroupBuy.State.CLOSED),
        "ended": published & Q(ends_at__lte=moment),
        "coming": live & Q(starts_at__gt=moment),
        "open": live & Q(starts_at__lte=moment),
        "suspended": live,
    }
    if wanted not in conditions:
        raise Invalid("status_unknown", "没有这种团购状态", "Unknown status.", field="status")
    if wanted in ("coming", "open", "suspended") and selling == (wanted == "suspended"):
        return rows.none()
    return rows.filter(conditions[wanted])


def _row(
    group_buy: GroupBuy, pictures: Mapping[int, MediaOut], sums: Totals, review: ReviewOut | None
) -> GroupBuyRow:
    seen = status_of(group_buy)
    cover = pictures.get(group_buy.cover_media_id or 0)
    return GroupBuyRow(
        id=str(group_buy.id),
        kind="dated",
        code=group_buy.code,
        title=group_buy.title,
        status=seen,
        status_label=labelled(STATUS_LABELS[seen], review),
        cover_url=cover.thumb_url if cover else "",
        starts_at=group_buy.starts_at,
        ends_at=group_buy.ends_at,
        offers=int(vars(group_buy)["live"]),
        joined=sums.joined,
        orders=sums.orders,
        paid_fen=sums.paid_fen,
        publish_at=group_buy.publish_at,
        review=review,
    )
