"""What a basket would cost now, and what stands in its way. Reads only; nothing is held."""

from __future__ import annotations

from dataclasses import replace

from yantuan.groupbuys.limiting import nearest
from yantuan.groupbuys.rules import STATUS_LABELS, status
from yantuan.kernel.actors import Actor
from yantuan.kernel.errors import AppError
from yantuan.kernel.http import IdOut
from yantuan.media.queries import media_map
from yantuan.media.schemas import MediaOut
from yantuan.orders import demands, hooks, local, refusals
from yantuan.orders.book import dialect
from yantuan.orders.drafts import Draft, DraftLine, GroupTerms, OfferTerms, Snapshot
from yantuan.orders.incoming import wish_of
from yantuan.orders.pricing import Priced, unit_fen
from yantuan.orders.quoting_money import freight_words, gifts, hint, quoted
from yantuan.orders.schemas import DeductionOut, QuoteIn, QuoteLine, QuoteOut
from yantuan.orders.snapshot import read_snapshot

Both = tuple[str, str]
"""A sentence in Chinese and in English."""
_FINE: Both = ("", "")
_TWICE: Both = ("这个商品出现了两次，请合并数量", "This is on two lines, please put them together")


def quote(person_id: int, body: QuoteIn) -> QuoteOut:
    """Prices, freight and a problem per line. Raises NotFound-like `not_found` for an unknown or unpublished group buy."""
    draft = Draft(
        person_id=person_id,
        group_buy_id=body.group_buy_id,
        lines=tuple(DraftLine(line.offer_id, line.quantity, line.wish or 0) for line in body.lines),
        delivery_method=body.delivery_method,
        payment_method="wechatpay",
        expected_total_fen=0,
        idempotency_key="",
        body_hash="",
        actor=Actor("buyer", person_id),
        address_id=body.address_id if body.delivery_method == "courier" else None,
        coupon_id=body.coupon_id,
        team=wish_of(body.team),
        adds=body.adds or body.joins_order_id is not None,
        joins=body.joins_order_id,
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
        problem = _TWICE if line.offer_id in seen else _FINE
        seen.add(line.offer_id)
        known = offer if offer and not offer.removed else None
        if problem == _FINE:
            own = _problem(known, line.quantity, draft.person_id, snapshot)
            problem = own if whole == _FINE else whole
        lines.append(_line(line, offer, pictures, problem, draft, snapshot))
    known_lines = [(offer, line.quantity) for line, offer in found if offer]
    money = quoted(draft, group, known_lines, snapshot)
    priced, demand = money.priced, money.demand
    if whole == demand == _FINE:
        demand = _demand(replace(draft, expected_total_fen=priced.total_fen), group, snapshot)
    freight, near = freight_words(draft, group, snapshot), hint(draft, group, known_lines, snapshot)
    return QuoteOut(
        lines=lines,
        gifts=gifts(group, known_lines, priced),
        goods_fen=priced.goods_fen,
        freight_fen=priced.freight_fen,
        deductions=_deductions(priced),
        hint=near[0],
        hint_en=near[1],
        coupon_problem=money.coupon_problem[0],
        coupon_problem_en=money.coupon_problem[1],
        total_fen=priced.total_fen,
        freight_text=freight[0],
        freight_text_en=freight[1],
        demand=demand[0],
        demand_en=demand[1],
        needs_mark=local.unmarked(draft, group, snapshot),
        orderable=demand == _FINE and not any(line.problem for line in lines),
    )


def _deductions(priced: Priced) -> list[DeductionOut]:
    return [
        DeductionOut(kind=one.kind, fen=one.fen, text=one.text, text_en=one.text_en)
        for one in priced.deductions
    ]


def _demand(draft: Draft, group: GroupTerms, snapshot: Snapshot) -> Both:
    """What an option of the sale has against this basket, in the words placing would refuse it with."""
    for hook in hooks.concerned(draft, group):
        try:
            hook.check(draft, group, snapshot)
        except AppError as refusal:
            return refusal.zh, refusal.en
    return _FINE


def _whole_problem(draft: Draft, group: GroupTerms, snapshot: Snapshot) -> Both:
    seen = status(group.kind, group.state, group.starts_at, group.ends_at, group.selling, snapshot.now)
    if seen == "suspended" and group.halted:
        halted = refusals.store_halted()
        return halted.zh, halted.en
    if seen != "open":
        return f"团购{STATUS_LABELS[seen]}，现在不能下单", "The sale takes no orders now"
    offered = group.courier if draft.delivery_method == "courier" else group.pickup
    return _FINE if offered else ("这个团购不支持所选的配送方式", "The sale does not deliver this way")


def _problem(offer: OfferTerms | None, quantity: int, person_id: int, snapshot: Snapshot) -> Both:
    if offer is None:
        return "商品已下架", "No longer on sale"
    unfit = demands.line_problem(offer, quantity)
    if unfit is not None:
        return unfit
    if offer.limit_per_person:
        left = offer.limit_per_person - snapshot.limit_used.get((offer.id, person_id), 0)
        if quantity > left:
            return _limited(offer.limit_per_person, left)
    available = _available(offer, person_id, snapshot)
    if quantity > available:
        return (f"只剩 {available} 件了", f"Only {available} left") if available else ("已售罄", "Sold out")
    return _FINE


def _available(offer: OfferTerms, person_id: int, snapshot: Snapshot) -> int:
    """Free units, with those held for this person."""
    mine = snapshot.reserved.get((offer.id, person_id))
    return snapshot.available.get(offer.pool_id, 0) + (mine.quantity if mine else 0)


def _suggested(offer: OfferTerms, quantity: int, person_id: int, snapshot: Snapshot) -> int:
    """The nearest quantity that could be ordered, 0 for none: what the page offers in place of one that can't."""
    most = 0 if offer.removed else _available(offer, person_id, snapshot)
    if offer.limit_per_person:
        used = snapshot.limit_used.get((offer.id, person_id), 0)
        most = min(most, max(0, offer.limit_per_person - used))
    return nearest(offer.options.limits, quantity, most)


def _limited(limit: int, left: int) -> Both:
    more, more_en = (
        (f"还能买 {left} 件", f"{left} more allowed") if left > 0 else ("已达到上限", "limit reached")
    )
    return f"每人限购 {limit} 件，{more}", f"At most {limit} per person, {more_en}"


def _line(
    line: DraftLine,
    offer: OfferTerms | None,
    pictures: dict[int, MediaOut],
    problem: Both,
    draft: Draft,
    snapshot: Snapshot,
) -> QuoteLine:
    offer_id: IdOut = str(line.offer_id)
    if offer is None:
        return QuoteLine(
            offer_id=offer_id, title="", sku_name="", picture_url="", price_fen=0, quantity=line.quantity,
            amount_fen=0, problem=problem[0], problem_en=problem[1], available=0, suggested=0,
        )  # fmt: skip
    picture = pictures.get(offer.picture_media_id or 0)
    unit = unit_fen(offer, snapshot.now, team=draft.team is not None)
    return QuoteLine(
        offer_id=offer_id,
        title=offer.title,
        sku_name=offer.sku_name,
        picture_url=picture.thumb_url if picture else "",
        price_fen=unit,
        quantity=line.quantity,
        amount_fen=unit * line.quantity,
        problem=problem[0],
        problem_en=problem[1],
        available=snapshot.available.get(offer.pool_id, 0),
        suggested=_suggested(offer, line.quantity, draft.person_id, snapshot) if problem != _FINE else 0,
    )
