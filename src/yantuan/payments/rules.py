"""Pure decisions about paying and giving back: numbers, schedules, checks and shares. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from yantuan.kernel.errors import AppError, Conflict

_BASE32: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

CURRENCY: Final = "CNY"
POLL_SECONDS: Final = (5, 30, 60, 180, 300, 600)
"""Seconds after an attempt's birth at which the provider is asked; afterwards every ten minutes."""
RETRY_SECONDS: Final = (10, 20, 40, 60)
"""Waits after a call whose result is unknown."""
REFUND_ASK_SECONDS: Final = (5, 30, 60, 180, 600, 900)
"""Waits between questions about a refund under way; afterwards every fifteen minutes."""
REFUND_RETRY_SECONDS: Final = (5, 15, 60, 300, 600, 900)
"""Waits before the same refund is sent again after an unknown result."""
TROUBLE_SECONDS: Final = 900
"""Wait before a refund the provider refused for want of money is sent again."""
REFUND_DAYS: Final = 365
MAX_REFUNDS: Final = 50
REFUND_SPACING: Final = timedelta(minutes=1)
MIN_TIME_EXPIRE: Final = timedelta(seconds=90)
"""WeChat Pay refuses a time_expire less than a minute ahead; an order paid at the last moment gets this much."""
REPEAT_MARGIN: Final = timedelta(seconds=65)
"""An announcement whose time_expire is nearer than this is not repeated but replaced."""
PREPAY_MARGIN: Final = timedelta(seconds=20)
"""A prepay this near its end is announced again."""
MAX_TRIES: Final = 30_000
"""Cap of the stored counter of tries."""

TradeType = Literal["JSAPI", "MWEB", "NATIVE"]


def base32(number: int) -> str:
    """Crockford base32 of a positive integer, 13 characters for an id."""
    digits = ""
    while number:
        number, rest = divmod(number, 32)
        digits = _BASE32[rest] + digits
    return digits.rjust(13, "0")


def out_trade_no(attempt_id: int) -> str:
    """The provider's name for a payment attempt: `P` and 13 characters of 0-9A-Z."""
    return "P" + base32(attempt_id)


def out_refund_no(refund_id: int) -> str:
    """The provider's name for a refund: `R` and 13 characters of 0-9A-Z."""
    return "R" + base32(refund_id)


def is_out_trade_no(text: str) -> bool:
    """Whether a number has the shape of `out_trade_no`."""
    return text[:1] == "P" and _is_base32(text[1:])


def is_out_refund_no(text: str) -> bool:
    """Whether a number has the shape of `out_refund_no`."""
    return text[:1] == "R" and _is_base32(text[1:])


def _is_base32(text: str) -> bool:
    return len(text) == 13 and all(char in _BASE32 for char in text)


def _step(steps: Sequence[int], count: int) -> int:
    return steps[min(count, len(steps) - 1)]


def next_poll(created_at: datetime, polls: int, deadline: datetime | None, now: datetime) -> datetime:
    """When to ask about an unpaid attempt again, `polls` questions having been asked. At the latest at the order's deadline."""
    if polls < len(POLL_SECONDS):
        moment = created_at + timedelta(seconds=POLL_SECONDS[polls])
    else:
        moment = now + timedelta(seconds=POLL_SECONDS[-1])
    if deadline is not None and deadline > now:
        moment = min(moment, deadline)
    return max(moment, now + timedelta(seconds=2))


def retry_at(failures: int, now: datetime) -> datetime:
    """When to call a provider again that did not answer properly."""
    return now + timedelta(seconds=_step(RETRY_SECONDS, failures))


def refund_ask_at(tries: int, now: datetime) -> datetime:
    """When to ask about a refund under way after `tries` calls."""
    return now + timedelta(seconds=_step(REFUND_ASK_SECONDS, max(0, tries - 1)))


def refund_retry_at(tries: int, now: datetime) -> datetime:
    """When to send the same refund again after `tries` calls without a known result."""
    return now + timedelta(seconds=_step(REFUND_RETRY_SECONDS, max(0, tries - 1)))


