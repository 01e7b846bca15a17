"""What a coupon takes off an order, and when it may be used. Pure; `promotions` keeps the coupons themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from yantuan.kernel.errors import AppError, Conflict
from yantuan.kernel.money import price_text

NAME: Final = "coupons"
"""Where the coupons of a batch lie in `Snapshot.extra`: {(claim id, person id): CouponTerms}."""

CouponKind = Literal["fixed", "percent", "freight"]


@dataclass(slots=True)
class CouponTerms:
    """One person's copy of a coupon, as read under its lock; amounts in fen. `free` and the rest move within a batch."""

    coupon_id: int
    title: str
    title_en: str
    kind: CouponKind
    store_id: int
    group_buy_id: int | None
    """None: good in every sale of the store."""
    minus_fen: int
    """fixed: what it takes off."""
    percent_off: int
    """percent: 1…99."""
    cap_fen: int
    """percent and freight: the most it takes off; 0: no cap."""
    threshold_fen: int
    starts_at: datetime
    ends_at: datetime
    free: bool
    """Not used in another order."""
    stopped: bool
    budget_left_fen: int | None
    """Shared by all copies of one batch (see `promotions.hook`); None: no budget."""


def check_coupon(
    terms: CouponTerms | None, store_id: int, group_buy_id: int, goods_fen: int, now: datetime
) -> CouponTerms:
    """The coupon, fit for goods of this worth after 满减. Raises Conflict `coupon_*`."""
    if terms is None or terms.store_id != store_id or terms.group_buy_id not in (None, group_buy_id):
        raise _no("coupon_not_here", "这张优惠券不能在这个团购使用", "This coupon is not for this sale.")
    if not terms.free:
        raise _no("coupon_used", "这张优惠券已经用在别的订单了", "This coupon is used already.")
    if terms.stopped or now >= terms.ends_at:
        raise _no("coupon_over", "这张优惠券已失效", "This coupon is over.")
    if now < terms.starts_at:
        raise _no("coupon_not_begun", "这张优惠券还没到使用时间", "This coupon can't be used yet.")
    if goods_fen < terms.threshold_fen:
        lack = terms.threshold_fen - goods_fen
        raise _no(
            "coupon_below_threshold",
            f"优惠券满 {price_text(terms.threshold_fen)} 可用，还差 {price_text(lack)}",
            f"The coupon needs goods of {price_text(terms.threshold_fen)}.",
        )
    return terms


def coupon_fen(terms: CouponTerms, goods_fen: int, freight_fen: int) -> int:
    """What it takes off, of the goods or, for a freight coupon, of the freight; never more than they cost.

    Raises Conflict `coupon_worthless` where there is nothing to take off, so that no copy is wasted, and
    `coupon_budget_spent` where less than that is left of its budget: never a part of what was shown.
    """
    if terms.kind == "freight":
        worth = min(freight_fen, terms.cap_fen or freight_fen)
    elif terms.kind == "percent":
        part = goods_fen * terms.percent_off // 100
        worth = min(part, terms.cap_fen or part)
    else:
        worth = min(terms.minus_fen, goods_fen)
    if worth < 1:
        raise _no(
            "coupon_worthless", "这张优惠券对这个订单没有优惠", "This coupon takes nothing off this order."
        )
    if terms.budget_left_fen is not None and worth > terms.budget_left_fen:
        raise _no("coupon_budget_spent", "这张优惠券的额度已用完", "The budget of this coupon is spent.")
    return worth


def _no(code: str, zh: str, en: str) -> AppError:
    return Conflict(code, zh, en, field="coupon_id")
