"""Pure decisions about sharing: how much, when, what comes back before a refund, what a refusal means. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from yantuan.kernel.errors import Conflict, Invalid
from yantuan.kernel.money import split_by_weight

WHOLE: Final = 10_000
FEE_MARGIN: Final = 100
"""The platform's limit counts what is left after its fee (0.6 %, 1 % at most); a hundredth less always fits."""
LEASE: Final = timedelta(seconds=90)
"""How long a worker has a row to itself; longer than any call with its repeats."""
LATEST: Final = timedelta(days=29)
"""WeChat Pay sets money free by itself thirty days after the payment; nothing can be shared then."""
AT_MOST_WAIT: Final = timedelta(hours=12)
"""An order that can't be shared yet is looked at again after this."""
AGAIN: Final = timedelta(hours=1)
"""So soon when only a case or a refund stands in the way."""
RETURN_DAYS: Final = timedelta(days=180)
MAX_RETURNS: Final = 50
ASK_SECONDS: Final = (5, 15, 60, 300, 900, 3600)
"""Waits between questions about work under way, or calls without a clear answer; afterwards every hour."""
NOT_ENOUGH_WAIT: Final = timedelta(minutes=15)
NOT_ENOUGH_PATIENCE: Final = timedelta(days=1)
FREE_AGAIN: Final = timedelta(hours=6)
"""Wait after a refusal to set money free."""
TROUBLE_PATIENCE: Final = timedelta(days=3)
"""A merchant's money never waits longer for the partner's fee than this: then it is set free, and nothing is shared."""
RETURN_RETRIES: Final = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
"""Waits before a failed return is tried again by itself; afterwards a person decides."""
_HEALING: Final = frozenset({"BALANCE_NOT_ENOUGH", "TIME_OUT_CLOSED"})
MAX_TRIES: Final = 30_000
"""Cap of the stored counter of tries."""


def highest_rate(max_ratio: int) -> int:
    """The highest rate (ten-thousandths) that always fits under the platform's `max_ratio`."""
    return max_ratio * (WHOLE - FEE_MARGIN) // WHOLE


def check_rates(rates: Sequence[int], max_ratio: int) -> int:
    """The sum of the receivers' rates. Raises Invalid `split_rate_invalid`, Conflict `split_rate_too_high`."""
    if not rates or any(not 1 <= rate <= WHOLE for rate in rates):
        raise Invalid(
            "split_rate_invalid", "比例要大于 0，最多两位小数", "Each rate must be above 0.", field="rate"
        )
    highest = highest_rate(max_ratio)
    if sum(rates) > highest:
        raise Conflict(
            "split_rate_too_high",
            f"分账比例合计不能超过 {percent_text(highest)}：商户授权的上限是 {percent_text(max_ratio)}，按扣除手续费后的金额计算",
            f"At most {percent_text(highest)} in all.",
            highest=highest,
        )
    return sum(rates)


def percent_text(rate_bp: int) -> str:
    """`250` → `2.5%`."""
    whole, rest = divmod(rate_bp, 100)
    tail = f".{rest:02d}".rstrip("0") if rest else ""
    return f"{whole}{tail}%"


def share_of(left_fen: int, rate_bp: int) -> int:
    """The agreed part of what was paid and not refunded, in whole fen, rounded down."""
    return left_fen * rate_bp // WHOLE


def parts_of(amount_fen: int, rates: Sequence[int]) -> list[int]:
    """The amount over the receivers by their rates, by largest remainder; the sum is exact."""
    return [int(part) for part in split_by_weight(amount_fen, rates)]


@dataclass(frozen=True)
class Facts:
    """What decides about one payment's frozen money. `ripe_at`: the protection period is over then; None: not begun.

    `settled`: the platform has let go of the goods' money, where it keeps it until the receipt. `returnable`: every
    receiver could give its part back. `agreed`: nobody has ended the agreement since.
    """

    paid_at: datetime
    paid_fen: int
    refunded_fen: int
    rate_bp: int
    refunding: bool
    case_open: bool
    extra: bool
    delivered: bool
    agreed: bool
    returnable: bool
    settled: bool
    ripe_at: datetime | None

    @property
    def left_fen(self) -> int:
        return self.paid_fen - self.refunded_fen


@dataclass(frozen=True)
class Verdict:
    """`do` share: `amount_fen` is the agreed part. free and close: `why`. wait: until `at`."""

    do: Literal["share", "free", "close", "wait"]
    amount_fen: int = 0
    why: str = ""
    at: datetime | None = None


def verdict(facts: Facts, now: datetime) -> Verdict:
    """What to do with the frozen money of one payment now.

    Shared when protection is over and nothing is in dispute. A day before WeChat Pay would set it free by itself it is
    decided anyway: shared if the goods are delivered, nothing is in dispute and every receiver could give back what a
    later refund needs; else set free.
    """
    if facts.left_fen == 0:
        return Verdict("close", why="refunded")
    late = now >= facts.paid_at + LATEST
    quiet = not (facts.refunding or facts.case_open or facts.extra)
    if quiet and not facts.agreed:
        return Verdict("free", why="ended")
    ripe = facts.ripe_at is not None and now >= facts.ripe_at and facts.settled
    if quiet and (ripe or (late and facts.delivered and facts.returnable and facts.settled)):
        amount = share_of(facts.left_fen, facts.rate_bp)
        return Verdict("share", amount) if amount else Verdict("free", why="zero")
    if late:
        return Verdict("free", why="late")
    return Verdict("wait", at=min(_look_again(facts, now, quiet), facts.paid_at + LATEST))


def _look_again(facts: Facts, now: datetime, quiet: bool) -> datetime:
    if facts.ripe_at is None or facts.ripe_at > now + AT_MOST_WAIT:
        return now + AT_MOST_WAIT
    return max(facts.ripe_at, now + timedelta(seconds=1)) if quiet and facts.settled else now + AGAIN


def to_take_back(net: Sequence[int], shared: Sequence[int], base_fen: int, refunded_fen: int) -> list[int]:
    """What of each returnable part must come back, so that the rest is no more than its proportion of what stays paid.

    `shared`: what each got; `net`: what of it hasn't come back yet; `base_fen`: what the parts were taken of;
    `refunded_fen`: what of that is given back in all, this refund included. Largest remainder; never above `net`.
    """
    kept = sum(shared) * max(0, base_fen - refunded_fen) // base_fen if base_fen else 0
    back = max(0, sum(net) - kept)
    return [int(part) for part in split_by_weight(back, net)] if back else [0] * len(net)


def ask_at(tries: int, now: datetime) -> datetime:
    """When to ask or call again after `tries` calls."""
    return now + timedelta(seconds=ASK_SECONDS[min(max(0, tries - 1), len(ASK_SECONDS) - 1)])


def return_again_at(failure: str, failed: int, done_at: datetime) -> datetime | None:
    """When a failed return is tried anew by itself, `failed` of them having failed; None: a person decides."""
    if failure not in _HEALING or failed > len(RETURN_RETRIES):
        return None
    return done_at + RETURN_RETRIES[failed - 1]
