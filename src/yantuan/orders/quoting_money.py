"""The money of a quote: what a basket costs even where a wish can't be met, which gifts come along, what is near."""

from __future__ import annotations

from dataclasses import dataclass, replace

from yantuan.groupbuys.desk import counters, live_offers
from yantuan.groupbuys.options import offer_options_of
from yantuan.kernel.errors import AppError
from yantuan.media.queries import media_map
from yantuan.orders import local
from yantuan.orders.deducting import gift_pieces, reduction_hint
from yantuan.orders.drafts import Draft, GroupTerms, Recipient, Snapshot
from yantuan.orders.joining import recipient_of
from yantuan.orders.pricing import Chosen, Priced, price, taking_part, template_of, unit_fen
from yantuan.orders.schemas import GiftOut
from yantuan.stores.distance import about_text, about_text_en
from yantuan.stores.freight import template_text
from yantuan.stores.rules import freight_text, freight_text_en

Both = tuple[str, str]
"""A sentence in Chinese and in English."""
_FINE: Both = ("", "")


@dataclass(frozen=True, slots=True)
class QuotedMoney:
    """A price to show, and why a wish does not count."""

    priced: Priced
    demand: Both
    """Why it can't be ordered like this; empty if it can."""
    coupon_problem: Both


def quoted(draft: Draft, group: GroupTerms, lines: Chosen, snapshot: Snapshot) -> QuotedMoney:
    """The price as placing would ask it; a coupon or a place that does not fit is left out and named."""
    here = recipient_of(draft, snapshot)
    bare = replace(draft, coupon_id=None)
    priced, first = _tried(draft, group, lines, here, snapshot)
    if priced:
        return QuotedMoney(priced, _FINE, _FINE)
    priced, again = _tried(bare, group, lines, here, snapshot)
    if priced:
        return QuotedMoney(priced, _FINE, first)
    # It is the place then; the coupon may still be good.
    priced, third = _tried(draft, group, lines, None, snapshot)
    if priced:
        return QuotedMoney(priced, again, _FINE)
    return QuotedMoney(price(bare, group, lines, None, snapshot), again, third)


def _tried(
    draft: Draft, group: GroupTerms, lines: Chosen, recipient: Recipient | None, snapshot: Snapshot
) -> tuple[Priced | None, Both]:
    """The price, or why it is refused."""
    try:
        return price(draft, group, lines, recipient, snapshot), _FINE
    except AppError as refusal:
        return None, (refusal.zh, refusal.en)


def freight_words(draft: Draft, group: GroupTerms, snapshot: Snapshot) -> Both:
    """The rule behind the freight, on one line; how far it is, where that counts and is known."""
    if draft.delivery_method != "courier":
        return "自提免运费", "Pick-up, no freight"
    metres = local.way_of(draft, group, snapshot)
    if metres is not None and not local.too_far(draft, group, metres):
        return f"直线距离{about_text(metres)}", f"{about_text_en(metres)}, straight line"
    template = template_of(group)
    return template_text(template) if template else (freight_text(group), freight_text_en(group))


def hint(draft: Draft, group: GroupTerms, lines: Chosen, snapshot: Snapshot) -> Both:
    """What is missing to the next step of 满减, where it is near."""
    reduction = group.options.money.reduction
    if reduction is None:
        return _FINE
    chosen = [lines[i] for i in taking_part(lines)]
    team = draft.team is not None
    fen = sum(unit_fen(offer, snapshot.now, team=team) * quantity for offer, quantity in chosen)
    return reduction_hint(reduction, fen, sum(quantity for _, quantity in chosen))


def gifts(group: GroupTerms, lines: Chosen, priced: Priced) -> list[GiftOut]:
    """What these goods bring along; reads the sale's offers only where it has gifts."""
    if not group.options.money.gifts:
        return []
    pieces = sum(quantity for offer, quantity in lines if not offer.options.money.gift)
    found: list[GiftOut] = []
    offers = live_offers(group.id)
    pictures = media_map(int(o.product.picture_media_ids[0]) for o in offers if o.product.picture_media_ids)
    for offer in offers:
        gift = offer_options_of(offer.options).money.gift
        earned = gift_pieces(gift, priced.goods_fen, pieces) if gift else 0
        if not earned:
            continue
        given = min(earned, counters(offer)[0])
        ids = offer.product.picture_media_ids
        picture = pictures.get(int(ids[0])) if ids else None
        found.append(
            GiftOut(
                offer_id=str(offer.id),
                title=offer.product.title,
                sku_name=offer.sku.name,
                picture_url=picture.thumb_url if picture else "",
                quantity=given,
                missing=earned - given,
            )
        )
    return found
