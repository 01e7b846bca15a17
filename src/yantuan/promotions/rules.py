"""Pure decisions about coupons: what may be issued, who may take one, and the words for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from yantuan.kernel.errors import AppError, Conflict, Invalid
from yantuan.kernel.money import price_text

Audience = Literal["all", "earlier", "new"]
Both = tuple[str, str]
"""A sentence in Chinese and in English."""
MAX_LIFE: Final = timedelta(days=366)
MAX_LIVE: Final = 100
"""Coupons of a store that are neither over nor stopped."""


class Terms(Protocol):
    """A coupon row, or the body it is made from."""

    @property
    def kind(self) -> str: ...
    @property
    def minus_fen(self) -> int: ...
    @property
    def percent_off(self) -> int: ...
    @property
    def cap_fen(self) -> int: ...
    @property
    def threshold_fen(self) -> int: ...


class Issue(Protocol):
    """What decides whether a copy may be taken now."""

    starts_at: datetime
    ends_at: datetime
    stopped_at: datetime | None
    total: int
    claimed: int
    per_person: int
    budget_fen: int
    used_fen: int
    audience: str


def check_terms(terms: Terms, starts_at: datetime, ends_at: datetime) -> None:
    """Raise Invalid for a coupon that would be worth nothing, more than it asks for, or have no time."""
    if terms.kind == "fixed" and terms.minus_fen < 1:
        raise _invalid("minus_fen", "请填写优惠金额", "Say how much it takes off.")
    if terms.kind == "fixed" and terms.threshold_fen and terms.minus_fen > terms.threshold_fen:
        raise _invalid("minus_fen", "优惠金额不能大于使用门槛", "It can't take off more than it asks for.")
    if terms.kind == "percent" and not 1 <= terms.percent_off <= 99:
        raise _invalid("percent_off", "折扣要在 0.1 折到 9.9 折之间", "The percentage must be from 1 to 99.")
    if starts_at.tzinfo is None or ends_at.tzinfo is None or ends_at <= starts_at:
        raise _invalid("ends_at", "结束时间要晚于开始时间", "The end must follow the start.")
    if ends_at - starts_at > MAX_LIFE:
        raise _invalid("ends_at", "有效期最长一年", "A coupon may last a year at most.")


def _invalid(field: str, zh: str, en: str) -> AppError:
    return Invalid("coupon_invalid", zh, en, field=field)


def title_of(terms: Terms) -> Both:
    """What a coupon is called: made of its terms, so there are no words of anybody's to be checked."""
    above = f"满 {price_text(terms.threshold_fen)} " if terms.threshold_fen else "无门槛"
    above_en = f" from {price_text(terms.threshold_fen)}" if terms.threshold_fen else ""
    cap = f"，最多减 {price_text(terms.cap_fen)}" if terms.cap_fen else ""
    cap_en = f", at most {price_text(terms.cap_fen)}" if terms.cap_fen else ""
    if terms.kind == "fixed":
        return f"{above}减 {price_text(terms.minus_fen)}", f"{price_text(terms.minus_fen)} off{above_en}"
    if terms.kind == "percent":
        return (
            f"{above}打 {_tenths(100 - terms.percent_off)} 折{cap}",
            f"{terms.percent_off}% off{above_en}{cap_en}",
        )
    return f"{above}免运费{cap}", f"Free delivery{above_en}{cap_en}"


def _tenths(percent: int) -> str:
    return str(percent // 10) if percent % 10 == 0 else f"{percent // 10}.{percent % 10}"


def refusal(issue: Issue, held: int, ordered: bool, now: datetime) -> AppError | None:
    """Why this person may not take a copy now; None if they may.

    `held` are the copies they took already; `ordered`: they paid in this store before.
    """
    if issue.stopped_at is not None or now >= issue.ends_at:
        return Conflict("coupon_over", "这张优惠券已失效", "This coupon is over.")
    if issue.total and issue.claimed >= issue.total:
        return Conflict("coupon_gone", "优惠券已领完", "All copies are taken.")
    if issue.budget_fen and issue.used_fen >= issue.budget_fen:
        return Conflict(
            "coupon_budget_spent", "这张优惠券的额度已用完", "The budget of this coupon is spent."
        )
    if held >= issue.per_person:
        return Conflict(
            "coupon_taken", f"每人限领 {issue.per_person} 张，您已领过", "You took your copies already."
        )
    if issue.audience == "earlier" and not ordered:
        return Conflict("coupon_for_earlier", "这张券是给老客的", "This coupon is for earlier buyers.")
    if issue.audience == "new" and ordered:
        return Conflict("coupon_for_new", "这张券是给新客的", "This coupon is for new buyers.")
    return None
