"""Who gets what: drafts in order of arrival against one snapshot. Pure; `book` writes what this decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from yantuan.groupbuys.options import NO_OFFER_OPTIONS, NO_SALE_OPTIONS
from yantuan.groupbuys.rules import status
from yantuan.kernel.errors import AppError, TooMany
from yantuan.kernel.ids import new_id
from yantuan.kernel.money import MAX_FEN
from yantuan.orders import demands, hooks, joining, refusals
from yantuan.orders.drafts import (
    Booking,
    Decision,
    Draft,
    GroupTerms,
    Join,
    LineRow,
    OfferTerms,
    PointTerms,
    Recipient,
    Repeat,
    Reserved,
    Snapshot,
)
from yantuan.orders.pricing import Priced, PricedLine, price
from yantuan.orders.rules import MAX_UNPAID_PER_GROUP_BUY, OFFLINE_HOLD, ORDERS_PER_MINUTE

MakeId = Callable[[], int]


def decide(drafts: Sequence[Draft], snapshot: Snapshot, make_id: MakeId = new_id) -> list[Decision]:
    """One decision per draft, in their order. The snapshot is consumed: its counts move as orders are granted.

    A refused draft leaves no trace, so it never changes what its neighbours get.
    """
    return _Round(snapshot, make_id).run(drafts)


class _Round:
    """The state of one batch: what is left after each granted draft."""

    def __init__(self, snapshot: Snapshot, make_id: MakeId) -> None:
        self._s = snapshot
        self._make_id = make_id
        self._keys: dict[tuple[int, int, str], Booking] = {}
        self._joins: dict[tuple[int, int], Join] = {}

    def run(self, drafts: Sequence[Draft]) -> list[Decision]:
        decisions: list[Decision] = []
        for draft in drafts:
            try:
                decisions.append(self._one(draft))
            except AppError as error:
                decisions.append(error)
        return decisions

    def _one(self, draft: Draft) -> Decision:
        group = self._s.groups.get(draft.group_buy_id)
        if group is None or group.state == "draft":
            raise refusals.group_buy_unknown()
        again = self._again(draft, group)
        if again is not None:
            return again
        self._check_open(group)
        lines = self._offers(draft, group)
        recipient, point = self._destination(draft, group)
        answers = _answers(draft, group)
        self._check_person(draft)
        self._check_limits(draft, lines)
        self._check_stock(draft, lines)
        self._check_demands(draft, group, lines, recipient)
        return self._grant(draft, group, lines, recipient, point, answers)

    def _check_demands(
        self,
        draft: Draft,
        group: GroupTerms,
        lines: Sequence[tuple[OfferTerms, int]],
        recipient: Recipient,
    ) -> None:
        if group.options is not NO_SALE_OPTIONS or any(o.options is not NO_OFFER_OPTIONS for o, _ in lines):
            demands.check(draft, group, lines, recipient, self._s)
        for hook in hooks.concerned(draft, group):
            hook.check(draft, group, self._s)

    def _again(self, draft: Draft, group: GroupTerms) -> Decision | None:
        key = (group.store_id, draft.person_id, draft.idempotency_key)
        earlier = self._s.earlier.get(key)
        if earlier is not None:
            if earlier.body_hash != draft.body_hash:
                raise refusals.idempotency_key_reused()
            return earlier
        first = self._keys.get(key)
        if first is None:
            return None
        if first.draft.body_hash != draft.body_hash:
            raise refusals.idempotency_key_reused()
        return Repeat(first)

    def _check_open(self, group: GroupTerms) -> None:
        now = status(group.kind, group.state, group.starts_at, group.ends_at, group.selling, self._s.now)
        if now == "coming":
            raise refusals.sale_not_open(group.starts_at)
        if now == "ended":
            raise refusals.sale_ended()
        if now == "closed":
            raise refusals.sale_closed()
        if now == "suspended":
            raise refusals.store_halted() if group.halted else refusals.sale_suspended()

    def _offers(self, draft: Draft, group: GroupTerms) -> list[tuple[OfferTerms, int]]:
        chosen: list[tuple[OfferTerms, int]] = []
        seen: set[int] = set()
        for line in draft.lines:
            if line.offer_id in seen:
                raise refusals.duplicate_offer(line.offer_id)
            seen.add(line.offer_id)
            offer = self._s.offers.get(line.offer_id)
            if offer is None or offer.removed or offer.group_buy_id != group.id:
                raise refusals.offer_removed(line.offer_id)
            chosen.append((offer, line.quantity))
        return chosen

    def _destination(self, draft: Draft, group: GroupTerms) -> tuple[Recipient, PointTerms | None]:
        if draft.payment_method not in group.payment_methods:
            raise refusals.payment_unavailable()
        if draft.joins is not None:
            return joining.destination(draft, group, self._s)
        if draft.delivery_method == "courier":
            return self._courier(draft, group), None
        if not group.pickup:
            raise refusals.delivery_unavailable()
        point = self._s.points.get(draft.pickup_point_id or 0)
        if point is None or point.store_id != group.store_id or point.id not in group.pickup_point_ids:
            raise refusals.pickup_point_unknown()
        if draft.contact is None:
            raise refusals.contact_needed()
        return draft.contact, point

    def _courier(self, draft: Draft, group: GroupTerms) -> Recipient:
        if not group.courier:
            raise refusals.delivery_unavailable()
        if draft.address_id is None:
            raise refusals.address_needed()
        recipient = self._s.addresses.get((draft.address_id, draft.person_id))
        if recipient is None:
            raise refusals.address_unknown()
        return recipient

    def _check_person(self, draft: Draft) -> None:
        if (draft.group_buy_id, draft.person_id) in self._s.blocked:
            raise refusals.not_served()
        if self._s.recent.get(draft.person_id, 0) >= ORDERS_PER_MINUTE:
            raise TooMany("下单太频繁了，请稍等一分钟", "Too many orders in one minute.")
        if self._s.unpaid.get((draft.group_buy_id, draft.person_id), 0) >= MAX_UNPAID_PER_GROUP_BUY:
            raise refusals.too_many_unpaid(MAX_UNPAID_PER_GROUP_BUY)

    def _check_limits(self, draft: Draft, lines: Sequence[tuple[OfferTerms, int]]) -> None:
        for offer, quantity in lines:
            if not offer.limit_per_person:
                continue
            left = offer.limit_per_person - self._s.limit_used.get((offer.id, draft.person_id), 0)
            if quantity > left:
                raise refusals.limit_reached(offer.id, offer.title, offer.limit_per_person, max(0, left))

    def _check_stock(self, draft: Draft, lines: Sequence[tuple[OfferTerms, int]]) -> None:
        left: dict[int, int] = {}
        for offer, quantity in lines:
            have = left.get(offer.pool_id, self._s.available.get(offer.pool_id, 0))
            mine = self._s.reserved.get((offer.id, draft.person_id))
            have += mine.quantity if mine else 0
            if quantity > have:
                raise refusals.sold_out(offer.id, offer.title, have)
            left[offer.pool_id] = have - quantity

    def _grant(
        self,
        draft: Draft,
        group: GroupTerms,
        lines: Sequence[tuple[OfferTerms, int]],
        recipient: Recipient,
        point: PointTerms | None,
        answers: list[dict[str, str]],
    ) -> Booking:
        priced = self._price(draft, group, lines, recipient)
        total = priced.total_fen
        hold = OFFLINE_HOLD if draft.payment_method == "offline" else timedelta(seconds=self._s.hold_seconds)
        waits = draft.delivery_method == "pickup" and (total == 0 or draft.payment_method == "offline")
        booking = Booking(
            id=self._make_id(),
            draft=draft,
            group=group,
            join=self._join(draft, group),
            lines=tuple(self._line(one) for one in priced.lines),
            recipient=recipient,
            point=point,
            answers=answers,
            goods_fen=priced.goods_fen,
            freight_fen=priced.freight_fen,
            discount_fen=priced.discount_fen,
            total_fen=total,
            payment="unpaid" if total else "paid",
            payment_method=draft.payment_method if total else "zero",
            delivery="awaiting_pickup" if waits else "none",
            placed_at=self._s.now,
            expires_at=self._s.now + hold if total else None,
            share_id=self._s.shares.get(draft.share_token) if draft.share_token else None,
            deductions=priced.deductions,
            coupon_fen=priced.coupon_fen,
            reserved=self._reserved(draft),
        )
        self._take(booking)
        return booking

    def _reserved(self, draft: Draft) -> tuple[Reserved, ...]:
        """What was held for this person and goes into the order; a second order doesn't find it again."""
        if not self._s.reserved:
            return ()
        pairs = [(line.offer_id, draft.person_id) for line in draft.lines]
        return tuple(self._s.reserved.pop(pair) for pair in pairs if pair in self._s.reserved)

    def _price(
        self,
        draft: Draft,
        group: GroupTerms,
        lines: Sequence[tuple[OfferTerms, int]],
        recipient: Recipient,
    ) -> Priced:
        """The order's money, refused where the caller showed another total."""
        priced = price(draft, group, lines, recipient, self._s)
        if priced.total_fen > MAX_FEN:
            raise refusals.amount_too_large()
        if priced.total_fen != draft.expected_total_fen:
            raise refusals.price_changed(priced.total_fen, priced.goods_fen, priced.freight_fen)
        return priced

    def _line(self, one: PricedLine) -> LineRow:
        return LineRow(
            self._make_id(), one.offer, one.quantity, one.price_fen, one.amount_fen, one.discount_fen,
            one.freight_fen,
        )  # fmt: skip

    def _join(self, draft: Draft, group: GroupTerms) -> Join:
        key = (group.id, draft.person_id)
        join = self._joins.get(key)
        if join is not None:
            return join
        known = self._s.participations.get(key)
        if known is not None:
            join = Join(known[0], group.id, group.store_id, draft.person_id, known[1], self._s.now)
        else:
            number = self._s.numbers.get(group.id, 0) + 1
            self._s.numbers[group.id] = number
            join = Join(
                self._make_id(), group.id, group.store_id, draft.person_id, number, self._s.now, True,
                draft.anonymous,
            )  # fmt: skip
        self._joins[key] = join
        return join

    def _take(self, booking: Booking) -> None:
        """Let later drafts see what this one took."""
        snapshot, draft = self._s, booking.draft
        self._keys[booking.group.store_id, draft.person_id, draft.idempotency_key] = booking
        for line in booking.lines:
            snapshot.available[line.offer.pool_id] -= line.quantity
            held = (line.offer.id, draft.person_id)
            snapshot.limit_used[held] = snapshot.limit_used.get(held, 0) + line.quantity
        for one in booking.reserved:
            snapshot.available[one.pool_id] += one.quantity
        snapshot.recent[draft.person_id] = snapshot.recent.get(draft.person_id, 0) + 1
        if not booking.zero:
            pair = (draft.group_buy_id, draft.person_id)
            snapshot.unpaid[pair] = snapshot.unpaid.get(pair, 0) + 1
        for hook in hooks.concerned(draft, booking.group):
            hook.take(booking, snapshot)


def _answers(draft: Draft, group: GroupTerms) -> list[dict[str, str]]:
    """Answers in the order of the questions, with the label as it was asked."""
    given = dict(draft.answers)
    kept: list[dict[str, str]] = []
    for question in group.questions:
        question_id, label = str(question["id"]), str(question["label"])
        answer = given.get(question_id, "").strip()
        if not answer:
            if question.get("required"):
                raise refusals.answer_missing(label, question_id)
            continue
        if question.get("kind") == "choice" and answer not in question.get("choices", []):
            raise refusals.answer_unfit(label, question_id)
        row = {"label": label, "answer": answer}
        kept.append({**row, "answer": "", "media_id": answer} if question.get("kind") == "picture" else row)
    return kept