def send_after(previous: datetime | None, now: datetime) -> datetime:
    """The earliest moment to send a refund whose predecessor of the same payment is planned for `previous`."""
    return now if previous is None else max(now, previous + REFUND_SPACING)


class PaidFacts(Protocol):
    """What of a provider's transaction is checked against our attempt."""

    @property
    def out_trade_no(self) -> str: ...
    @property
    def mchid(self) -> str: ...
    @property
    def sub_mchid(self) -> str: ...
    @property
    def appid(self) -> str: ...
    @property
    def total_fen(self) -> int | None: ...
    @property
    def currency(self) -> str: ...


class AttemptFacts(Protocol):
    """Our own record of the attempt."""

    out_trade_no: str
    mchid: str
    sub_mchid: str
    appid: str
    amount_fen: int


def transaction_problem(paid: PaidFacts, attempt: AttemptFacts) -> str:
    """Why a paid transaction may not be booked on this attempt; empty when everything agrees."""
    checks = (
        ("out_trade_no_differs", paid.out_trade_no == attempt.out_trade_no),
        ("mchid_differs", (paid.mchid, paid.sub_mchid) == (attempt.mchid, attempt.sub_mchid)),
        ("appid_differs", paid.appid == attempt.appid),
        ("amount_differs", paid.total_fen == attempt.amount_fen),
        ("currency_differs", paid.currency == CURRENCY),
    )
    return next((problem for problem, fits in checks if not fits), "")


@dataclass(frozen=True)
class Left:
    """What of an order line can still be given back: units, and fen of goods and of freight."""

    order_line_id: int
    quantity: int
    goods_fen: int
    freight_fen: int

    @property
    def nothing(self) -> bool:
        return self.quantity == 0 and self.goods_fen == 0 and self.freight_fen == 0


@dataclass(frozen=True)
class RefundPart:
    """How much of one line a refund gives back: units (which then need no delivery), fen of goods, fen of freight."""

    order_line_id: int
    quantity: int
    goods_fen: int
    freight_fen: int = 0


@dataclass(frozen=True)
class Wish:
    """What a leader asks to give back of one line; `amount_fen` None: the units' full price."""

    order_line_id: int
    quantity: int
    amount_fen: int | None = None


def share(total: int, quantity: int, of: int) -> int:
    """The part of `total` fen that `quantity` of `of` units carry; the last units take whatever is left, so the sum is exact."""
    if quantity >= of:
        return total
    return total * quantity // of


def everything(left: Sequence[Left]) -> list[RefundPart]:
    """All that is left, goods and freight."""
    return [
        RefundPart(x.order_line_id, x.quantity, x.goods_fen, x.freight_fen) for x in left if not x.nothing
    ]


def wished_parts(left: Sequence[Left], wishes: Sequence[Wish], *, with_freight: bool) -> list[RefundPart]:
    """The parts a leader's refund of single lines consists of.

    A sum below the units' price is a compensation: the buyer keeps the units, so none are counted as given back, unless
    it takes the line's last fen. With `with_freight` the units' freight share comes along, and all freight that is left
    when no goods remain. Raises Conflict `refund_exceeds_paid` or `refund_line_unknown`.
    """
    by_line = {x.order_line_id: x for x in left}
    if len({w.order_line_id for w in wishes}) != len(wishes):
        raise Conflict("refund_line_repeated", "同一件商品只能填一行", "Name each line once.")
    parts = {w.order_line_id: _part(by_line.get(w.order_line_id), w, with_freight) for w in wishes}
    if with_freight and all(_goods_gone(x, parts.get(x.order_line_id)) for x in left):
        for x in left:
            part = parts.get(x.order_line_id, RefundPart(x.order_line_id, 0, 0))
            parts[x.order_line_id] = RefundPart(x.order_line_id, part.quantity, part.goods_fen, x.freight_fen)
    return [p for p in parts.values() if p.quantity or p.goods_fen or p.freight_fen]


def _goods_gone(left: Left, part: RefundPart | None) -> bool:
    taken = part or RefundPart(left.order_line_id, 0, 0)
    return left.quantity == taken.quantity and left.goods_fen == taken.goods_fen


