"""Properties of the pure core: whatever arrives, in whatever order."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from yantuan.kernel.actors import Actor
from yantuan.kernel.errors import AppError
from yantuan.orders.decide import decide
from yantuan.orders.drafts import (
    Booking,
    Draft,
    DraftLine,
    GroupTerms,
    OfferTerms,
    Recipient,
    Repeat,
    Snapshot,
)
from yantuan.stores.rules import freight_fen

NOW = datetime(2026, 5, 12, 10, tzinfo=UTC)
GROUP = GroupTerms(
    id=7, store_id=3, kind="dated", state="published", starts_at=NOW - timedelta(hours=1),
    ends_at=NOW + timedelta(hours=1), selling=True, courier=True, pickup=False, pickup_point_ids=frozenset(),
    questions=(), payment_methods=("wechatpay", "offline"), freight_kind="free_above", freight_fen=800,
    free_above_fen=9900,
)  # fmt: skip
HOME = Recipient("王小雁", "sealed", "1234", "浙江省", "杭州市")
OFFERS = 4
PEOPLE = 5


def terms(prices: list[int], limits: list[int]) -> dict[int, OfferTerms]:
    """Offers 1…4; the last two draw from one pool."""
    return {
        i + 1: OfferTerms(
            i + 1, 7, 50 + i, 90 + min(i, 2), prices[i], limits[i], False, f"货{i}", "", "", None
        )
        for i in range(OFFERS)
    }


@st.composite
def shops(draw: st.DrawFn) -> Snapshot:
    prices = draw(st.lists(st.integers(0, 99_999_99), min_size=OFFERS, max_size=OFFERS))
    limits = draw(st.lists(st.integers(0, 4), min_size=OFFERS, max_size=OFFERS))
    stock = draw(st.lists(st.integers(0, 12), min_size=3, max_size=3))
    return Snapshot(
        now=NOW,
        hold_seconds=900,
        groups={7: GROUP},
        offers=terms(prices, limits),
        available={90 + i: units for i, units in enumerate(stock)},
        addresses={(1000 + p, p): HOME for p in range(1, PEOPLE + 1)},
    )


@st.composite
def checkouts(draw: st.DrawFn, shop: Snapshot) -> list[Draft]:
    drafts = []
    for serial in range(draw(st.integers(1, 12))):
        person = draw(st.integers(1, PEOPLE))
        wanted = draw(st.dictionaries(st.integers(1, OFFERS + 1), st.integers(1, 5), min_size=1, max_size=3))
        goods = sum(shop.offers[o].price_fen * q for o, q in wanted.items() if o in shop.offers)
        wrong = draw(st.integers(0, 9)) == 0
        drafts.append(
            Draft(
                person_id=person,
                group_buy_id=7 if draw(st.integers(0, 19)) else 8,
                lines=tuple(DraftLine(o, q) for o, q in wanted.items()),
                delivery_method="courier",
                payment_method="wechatpay",
                expected_total_fen=goods + freight_fen(GROUP, goods, "courier") + wrong,
                idempotency_key=f"k{draw(st.integers(0, 2)) if draw(st.booleans()) else 10 + serial}",
                body_hash=str(sorted(wanted.items())),
                actor=Actor("buyer", person),
                address_id=1000 + person,
            )
        )
    return drafts


@st.composite
def rounds(draw: st.DrawFn) -> tuple[Snapshot, list[Draft]]:
    shop = draw(shops())
    return shop, draw(checkouts(shop))


def run(shop: Snapshot, drafts: list[Draft]) -> tuple[list[object], Snapshot]:
    ids = count(1)
    left = copy.deepcopy(shop)
    return list(decide(drafts, left, lambda: next(ids))), left


def facts(decision: object) -> object:
    """A decision without its ids."""
    if isinstance(decision, Booking):
        return ("booked", decision.draft.idempotency_key, decision.total_fen, decision.join.number)
    return ("repeat",) if isinstance(decision, Repeat) else (decision.code, decision.details)  # type: ignore[attr-defined]


@given(rounds())
def test_units_are_conserved_and_never_oversold(case: tuple[Snapshot, list[Draft]]) -> None:
    shop, drafts = case
    for size in range(1, len(drafts) + 1):
        decisions, left = run(shop, drafts[:size])
        for pool_id, before in shop.available.items():
            taken = sum(
                line.quantity
                for d in decisions
                if isinstance(d, Booking)
                for line in d.lines
                if line.offer.pool_id == pool_id
            )
            assert left.available[pool_id] == before - taken >= 0


@given(rounds())
def test_later_arrivals_never_change_earlier_answers(case: tuple[Snapshot, list[Draft]]) -> None:
    shop, drafts = case
    whole = [facts(d) for d in run(shop, drafts)[0]]
    for size in range(1, len(drafts)):
        assert [facts(d) for d in run(shop, drafts[:size])[0]] == whole[:size]


@given(rounds())
def test_a_refused_draft_leaves_no_trace(case: tuple[Snapshot, list[Draft]]) -> None:
    shop, drafts = case
    decisions, left = run(shop, drafts)
    kept = [i for i, d in enumerate(decisions) if not isinstance(d, AppError)]
    again, left_again = run(shop, [drafts[i] for i in kept])
    assert [facts(d) for d in again] == [facts(decisions[i]) for i in kept]
    assert left_again.available == left.available
    assert left_again.limit_used == left.limit_used


@given(rounds())
def test_money_adds_up(case: tuple[Snapshot, list[Draft]]) -> None:
    for booking in run(*case)[0]:
        if not isinstance(booking, Booking):
            continue
        assert booking.goods_fen == sum(line.amount_fen for line in booking.lines)
        assert booking.freight_fen == sum(line.freight_share_fen for line in booking.lines)
        assert all(line.freight_share_fen >= 0 for line in booking.lines)
        assert (
            booking.total_fen == booking.goods_fen + booking.freight_fen == booking.draft.expected_total_fen
        )
        assert booking.zero == (booking.total_fen == 0)


@given(rounds())
def test_limits_hold_and_sold_out_is_true(case: tuple[Snapshot, list[Draft]]) -> None:
    shop, drafts = case
    decisions, left = run(shop, drafts)
    for (offer_id, _), used in left.limit_used.items():
        limit = shop.offers[offer_id].limit_per_person
        assert not limit or used <= limit
    for draft, decision in zip(drafts, decisions, strict=True):
        if isinstance(decision, AppError) and decision.code == "sold_out":
            asked = sum(line.quantity for line in draft.lines)
            assert decision.details["left"] < asked


@given(rounds())
def test_the_same_key_answers_one_order(case: tuple[Snapshot, list[Draft]]) -> None:
    shop, drafts = case
    booked: dict[tuple[int, str], Booking] = {}
    for draft, decision in zip(drafts, run(shop, drafts)[0], strict=True):
        key = (draft.person_id, draft.idempotency_key)
        if isinstance(decision, Booking):
            assert key not in booked
            booked[key] = decision
        elif isinstance(decision, Repeat):
            assert decision.of is booked[key] and decision.of.draft.body_hash == draft.body_hash
        elif draft.group_buy_id == 7 and key in booked:
            assert isinstance(decision, AppError) and decision.code == "idempotency_key_reused"


@given(rounds())
def test_numbers_go_to_people_in_order_of_arrival(case: tuple[Snapshot, list[Draft]]) -> None:
    joins = {d.join.person_id: d.join.number for d in run(*case)[0] if isinstance(d, Booking)}
    assert list(joins.values()) == list(range(1, len(joins) + 1))
