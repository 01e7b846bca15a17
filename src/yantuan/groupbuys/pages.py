"""What anybody sees of a group buy and of a store. No cost, no split of stock, nothing of other buyers but masked names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Max, Min, Q

from yantuan.groupbuys.desk import blocks_out, counters, live_offers, picture_ids, status_of
from yantuan.groupbuys.limiting import capacity_of, page_limits, price_now
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.options import NO_SALE_OPTIONS, SaleOptions, offer_options_of, sale_options_of
from yantuan.groupbuys.parts import joined_rows, kept_of, taken_of, totals
from yantuan.groupbuys.promising import page_gift, page_money
from yantuan.groupbuys.rules import STATUS_LABELS
from yantuan.groupbuys.schemas import (
    GroupBuyPage,
    JoinedRow,
    PageDemands,
    PageGift,
    PageMoney,
    PageOffer,
    PageProduct,
    Question,
    StoreGroupRow,
    StorePage,
)
from yantuan.groupbuys.teaming import page_teams, team_price
from yantuan.kernel.clock import now
from yantuan.kernel.errors import NotFound
from yantuan.kernel.http import Page
from yantuan.media.queries import media_map
from yantuan.media.schemas import MediaOut
from yantuan.stores.freight import FreightTemplate, freight_template_of, template_text
from yantuan.stores.models import Store
from yantuan.stores.public import hidden
from yantuan.stores.queries import available_payment_methods, head_pictures, point_out, points_of, store_card
from yantuan.stores.rules import freight_text, freight_text_en
from yantuan.stores.schemas import PickupPointOut, StoreCard

LATEST_JOINED = 10
JOINED_PAGE = 30
STORE_GROUPS = 50


def group_buy_page(code: str) -> GroupBuyPage:
    """The public page; drafts and unknown codes raise NotFound. `page.model_dump_json()` encodes it at once."""
    return build_page(_public(code))


def _public(code: str) -> GroupBuy:
    group_buy = (
        GroupBuy.objects.select_related("store__leader__person")
        .filter(code=code)
        .exclude(state=GroupBuy.State.DRAFT)
        .first()
    )
    if group_buy is None:
        raise NotFound("没有找到这个团购，可能已被删除或链接不对", "No such group buy.")
    return group_buy


def joined_page(code: str, cursor: str) -> Page[JoinedRow]:
    """The public joined list, newest first; empty when the leader hides it."""
    group_buy = _public(code)
    if not group_buy.show_joined:
        return Page(items=[], next=None)
    rows, following = joined_rows(group_buy.id, cursor or None, JOINED_PAGE)
    return Page(items=rows, next=following)


def build_page(group_buy: GroupBuy, *, preview: bool = False, card: StoreCard | None = None) -> GroupBuyPage:
    """The page of a sale whose store and leader are loaded. `card` spares reading the store's head again."""
    offers = live_offers(group_buy.id)
    store = group_buy.store
    pictures = media_map(picture_ids(group_buy, offers))
    pickup = group_buy.pickup_enabled and store.pickup_enabled
    cover = pictures.get(group_buy.cover_media_id or 0)
    latest, _ = joined_rows(group_buy.id, None, LATEST_JOINED) if group_buy.show_joined else ([], None)
    seen, moment = status_of(group_buy), now()
    options = sale_options_of(group_buy.options)
    goods, promised, freight = _money(options, store, offers)
    return GroupBuyPage(
        id=str(group_buy.id),
        kind="shelf" if group_buy.kind == GroupBuy.Kind.SHELF else "dated",
        code=group_buy.code,
        title=group_buy.title,
        status=seen,
        status_label=STATUS_LABELS[seen],
        server_time=moment,
        starts_at=group_buy.starts_at,
        ends_at=group_buy.ends_at,
        cover_url=cover.url if cover else "",
        blocks=blocks_out(group_buy, pictures),
        products=_products(goods, pictures, _look(goods, options, moment)),
        store=card or store_card(store, pictures),
        courier_enabled=group_buy.courier_enabled and store.courier_enabled,
        freight_text=freight[0],
        freight_text_en=freight[1],
        pickup_enabled=pickup,
        pickup_points=_points(group_buy) if pickup else [],
        payment_methods=available_payment_methods(store),
        questions=[Question(**q) for q in group_buy.questions],
        joined=totals([group_buy.id])[group_buy.id].joined,
        show_joined=group_buy.show_joined,
        latest_joined=latest,
        money=promised,
        **_rules(group_buy.id, options),
        preview=preview,
    )


