"""Pure decisions about what a sale settles when it closes (成团, 阶梯价, 拼箱, 称重), and the sentences that say it to buyers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

from yantuan.groupbuys.options import OfferOptions, SaleOptions
from yantuan.groupbuys.options.forming import FormingRule, Tiers
from yantuan.groupbuys.schemas import GroupBuyIn, OfferIn
from yantuan.kernel.errors import Conflict, Invalid
from yantuan.kernel.money import price_text

Both = tuple[str, str]
"""A sentence in Chinese and in English."""
CARTON_RULE: Final[Both] = (
    "截单后按整箱采购：先满足每个人的想要件数；凑不满最后一箱时，愿意多要的人按付款先后一人一件轮流加到满箱；"
    "还是凑不满，就从最后付款的人开始退掉零头。没分到的件数自动退款。",
    "Only whole cartons are bought. Everybody gets the pieces they want first; if the last carton is not full, those who "
    "would take more get one piece each in the order of payment until it is. If that is not enough, the odd pieces are "
    "given back from the last to pay. What nobody gets is refunded by itself.",
)


def check_forming(data: GroupBuyIn, options: SaleOptions, *, shelf: bool) -> SaleOptions:
    """`options` of the sale as they are kept. Raises Invalid for rules that contradict themselves."""
    offers = [offer.options.forming for offer in data.offers]
    settles = any(one.tiers or one.carton for one in offers)
    if shelf and (options.forming.rule or settles):
        raise Invalid(
            "shelf_never_closes",
            "卖场货架没有截单时间，不能设成团条件、阶梯价或拼箱",
            "The shelf never closes; nothing can be settled then.",
            field="options",
        )
    if options.teams.size and (options.forming.rule or settles):
        raise Invalid(
            "teams_alone",
            "拼团的团购不能再设成团条件、阶梯价或拼箱",
            "A sale with teams has neither a minimum, tiers nor cartons.",
            field="options",
        )
    for offer in data.offers:
        _check_offer(offer)
    kept = replace(
        options.forming,
        settles=settles,
        weighs=any(one.weigh_g for one in offers),
        cartons=any(one.carton for one in offers),
    )
    return replace(options, forming=kept)


def _check_offer(offer: OfferIn) -> None:
    own, others = offer.options.forming, offer.options
    wrong = (
        (bool(own.carton) and own.carton < 2, "carton_too_small", "一箱至少 2 件", "A carton holds at least 2 pieces."),
        (bool(own.carton) and others.limits.step > 1, "carton_with_step", "拼箱的商品不能再设倍数购买",
         "Cartons and multiples don't go together."),
        (bool(own.weigh_g) and bool(own.carton or own.tiers), "weigh_alone",
         "称重的商品不能再设阶梯价或拼箱", "Weighed goods have neither tiers nor cartons."),
        (bool(others.money.gift) and bool(own.carton or own.tiers or own.weigh_g), "gift_settles",
         "赠品不能设阶梯价、拼箱或称重", "A gift has neither tiers, cartons nor weight."),
    )  # fmt: skip
    for is_wrong, code, zh, en in wrong:
        if is_wrong:
            raise Invalid(code, zh, en, field="offers")
    if own.tiers:
        _check_tiers(own.tiers, offer.price_fen)


def _check_tiers(tiers: Tiers, price_fen: int) -> None:
    if tiers.steps[0].price_fen >= price_fen:
        raise Invalid(
            "tier_not_lower",
            f"阶梯价要低于团购价 {price_text(price_fen)}",
            "A tier must be below the usual price.",
            field="offers",
        )
    for lower, higher in pairwise(tiers.steps):
        if higher.reach <= lower.reach or higher.price_fen >= lower.price_fen:
            raise Invalid(
                "tiers_unordered",
                "阶梯价的件数要从少到多，价格要越来越低",
                "Tiers must rise in what they ask for and fall in price.",
                field="offers",
            )


def refuse_changed(before: SaleOptions, after: SaleOptions) -> None:
    """Buyers have ordered by the rule that was shown. Raises Conflict `forming_fixed` when a published one is to change."""
    if before.forming.rule != after.forming.rule:
        raise _fixed()


def refuse_changed_offer(before: OfferOptions, after: OfferOptions) -> None:
    """Like `refuse_changed`, of one offer that is on sale."""
    if before.forming != after.forming:
        raise _fixed()


def _fixed() -> Conflict:
    return Conflict(
        "forming_fixed",
        "团购已经发布，成团条件、阶梯价、拼箱和称重不能再改，可以截单后再开一次",
        "What a published sale settles can't be changed; close it and open another.",
    )


def rule_text(rule: FormingRule) -> Both:
    """`满 20 人成团，截单时不满自动全额退款`."""
    reach, reach_en = amount_text(rule.by, rule.reach)
    return (
        f"满 {reach}成团，截单时不满自动全额退款",
        f"Goes ahead with {reach_en}; else everything is refunded when it closes",
    )


def amount_text(by: str, amount: int) -> Both:
    """`20 人`, `50 件`, `¥500.00 `."""
    if by == "fen":
        return f"{price_text(amount)} ", price_text(amount)
    if by == "people":
        return f"{amount} 人", f"{amount} buyers"
    return f"{amount} 件", f"{amount} pieces"


def tiers_text(tiers: Tiers) -> Both:
    """`满 50 件每件 ¥9.00，满 100 件每件 ¥8.00，截单后差价自动退回`."""
    zh, en = [], []
    for step in tiers.steps:
        reach, reach_en = amount_text(tiers.by, step.reach)
        zh.append(f"满 {reach}每件 {price_text(step.price_fen)}")
        en.append(f"{price_text(step.price_fen)} each from {reach_en}")
    return (
        "，".join(zh) + "，截单后差价自动退回",
        ", ".join(en) + "; the difference comes back when it closes",
    )
