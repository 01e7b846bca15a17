"""Pure decisions about what a sale promises in money, and the sentences that say it to buyers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from yantuan.groupbuys.options import OfferOptions, SaleOptions
from yantuan.groupbuys.options.money import Gift, Reduction
from yantuan.groupbuys.schemas import FreightRow, GroupBuyIn, PageGift, PageMoney
from yantuan.kernel.errors import Invalid
from yantuan.kernel.money import price_text
from yantuan.stores.freight import FreightTemplate, check_template, table

Both = tuple[str, str]
"""A sentence in Chinese and in English."""


def check_money(data: GroupBuyIn, options: SaleOptions) -> SaleOptions:
    """`options` of the sale as they are kept. Raises Invalid for promises that contradict themselves."""
    money = options.money
    if money.reduction:
        _check_reduction(money.reduction)
    if money.freight:
        check_template(money.freight, "freight")
    for offer in data.offers:
        own = offer.options.money
        if own.gift and own.new_buyer_fen is not None:
            raise Invalid(
                "gift_has_price", "赠品不能再设新人价", "A gift has no price for new buyers.", field="offers"
            )
        if own.new_buyer_fen is not None and own.new_buyer_fen >= offer.price_fen:
            raise Invalid(
                "new_buyer_price_high",
                "新人价要低于团购价",
                "The price for new buyers must be below the usual one.",
                field="offers",
            )
    gifts = [bool(offer.options.money.gift) for offer in data.offers]
    if gifts and all(gifts):
        raise Invalid(
            "gifts_only", "不能只有赠品，请添加要卖的商品", "A sale can't be all gifts.", field="offers"
        )
    new_buyers = any(offer.options.money.new_buyer_fen is not None for offer in data.offers)
    return replace(options, money=replace(money, new_buyers=new_buyers, gifts=any(gifts)))


def _check_reduction(reduction: Reduction) -> None:
    def wrong(zh: str, en: str) -> Invalid:
        return Invalid("reduction_invalid", zh, en, field="reduction")

    steps = reduction.steps
    if reduction.repeating and len(steps) > 1:
        raise wrong("「每满减」只能设一档", "A repeating reduction has one step.")
    if reduction.by == "fen" and any(step.minus_fen >= step.reach for step in steps):
        raise wrong("满减的优惠要小于门槛", "A reduction must be less than what it asks for.")
    for lower, higher in pairwise(steps):
        if higher.reach <= lower.reach or higher.minus_fen <= lower.minus_fen:
            raise wrong("满减档位要从低到高，优惠也要越来越多", "Steps must rise in both amounts.")


def reduction_text(reduction: Reduction) -> Both:
    """`满 ¥99.00 减 ¥10.00，满 ¥199.00 减 ¥25.00`, `每满 3 件减 ¥5.00`."""
    every = "每" if reduction.repeating else ""
    every_en = "every " if reduction.repeating else ""
    zh, en = [], []
    for step in reduction.steps:
        reach, reach_en = _reach(reduction.by, step.reach)
        zh.append(f"{every}满 {reach}减 {price_text(step.minus_fen)}")
        en.append(f"{price_text(step.minus_fen)} off {every_en}{reach_en}")
    return "，".join(zh), ", ".join(en)


def gift_text(gift: Gift) -> Both:
    """When a gift comes along: `满 ¥99.00 送 1 件`."""
    reach, reach_en = _reach(gift.by, gift.reach)
    every = "每" if gift.repeating else ""
    every_en = "every " if gift.repeating else ""
    return f"{every}满 {reach}送 {gift.quantity} 件", f"{gift.quantity} free with {every_en}{reach_en}"


def _reach(by: str, reach: int) -> Both:
    if by == "fen":
        return f"{price_text(reach)} ", price_text(reach)
    return f"{reach} 件", f"{reach} pieces"


def page_money(
    options: SaleOptions, template: FreightTemplate | None, gifts: Sequence[PageGift]
) -> PageMoney | None:
    """What buyers see of it; None where nothing is promised. `template` is the one that counts for the sale."""
    reduction = options.money.reduction
    if reduction is None and template is None and not gifts and not options.money.new_buyers:
        return None
    text = reduction_text(reduction) if reduction else ("", "")
    rows = table(template) if template else []
    return PageMoney(
        reduction=text[0],
        reduction_en=text[1],
        freight=[FreightRow(regions=r[0], regions_en=r[1], text=r[2], text_en=r[3]) for r in rows],
        freight_by_place=bool(template and (template.rules or template.distance)),
        new_buyers=options.money.new_buyers,
        gifts=list(gifts),
    )


def page_gift(title: str, sku_name: str, options: OfferOptions, left: int) -> PageGift:
    """One gift of the page; the offer is known to be one. `left` are the pieces still there."""
    gift = options.money.gift
    if gift is None:
        raise ValueError("not a gift")
    text = gift_text(gift)
    return PageGift(title=f"{title} {sku_name}".strip(), text=text[0], text_en=text[1], gone=left < 1)