def _rules(group_buy_id: int, options: SaleOptions) -> dict[str, Any]:
    """What the sale demands, its teams, and whether it settles anything."""
    return {
        "demands": _demands(group_buy_id, options),
        "teams": page_teams(options),
        "forms": options.forming != NO_SALE_OPTIONS.forming,
    }


def _points(group_buy: GroupBuy) -> list[PickupPointOut]:
    return [point_out(p) for p in points_of(group_buy.store_id, group_buy.pickup_point_ids)]


def _money(
    options: SaleOptions, store: Store, offers: list[Offer]
) -> tuple[list[Offer], PageMoney | None, tuple[str, str]]:
    """What is sold, what is promised beside, and one line on the freight in both languages."""
    template = _template(options, store)
    freight = template_text(template) if template else (freight_text(store), freight_text_en(store))
    goods, gifts = _apart(offers) if options.money.gifts else (offers, [])
    return goods, page_money(options, template, gifts), freight


def _template(options: SaleOptions, store: Store) -> FreightTemplate | None:
    """The freight template that counts: the sale's own, else the store's; None where freight is flat."""
    if options.money.freight or store.freight_kind != Store.Freight.TEMPLATE:
        return options.money.freight
    return freight_template_of(store.freight_template)


def _apart(offers: list[Offer]) -> tuple[list[Offer], list[PageGift]]:
    """What is sold, and what comes along."""
    goods: list[Offer] = []
    gifts: list[PageGift] = []
    for offer in offers:
        options = offer_options_of(offer.options)
        if options.money.gift:
            gifts.append(page_gift(offer.product.title, offer.sku.name, options, counters(offer)[0]))
        else:
            goods.append(offer)
    return goods, gifts


def _demands(group_buy_id: int, options: SaleOptions) -> PageDemands | None:
    """What the whole sale demands; the live orders are added up only where the sale is bounded."""
    limits = options.limits
    if limits == NO_SALE_OPTIONS.limits:
        return None
    bounded = limits.most_orders or limits.most_pieces or limits.most_fen
    return PageDemands(
        categories=list(limits.categories),
        audience=limits.audience,
        invited_only=bool(limits.member_tags),
        hide_sold=limits.hide_sold,
        self_cancel=limits.self_cancel,
        waiting_minutes=limits.waiting_minutes,
        capacity=capacity_of(limits, taken_of(group_buy_id)) if bounded else None,
    )


@dataclass
class _Group:
    """The offers of one product, in the order they are shown."""

    offers: list[Offer] = field(default_factory=list)


@dataclass(frozen=True)
class _Look:
    """What every offer of one page is shown by."""

    moment: datetime
    hide_sold: bool
    kept: Mapping[int, int]
    """Pool id → free units that belong to a waiting list."""
    teams: bool = False
    """Goods are sold to teams as well."""


def _look(offers: list[Offer], options: SaleOptions, moment: datetime) -> _Look:
    lined = options.limits.waiting_minutes > 0
    kept = kept_of(sorted({offer.pool_id for offer in offers})) if lined else {}
    return _Look(moment, options.limits.hide_sold, kept, options.teams.size > 0)


def _products(offers: list[Offer], pictures: Mapping[int, MediaOut], look: _Look) -> list[PageProduct]:
    groups: dict[int, _Group] = {}
    for offer in offers:
        groups.setdefault(offer.product_id, _Group()).offers.append(offer)
    return [_product(group.offers, pictures, look) for group in groups.values()]


