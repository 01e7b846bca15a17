"""What is taken off an order's price, in one fixed order, with exact shares per line. Pure.

1. 新人价: the difference to the usual price, on the lines that have it.
2. 满减: the best step reached by what is left of the lines that take part.
3. One coupon: on what is left then (freight coupons: on the freight).

Nothing ever goes below zero: each deduction is cut to what its lines still cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from yantuan.groupbuys.options.money import Gift, Reduction
from yantuan.kernel.money import price_text, split_by_weight


@dataclass(frozen=True, slots=True)
class Deduction:
    """One reason why less is paid, as the buyer reads it; `fen` is positive, or 0 where freight is waived."""

    kind: str
    """`new_buyer`, `reduction`, `coupon` or `coupon_freight`."""
    fen: int
    text: str
    text_en: str


@dataclass(slots=True)
class Basket:
    """The lines while deductions are spread over them; amounts in fen."""

    amounts: list[int]
    pieces: list[int]
    taken: list[int] = field(init=False)
    deductions: list[Deduction] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.taken = [0] * len(self.amounts)

    def left(self, which: Sequence[int]) -> list[int]:
        """What these lines still cost."""
        return [self.amounts[i] - self.taken[i] for i in which]

    def take(self, which: Sequence[int], deduction: Deduction) -> None:
        """Spread it over these lines by what they still cost; a deduction of nothing leaves no trace."""
        if deduction.fen <= 0:
            return
        weights = self.left(which)
        if deduction.fen > sum(weights):
            raise ValueError("a deduction takes more than its lines cost")
        for i, share in zip(which, split_by_weight(deduction.fen, weights), strict=True):
            self.taken[i] += share
        self.deductions.append(deduction)


def take_new_buyer(basket: Basket, savings: Sequence[int]) -> None:
    """新人价: `savings` per line, each at most the line's amount."""
    whole = 0
    for i, saved in enumerate(savings):
        cut = min(saved, basket.amounts[i] - basket.taken[i])
        basket.taken[i] += cut
        whole += cut
    if whole:
        basket.deductions.append(Deduction("new_buyer", whole, "新人价", "New-buyer price"))


def reached(by: str, fen: int, pieces: int) -> int:
    """The measure steps are compared with."""
    return fen if by == "fen" else pieces


def reduction_fen(reduction: Reduction, fen: int, pieces: int) -> int:
    """What 满减 takes off lines of this worth and number; never more than they cost."""
    have = reached(reduction.by, fen, pieces)
    if reduction.repeating:
        step = reduction.steps[0]
        return min(fen, have // step.reach * step.minus_fen)
    best = max((step.minus_fen for step in reduction.steps if have >= step.reach), default=0)
    return min(fen, best)


def take_reduction(basket: Basket, reduction: Reduction, which: Sequence[int]) -> None:
    """满减 on the lines that take part."""
    fen = sum(basket.left(which))
    pieces = sum(basket.pieces[i] for i in which)
    cut = reduction_fen(reduction, fen, pieces)
    basket.take(which, Deduction("reduction", cut, "满减优惠", "Spend-and-save"))


def reduction_hint(reduction: Reduction, fen: int, pieces: int) -> tuple[str, str]:
    """What is missing to the next step: `再买 ¥12.00 可减 ¥10.00`; empty when there is none."""
    have = reached(reduction.by, fen, pieces)
    now = reduction_fen(reduction, fen, pieces)
    if reduction.repeating:
        step = reduction.steps[0]
        goal, minus = (have // step.reach + 1) * step.reach, now + step.minus_fen
    else:
        ahead = [step for step in reduction.steps if step.reach > have and step.minus_fen > now]
        if not ahead:
            return "", ""
        nearest = min(ahead, key=lambda step: step.reach)
        goal, minus = nearest.reach, nearest.minus_fen
    if have == 0 or goal - have > goal // 2:
        # Far away it would only urge.
        return "", ""
    lack = f"{price_text(goal - have)} " if reduction.by == "fen" else f"{goal - have} 件"
    lack_en = price_text(goal - have) if reduction.by == "fen" else f"{goal - have} more"
    return f"再买 {lack}可减 {price_text(minus)}", f"{lack_en} to save {price_text(minus)}"


def gift_pieces(gift: Gift, fen: int, pieces: int) -> int:
    """买赠: how many pieces goods of this worth and number (before deductions) bring along."""
    times = reached(gift.by, fen, pieces) // gift.reach
    return gift.quantity * (times if gift.repeating else min(1, times))
