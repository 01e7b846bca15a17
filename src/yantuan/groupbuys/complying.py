"""发布前检查: a sale as it is saved, looked at by the rules of `readers.compliance`, with what the store really sold for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.options import offer_options_of
from yantuan.groupbuys.parts import sold_of
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.errors import Conflict
from yantuan.leaders.models import Certification
from yantuan.readers.compliance import goods, prices, texts
from yantuan.readers.compliance.prices import Offered
from yantuan.readers.compliance.result import Both, Finding, Said

Kind = Certification.Kind


def check(group_buy: GroupBuy) -> list[Finding]:
    """Everything found in a sale, what the law forbids first."""
    offers = list(
        Offer.objects.filter(group_buy_id=group_buy.id, removed_at=None)
        .select_related("product", "sku")
        .order_by("position", "id")
    )
    titles, words = _said(group_buy, offers)
    kinds = {kind for one in titles for kind in goods.kinds_of(one.text)}
    found = texts.read([*titles, *words], kinds)
    if _asked(group_buy):
        found = [one for one in found if one.code != "seven_day_excluded"]
    found += goods.papers(titles, [*titles, *words], _seller(group_buy))
    found += _compared(group_buy, offers, [*titles, *words])
    return sorted(found, key=lambda one: one.severity != "forbidden")


def refuse_forbidden(group_buy: GroupBuy) -> None:
    """Raise Conflict `sale_forbidden` when the sale says or sells what the law forbids outright; advice never refuses."""
    offers = Offer.objects.filter(group_buy_id=group_buy.id, removed_at=None)
    titles, words = _said(group_buy, list(offers.select_related("product", "sku").order_by("position", "id")))
    kinds = {kind for one in titles for kind in goods.kinds_of(one.text)}
    found = [one for one in texts.read([*titles, *words], kinds) if one.severity == "forbidden"]
    if found:
        first = found[0]
        raise Conflict(
            "sale_forbidden",
            f"{first.place[0]}里的「{first.hit}」不能发布：{first.why[0]}（{first.law[0]}）",
            f"“{first.hit}” in {first.place[1]} can't be published: {first.why[1]} ({first.law[1]})",
            field=first.field,
            findings=len(found),
        )


def _said(group_buy: GroupBuy, offers: Sequence[Offer]) -> tuple[list[Said], list[Said]]:
    """Titles of what is sold, and everything else the page says."""
    titles = (
        []
        if group_buy.kind == GroupBuy.Kind.SHELF
        else [Said("title", ("标题", "the title"), group_buy.title, True)]
    )
    words = []
    for number, block in enumerate(group_buy.blocks, 1):
        if block["kind"] == "text":
            place = (f"介绍第 {number} 段", f"part {number} of the introduction")
            words.append(Said(f"block:{number - 1}", place, block["text"]))
    for number, question in enumerate(group_buy.questions, 1):
        asked = "\n".join([question["label"], *question["choices"]])
        words.append(Said(f"question:{number - 1}", (f"下单问题 {number}", f"question {number}"), asked))
    seen: set[int] = set()
    for offer in offers:
        field, place = f"product:{offer.product_id}", _place(offer)
        if offer.product_id not in seen:
            seen.add(offer.product_id)
            titles.append(Said(field, place, offer.product.title, True))
            words.append(Said(field, place, offer.product.description))
        words.append(Said(field, place, offer.sku.name))
    return titles, words


def _place(offer: Offer) -> Both:
    return f"商品「{offer.product.title}」", f"the goods “{offer.product.title}”"


def _asked(group_buy: GroupBuy) -> bool:
    """Whether buyers must say themselves that they know there is no return without reason."""
    return any(
        question["required"]
        and question["kind"] == "choice"
        and "无理由" in question["label"] + "".join(question["choices"])
        for question in group_buy.questions
    )


def _seller(group_buy: GroupBuy) -> Literal["person", "individual_business", "company", ""]:
    rows = Certification.objects.filter(
        leader_id=group_buy.store.leader_id, state=Certification.State.APPROVED
    )
    kind = rows.order_by("-id").values_list("kind", flat=True).first()
    if kind == Kind.PERSON:
        return "person"
    if kind == Kind.INDIVIDUAL_BUSINESS:
        return "individual_business"
    return "company" if kind == Kind.COMPANY else ""


def _compared(group_buy: GroupBuy, offers: Sequence[Offer], said: Sequence[Said]) -> list[Finding]:
    sold = sold_of(group_buy.store_id, [offer.sku_id for offer in offers])
    shown = []
    for number, offer in enumerate(offers):
        limits = offer_options_of(offer.options).limits
        usual = offer.price_fen if limits.flash else None
        shown.append(Offered(offer.sku_id, f"offer:{number}", _place(offer), usual, limits.ships_on))
    today = now().astimezone(CHINA).date()
    ends = group_buy.ends_at.astimezone(CHINA).date() if group_buy.ends_at else None
    return [*prices.named(said, sold), *prices.flash(shown, sold), *prices.presale(shown, today, ends)]