def _product(offers: list[Offer], pictures: Mapping[int, MediaOut], look: _Look) -> PageProduct:
    product = offers[0].product
    shown = [_page_offer(o, look) for o in offers]
    return PageProduct(
        id=str(product.id),
        title=product.title,
        description=product.description,
        pictures=[pictures[int(i)] for i in product.picture_media_ids if int(i) in pictures],
        price_min_fen=min(o.price_fen for o in shown),
        price_max_fen=max(o.price_fen for o in shown),
        sold=sum(o.sold for o in shown),
        offers=shown,
    )


def _page_offer(offer: Offer, look: _Look) -> PageOffer:
    available, held, sold = counters(offer)
    options = offer_options_of(offer.options)
    return PageOffer(
        id=str(offer.id),
        sku_name=offer.sku.name,
        price_fen=price_now(offer.price_fen, options, look.moment),
        limit_per_person=offer.limit_per_person,
        stock=max(0, available - look.kept.get(offer.pool_id, 0)),
        sold=0 if look.hide_sold else held + sold,
        limits=page_limits(options, offer.price_fen, look.moment),
        new_buyer_fen=options.money.new_buyer_fen,
        team_fen=team_price(offer.price_fen, options, look.moment) if look.teams else None,
    )


def store_page(code: str) -> StorePage:
    """A store's running and coming sales and its shelf. Raises NotFound for unknown codes and never certified leaders."""
    store = Store.objects.select_related("leader__person").filter(code=code).first()
    if store is None or store.leader.certified_at is None or hidden(store.id):
        raise NotFound("没有找到这个卖场，可能链接不对", "No such store.")
    rows = _running(store)
    pictures = media_map([*head_pictures(store), *(g.cover_media_id for g in rows)])
    sums = totals([g.id for g in rows])
    card = store_card(store, pictures)
    return StorePage(
        store=card,
        groups=[_store_row(g, pictures, sums[g.id].joined) for g in rows if g.kind == GroupBuy.Kind.DATED],
        shelf=_shelf_page(rows, card),
    )


def _running(store: Store) -> list[GroupBuy]:
    """The shelf, then published sales that aren't over, the next to end first; each with its range of prices."""
    # A path that is not there is neither true nor false.
    sold = Q(offers__options__money__gift__isnull=True) | Q(offers__options__money__gift=None)
    live = Q(offers__removed_at=None) & sold
    rows: list[GroupBuy] = list(
        GroupBuy.objects.filter(store=store, state=GroupBuy.State.PUBLISHED)
        .filter(Q(ends_at=None) | Q(ends_at__gt=now()))
        # A path that is not there is neither true nor false.
        .filter(Q(options__limits__unlisted__isnull=True) | Q(options__limits__unlisted=False))
        .filter(Q(options__limits__member_tags__isnull=True) | Q(options__limits__member_tags=[]))
        .annotate(low=Min("offers__price_fen", filter=live), high=Max("offers__price_fen", filter=live))
        .order_by(F("ends_at").asc(nulls_first=True), "id")[: STORE_GROUPS + 1]
    )
    for group_buy in rows:
        group_buy.store = store
    return rows


def _shelf_page(rows: list[GroupBuy], card: StoreCard) -> GroupBuyPage | None:
    for group_buy in rows:
        if group_buy.kind == GroupBuy.Kind.SHELF and vars(group_buy)["low"] is not None:
            return build_page(group_buy, card=card)
    return None


def _store_row(group_buy: GroupBuy, pictures: Mapping[int, MediaOut], joined: int) -> StoreGroupRow:
    seen = status_of(group_buy)
    cover = pictures.get(group_buy.cover_media_id or 0)
    return StoreGroupRow(
        code=group_buy.code,
        title=group_buy.title,
        status=seen,
        status_label=STATUS_LABELS[seen],
        cover_url=cover.url if cover else "",
        price_min_fen=vars(group_buy)["low"] or 0,
        price_max_fen=vars(group_buy)["high"] or 0,
        starts_at=group_buy.starts_at,
        ends_at=group_buy.ends_at,
        joined=joined,
    )
