"""Deductions: exact shares, never below zero, one order of application. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_decide import GROUP, HOME, NOW

from yantuan.groupbuys.options import OfferOptions, SaleOptions
from yantuan.groupbuys.options.money import Gift, OfferMoney, Reduction, SaleMoney, Step
from yantuan.kernel.actors import Actor
from yantuan.kernel.errors import AppError
from yantuan.orders.coupon_terms import NAME as COUPONS
from yantuan.orders.coupon_terms import CouponTerms
from yantuan.orders.deducting import gift_pieces, reduction_fen, reduction_hint
from yantuan.orders.drafts import Draft, DraftLine, OfferTerms, Snapshot
from yantuan.orders.first_orders import NAME as FIRST
from yantuan.orders.pricing import Priced, price

STEPS = Reduction(steps=(Step(reach=9900, minus_fen=1000), Step(reach=19900, minus_fen=2500)))
EVERY = Reduction(steps=(Step(reach=10000, minus_fen=1500),), repeating=True)
COUPON = CouponTerms(
    coupon_id=1, title="满 50 减 8", title_en="8 off", kind="fixed", store_id=3, group_buy_id=None, minus_fen=800, percent_off=0,
    cap_fen=0, threshold_fen=5000, starts_at=NOW - timedelta(days=1), ends_at=NOW + timedelta(days=1), free=True,
    stopped=False, budget_left_fen=None,
)  # fmt: skip


def offer(n: int, fen: int, **money: object) -> OfferTerms:
    options = OfferOptions(money=OfferMoney(**money))  # type: ignore[arg-type]
    return OfferTerms(n, 7, 50 + n, 90 + n, fen, 0, False, f"货{n}", "", "", None, options)


def priced(
    lines: list[tuple[OfferTerms, int]],
    *,
    coupon: CouponTerms | None = None,
    known: bool = True,
    freight: int = 800,
    **money: object,
) -> Priced:
    group = replace(
        GROUP,
        freight_kind="flat",
        freight_fen=freight,
        options=SaleOptions(money=SaleMoney(**money)),  # type: ignore[arg-type]
    )
    snapshot = Snapshot(now=NOW, hold_seconds=900)
    snapshot.extra[FIRST] = {(1, 3)} if known else set()
    if coupon:
        snapshot.extra[COUPONS] = {(5, 1): coupon}
    draft = Draft(
        person_id=1, group_buy_id=7, lines=tuple(DraftLine(o.id, q) for o, q in lines), delivery_method="courier",
        payment_method="wechatpay", expected_total_fen=0, idempotency_key="k", body_hash="h",
        actor=Actor("buyer", 1), coupon_id=5 if coupon else None,
    )  # fmt: skip
    return price(draft, group, lines, HOME, snapshot)


def cuts(found: Priced) -> dict[str, int]:
    return {one.kind: one.fen for one in found.deductions}


@pytest.mark.parametrize(
    ("fen", "minus"), [(9899, 0), (9900, 1000), (19899, 1000), (19900, 2500), (99900, 2500)]
)
def test_only_the_best_step_counts(fen: int, minus: int) -> None:
    assert reduction_fen(STEPS, fen, 1) == minus


@pytest.mark.parametrize(("fen", "minus"), [(9999, 0), (10000, 1500), (29999, 3000), (30000, 4500)])
def test_a_repeating_one_counts_as_often_as_it_fits(fen: int, minus: int) -> None:
    assert reduction_fen(EVERY, fen, 1) == minus


def test_steps_by_pieces_and_lines_left_out() -> None:
    by_pieces = Reduction(by="pieces", steps=(Step(reach=3, minus_fen=500),))
    in_it, out = offer(1, 1000), offer(2, 1000, no_reduction=True)
    assert cuts(priced([(in_it, 2), (out, 5)], reduction=by_pieces)) == {}
    found = priced([(in_it, 3), (out, 5)], reduction=by_pieces)
    assert cuts(found) == {"reduction": 500}
    assert [line.discount_fen for line in found.lines] == [500, 0]


def test_the_order_of_application() -> None:
    """新人价 first: what is left then misses the step of 满减; the coupon sees what is left after both."""
    goods = offer(1, 10000, new_buyer_fen=9000)
    usual = priced([(goods, 1)], reduction=STEPS, new_buyers=True, coupon=COUPON)
    assert cuts(usual) == {"reduction": 1000, "coupon": 800}
    fresh = priced([(goods, 1)], reduction=STEPS, new_buyers=True, coupon=COUPON, known=False)
    assert cuts(fresh) == {"new_buyer": 1000, "coupon": 800}
    half = replace(COUPON, kind="percent", percent_off=50, minus_fen=0)
    assert cuts(priced([(goods, 1)], reduction=STEPS, coupon=half)) == {"reduction": 1000, "coupon": 4500}
    assert cuts(priced([(goods, 1)], reduction=STEPS, coupon=replace(half, cap_fen=2000)))["coupon"] == 2000


def test_new_buyer_price_for_so_many_pieces() -> None:
    goods = offer(1, 3990, new_buyer_fen=990, new_buyer_pieces=2)
    found = priced([(goods, 3)], new_buyers=True, known=False)
    assert (found.goods_fen, cuts(found)) == (11970, {"new_buyer": 6000})


def test_a_freight_coupon_waives_freight_and_never_goods() -> None:
    free = replace(COUPON, kind="freight", minus_fen=0)
    found = priced([(offer(1, 6000), 1)], coupon=free)
    assert (found.freight_fen, found.discount_fen, found.coupon_fen, found.total_fen) == (0, 0, 800, 6000)
    assert found.deductions[0].text == "优惠券：满 50 减 8（已免 ¥8.00）"
    capped = priced([(offer(1, 6000), 1)], coupon=replace(free, cap_fen=500))
    assert (capped.freight_fen, capped.coupon_fen) == (300, 500)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"store_id": 4}, "coupon_not_here"),
        ({"group_buy_id": 8}, "coupon_not_here"),
        ({"free": False}, "coupon_used"),
        ({"stopped": True}, "coupon_over"),
        ({"ends_at": NOW}, "coupon_over"),
        ({"starts_at": NOW + timedelta(seconds=1)}, "coupon_not_begun"),
        ({"threshold_fen": 6001}, "coupon_below_threshold"),
        ({"budget_left_fen": 799}, "coupon_budget_spent"),
    ],
)
def test_refused_coupons(changed: dict[str, object], code: str) -> None:
    with pytest.raises(AppError) as refused:
        priced([(offer(1, 6000), 1)], coupon=replace(COUPON, **changed))  # type: ignore[arg-type]
    assert refused.value.code == code


def test_the_last_fen_of_a_budget_is_good() -> None:
    assert priced([(offer(1, 6000), 1)], coupon=replace(COUPON, budget_left_fen=800)).total_fen == 6000


def test_gifts_cost_nothing_travel_free_and_must_be_earned() -> None:
    gift = offer(2, 990, gift=Gift(reach=10000, quantity=1, repeating=True))
    found = priced([(offer(1, 10000), 2), (gift, 2)], gifts=True)
    assert [(line.price_fen, line.amount_fen, line.freight_fen) for line in found.lines] == [
        (10000, 20000, 800), (0, 0, 0),
    ]  # fmt: skip
    with pytest.raises(AppError) as refused:
        priced([(offer(1, 10000), 2), (gift, 3)], gifts=True)
    assert refused.value.code == "gift_not_earned"
    with pytest.raises(AppError):
        priced([(gift, 1)], gifts=True)
    assert gift_pieces(Gift(by="pieces", reach=3, quantity=2), 0, 8) == 2


def test_the_hint_names_the_next_step_only_when_it_is_near() -> None:
    assert reduction_hint(STEPS, 9000, 1) == ("再买 ¥9.00 可减 ¥10.00", "¥9.00 to save ¥10.00")
    assert reduction_hint(STEPS, 3000, 1) == ("", "")
    assert reduction_hint(STEPS, 25000, 1) == ("", "")
    assert reduction_hint(EVERY, 19000, 1)[0] == "再买 ¥10.00 可减 ¥30.00"


@st.composite
def orders(draw: st.DrawFn) -> Priced:
    lines = [
        (
            offer(
                n, draw(st.integers(0, 30000)), no_reduction=draw(st.booleans()),
                new_buyer_fen=draw(st.none() | st.integers(0, 30000)),
            ),
            draw(st.integers(1, 9)),
        )
        for n in range(1, draw(st.integers(2, 6)))
    ]  # fmt: skip
    kind = draw(st.sampled_from(["fixed", "percent", "freight"]))
    coupon = replace(
        COUPON, kind=kind, minus_fen=draw(st.integers(0, 50000)), percent_off=draw(st.integers(1, 99)),
        cap_fen=draw(st.integers(0, 2000)), threshold_fen=0,
    )  # fmt: skip
    reduction = draw(st.sampled_from([None, STEPS, EVERY]))
    known, freight = draw(st.booleans()), draw(st.integers(0, 3000))

    def with_coupon(one: CouponTerms | None) -> Priced:
        return priced(lines, reduction=reduction, new_buyers=True, known=known, coupon=one, freight=freight)

    try:
        return with_coupon(coupon)
    except AppError as refused:
        # A copy that would take nothing off is never spent.
        assert refused.code == "coupon_worthless"
        return with_coupon(None)


@given(orders())
def test_shares_sum_exactly_and_nothing_is_negative(found: Priced) -> None:
    assert sum(line.discount_fen for line in found.lines) == found.discount_fen
    assert sum(line.freight_fen for line in found.lines) == found.freight_fen >= 0
    assert all(0 <= line.discount_fen <= line.amount_fen for line in found.lines)
    assert found.total_fen == sum(
        line.amount_fen - line.discount_fen + line.freight_fen for line in found.lines
    )
    assert found.total_fen >= 0
    assert len(found.deductions) == len({one.kind for one in found.deductions})