def _part(left: Left | None, wish: Wish, with_freight: bool) -> RefundPart:
    if left is None:
        raise Conflict("refund_line_unknown", "订单里没有这件商品", "No such line in this order.")
    full = share(left.goods_fen, wish.quantity, left.quantity)
    goods = full if wish.amount_fen is None else wish.amount_fen
    if goods > full or (wish.amount_fen is None and wish.quantity > left.quantity):
        raise exceeds(left.goods_fen)
    if goods == left.goods_fen and goods > 0:
        units = left.quantity
    else:
        units = min(wish.quantity, left.quantity) if goods == full else 0
    freight = share(left.freight_fen, units, left.quantity) if with_freight and units else 0
    return RefundPart(left.order_line_id, units, goods, freight)


def exceeds(left_fen: int) -> Conflict:
    """The refusal of a refund above what is left."""
    return Conflict(
        "refund_exceeds_paid",
        "退款超过了可退的数量或金额",
        "More than what is left to refund.",
        left_fen=left_fen,
    )


def check_parts(left: Sequence[Left], parts: Sequence[RefundPart]) -> None:
    """Raise Conflict unless every part fits into what is left of its line."""
    by_line = {x.order_line_id: x for x in left}
    if not parts:
        raise Conflict("nothing_to_refund", "没有可退的金额了", "Nothing is left to refund.")
    if len({p.order_line_id for p in parts}) != len(parts):
        raise Conflict("refund_line_repeated", "同一件商品只能填一行", "Name each line once.")
    for part in parts:
        x = by_line.get(part.order_line_id)
        if x is None:
            raise Conflict("refund_line_unknown", "订单里没有这件商品", "No such line in this order.")
        negative = part.quantity < 0 or part.goods_fen < 0 or part.freight_fen < 0
        over = part.quantity > x.quantity or part.goods_fen > x.goods_fen or part.freight_fen > x.freight_fen
        if negative or over:
            raise exceeds(x.goods_fen + x.freight_fen)


def check_refund_window(paid_at: datetime | None, earlier: int, now: datetime) -> None:
    """WeChat Pay's own limits: a year, and 50 refunds of one payment."""
    if paid_at is not None and now - paid_at > timedelta(days=REFUND_DAYS):
        raise Conflict(
            "refund_too_old",
            "付款已超过一年，微信支付不支持原路退款，请线下退款",
            "WeChat Pay gives money back within 365 days only.",
        )
    if earlier >= MAX_REFUNDS:
        raise Conflict(
            "refund_too_many", "这笔付款已退过 50 次，不能再退", "A payment can be refunded 50 times at most."
        )


class CancelFacts(Protocol):
    """What decides whether a buyer may still cancel."""

    payment: str
    delivery: str
    aftersale: str


def cancel_refusal(
    order: CancelFacts, *, moved_units: int, barred: tuple[str, str] | None = None
) -> AppError | None:
    """Why the buyer can't cancel a paid order any more; None if it may be cancelled. `moved_units`: shipped plus handed out.

    `barred`: what the sale itself has against it, in Chinese and English.
    """
    if order.payment == "awaiting_confirmation":
        return Conflict(
            "proof_pending",
            "付款凭证正在等团长确认，暂时不能取消，请联系团长",
            "The leader is about to confirm your payment.",
        )
    if order.aftersale == "open":
        return Conflict("aftersale_open", "售后处理中，不能再取消订单", "An after-sale case is open.")
    if moved_units or order.delivery not in ("none", "awaiting_pickup"):
        if order.delivery in ("part_picked", "picked"):
            return Conflict(
                "already_picked", "商品已领取，请申请售后", "Goods were handed out; open an after-sale."
            )
        return Conflict("already_shipped", "已发货，请申请售后", "Already shipped; open an after-sale case.")
    return Conflict("cancel_barred", *barred) if barred else None


def proof_flags(*, reused: bool, repeated: bool, late: bool) -> list[str]:
    """Words of caution for the leader."""
    marks = (("reused", reused), ("late", late), ("repeated", repeated))
    return [word for word, applies in marks if applies]
