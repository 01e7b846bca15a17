"""What a basket would cost now, and what stands in its way. Reads only; nothing is held."""

from __future__ import annotations

from yantuan.groupbuys.rules import STATUS_LABELS, status
from yantuan.kernel.actors import Actor
from yantuan.kernel.http import IdOut
from yantuan.media.queries import media_map
from yantuan.media.schemas import MediaOut
from yantuan.orders import refusals
from yantuan.orders.book import dialect
from yantuan.orders.drafts import Draft, DraftLine, GroupTerms, OfferTerms, Snapshot
from yantuan.orders.schemas import QuoteIn, QuoteLine, QuoteOut
from yantuan.orders.snapshot import read_snapshot
from yantuan.stores.rules import freight_fen, freight_text


def quote(person_id: int, body: QuoteIn) -> QuoteOut:
    """Prices, freight and a problem per line. Raises NotFound-like `not_found` for an unknown or unpublished group buy."""
    draft = Draft(
        person_id=person_id,
        group_buy_id=body.group_buy_id,
        lines=tuple(DraftLine(line.offer_id, line.quantity) for line in body.lines),
        delivery_method=body.delivery_method,
        payment_method="wechatpay",
        expected_total_fen=0,
        idempotency_key="",
        body_hash="",
        actor=Actor("buyer", person_id),
    )
    snapshot = read_snapshot(dialect(), [draft], lock=False)
    group = snapshot.groups.get(body.group_buy_id)
    if group is None or group.state == "draft":
        raise refusals.group_buy_unknown()
    return _quote(draft, group, snapshot)


def _quote(draft: Draft, group: GroupTerms, snapshot: Snapshot) -> QuoteOut:
    found = [(line, snapshot.offers.get(line.offer_id)) for line in draft.lines]
    pictures = media_map(offer.picture_media_id for _, offer in found if offer)
    whole = _whole_problem(draft, group, snapshot)
    seen: set[int] = set()
    lines: list[QuoteLine] = []
    for line, offer in found:
        problem = "这个商品出现了两次，请合并数量" if line.offer_id in seen else ""
        seen.add(line.offer_id)
        known = offer if offer and not offer.removed else None
        problem = problem or whole or _problem(known, line.quantity, draft.person_id, snapshot)
        lines.append(_line(line, offer, pictures, problem, snapshot))
    goods = sum(line.amount_fen for line in lines)
    freight = freight_fen(group, goods, draft.delivery_method) if goods or lines else 0
    return QuoteOut(
        lines=lines,
        goods_fen=goods,
        freight_fen=freight,
        total_fen=goods + freight,
        freight_text=freight_text(group) if draft.delivery_method == "courier" else "自提免运费",
        orderable=not any(line.problem for line in lines),
    )


def _whole_problem(draft: Draft, group: GroupTerms, snapshot: Snapshot) -> str:
    seen = status(group.kind, group.state, group.starts_at, group.ends_at, group.selling, snapshot.now)
    if seen == "suspended" and group.halted:
        return refusals.store_halted().zh
    if seen != "open":
        return f"团购{STATUS_LABELS[seen]}，现在不能下单"
    offered = group.courier if draft.delivery_method == "courier" else group.pickup
    return "" if offered else "这个团购不支持所选的配送方式"


def _problem(offer: OfferTerms | None, quantity: int, person_id: int, snapshot: Snapshot) -> str:
    if offer is None:
        return "商品已下架"
    if offer.limit_per_person:
        left = offer.limit_per_person - snapshot.limit_used.get((offer.id, person_id), 0)
        if quantity > left:
            return f"每人限购 {offer.limit_per_person} 件" + (
                f"，还能买 {left} 件" if left > 0 else "，已达到上限"
            )
    available = snapshot.available.get(offer.pool_id, 0)
    if quantity > available:
        return f"只剩 {available} 件了" if available else "已售罄"
    return ""


def _line(
    line: DraftLine,
    offer: OfferTerms | None,
    pictures: dict[int, MediaOut],
    problem: str,
    snapshot: Snapshot,
) -> QuoteLine:
    offer_id: IdOut = str(line.offer_id)
    if offer is None:
        return QuoteLine(
            offer_id=offer_id, title="", sku_name="", picture_url="", price_fen=0, quantity=line.quantity,
            amount_fen=0, problem=problem, available=0,
        )  # fmt: skip
    picture = pictures.get(offer.picture_media_id or 0)
    return QuoteLine(
        offer_id=offer_id,
        title=offer.title,
        sku_name=offer.sku_name,
        picture_url=picture.thumb_url if picture else "",
        price_fen=offer.price_fen,
        quantity=line.quantity,
        amount_fen=offer.price_fen * line.quantity,
        problem=problem,
        available=snapshot.available.get(offer.pool_id, 0),
    )
