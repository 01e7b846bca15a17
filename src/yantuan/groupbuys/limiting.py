"""Pure decisions about what a sale demands of quantities, windows of price and people; and the sentences that say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from yantuan.groupbuys.options import OfferOptions, SaleOptions
from yantuan.groupbuys.options.limits import Flash, OfferLimits, SaleLimits
from yantuan.groupbuys.schemas import CapacityOut, FlashOut, GroupBuyIn, OfferIn, PageLimits
from yantuan.kernel.errors import Invalid
from yantuan.kernel.money import price_text

Both = tuple[str, str]
"""A sentence in Chinese and in English."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What the live orders of a sale hold: closed and wholly refunded ones count nothing, refunded pieces neither."""

    orders: int = 0
    pieces: int = 0
    fen: int = 0


def check_limits(data: GroupBuyIn, today: date) -> SaleOptions:
    """The sale's options as they are kept. Raises Invalid for demands no order could meet or that contradict each other."""
    limits = data.options.limits
    names = limits.categories
    if len(set(names)) != len(names):
        raise Invalid(
            "category_repeated", "分类名称重复了", "Category names must differ.", field="categories"
        )
    for offer in data.offers:
        _check_offer(offer, names, data, today)
    by_household = any(offer.options.limits.per_household for offer in data.offers)
    tags = tuple(dict.fromkeys(limits.member_tags))
    return replace(data.options, limits=replace(limits, by_household=by_household, member_tags=tags))


def _check_offer(offer: OfferIn, categories: Sequence[str], data: GroupBuyIn, today: date) -> None:
    limits = offer.options.limits
    if limits.category and limits.category not in categories:
        raise Invalid(
            "category_unknown",
            f"没有「{limits.category}」这个分类，请重新选择",
            "No such category.",
            field="offers",
        )
    most = min((n for n in (offer.limit_per_person, limits.per_household) if n), default=9999)
    if smallest(limits) > most:
        raise Invalid(
            "least_above_limit",
            f"起购或倍数（{smallest(limits)} 件）超过了限购 {most} 件，谁也买不了",
            "The smallest quantity is above the limit; nobody could order.",
            field="offers",
        )
    if limits.flash:
        _check_flash(limits.flash, offer.price_fen, data)
    if limits.ships_on and data.ends_at and limits.ships_on < min(data.ends_at.date(), today):
        raise Invalid("ship_day_past", "预计发货日已经过了", "The promised day has passed.", field="offers")


def _check_flash(flash: Flash, price_fen: int, data: GroupBuyIn) -> None:
    if flash.starts_at.tzinfo is None or flash.ends_at.tzinfo is None:
        raise Invalid("window_without_zone", "时间缺少时区", "Times must carry a time zone.", field="offers")
    if flash.ends_at <= flash.starts_at:
        raise Invalid(
            "flash_end_before_start",
            "秒杀的结束时间要晚于开始时间",
            "The end of the window must follow its start.",
            field="offers",
        )
    if flash.price_fen >= price_fen:
        raise Invalid(
            "flash_not_lower",
            f"秒杀价要低于团购价 {price_text(price_fen)}",
            "The price of the window must be lower.",
            field="offers",
        )
    if data.ends_at is not None and flash.starts_at >= data.ends_at:
        raise Invalid(
            "flash_after_end",
            "秒杀时间要在团购结束之前",
            "The window must lie within the sale.",
            field="offers",
        )


def undated(options: OfferOptions) -> OfferOptions:
    """An offer's options for a copy of its sale: windows and promised days were of the old one."""
    return replace(options, limits=replace(options.limits, flash=None, ships_on=None))


def smallest(limits: OfferLimits) -> int:
    """The fewest pieces an order may hold, at least 1."""
    step = limits.step or 1
    return -(-max(1, limits.least) // step) * step


def nearest(limits: OfferLimits, quantity: int, most: int) -> int:
    """The allowed quantity next to `quantity`, upward where that fits under `most`; 0 when none does."""
    step = limits.step or 1
    highest = most // step * step
    if highest < smallest(limits):
        return 0
    return min(highest, max(smallest(limits), -(-quantity // step) * step))


def quantity_problem(limits: OfferLimits, title: str, quantity: int) -> Both | None:
    """Why this many pieces can't be ordered, for a sentence about the goods; None when they can."""
    if quantity < limits.least:
        return f"「{title}」{limits.least} 件起购", f"At least {limits.least} pieces"
    if limits.step > 1 and quantity % limits.step:
        return f"「{title}」要按 {limits.step} 的倍数购买", f"Pieces come in multiples of {limits.step}"
    return None


def flash_on(limits: OfferLimits, moment: datetime) -> bool:
    """Whether the window of the flash price is open; its start is inside, its end is not."""
    flash = limits.flash
    return flash is not None and flash.starts_at <= moment < flash.ends_at


def price_now(price_fen: int, options: OfferOptions, moment: datetime) -> int:
    """The price of one unit at `moment`, in fen: the lower one inside a flash window."""
    flash = options.limits.flash
    if flash is None or not flash_on(options.limits, moment):
        return price_fen
    return min(price_fen, flash.price_fen)


def page_limits(options: OfferOptions, price_fen: int, moment: datetime) -> PageLimits | None:
    """What buyers see of one offer's demands; None where there are none. A window that is over is not shown."""
    limits = options.limits
    flash = limits.flash if limits.flash and moment < limits.flash.ends_at else None
    shown = PageLimits(
        category=limits.category,
        least=limits.least,
        step=limits.step if limits.step > 1 else 0,
        per_household=limits.per_household,
        flash=FlashOut(
            price_fen=flash.price_fen,
            usual_fen=price_fen,
            starts_at=flash.starts_at,
            ends_at=flash.ends_at,
            on=flash_on(limits, moment),
        )
        if flash
        else None,
        ships_on=limits.ships_on,
    )
    return shown if shown != PageLimits() else None


def cancel_problem(limits: SaleLimits, *, running: bool) -> Both | None:
    """Why a buyer can't cancel a paid order of this sale; `running`: it has not ended or been closed yet."""
    if limits.self_cancel == "never":
        return (
            "这个团购付款后不能自己取消，请联系团长",
            "Paid orders of this sale are cancelled by the leader only.",
        )
    if limits.self_cancel == "before_end" and not running:
        return (
            "团购已截单，不能自己取消了，请联系团长",
            "The sale is over; ask the leader to cancel.",
        )
    return None


def capacity_of(limits: SaleLimits, taken: Taken) -> CapacityOut | None:
    """What still fits under the sale's brake, with the sentence buyers read; None for a sale without one."""
    if not (limits.most_orders or limits.most_pieces or limits.most_fen):
        return None
    full = over(limits, taken, Taken(1, 1, 1))
    if full is not None:
        return CapacityOut(full=True, text=full[0], text_en=full[1])
    words: list[Both] = []
    if limits.most_orders:
        left = limits.most_orders - taken.orders
        words.append((f"还剩 {left} 单", f"{left} orders left"))
    if limits.most_pieces:
        left = limits.most_pieces - taken.pieces
        words.append((f"还剩 {left} 件", f"{left} pieces left"))
    if limits.most_fen:
        money = price_text(limits.most_fen - taken.fen)
        words.append((f"还能接 {money}", f"{money} left"))
    zh, en = "，".join(w[0] for w in words), ", ".join(w[1] for w in words)
    return CapacityOut(full=False, text=f"限量接单，{zh}", text_en=f"Limited: {en}")


def over(limits: SaleLimits, taken: Taken, more: Taken) -> Both | None:
    """Why `more` no longer fits; None when it does. A sale that is full for everybody says so."""
    if limits.most_orders and taken.orders + more.orders > limits.most_orders:
        return (
            f"已接满 {limits.most_orders} 单，有人取消会再开放",
            "All orders are taken; it opens again when one is cancelled",
        )
    if limits.most_pieces and taken.pieces + more.pieces > limits.most_pieces:
        left = max(0, limits.most_pieces - taken.pieces)
        return _left(left, f"本团只剩 {left} 件的量了", f"Only {left} pieces are left in this sale")
    if limits.most_fen and taken.fen + more.fen > limits.most_fen:
        left = max(0, limits.most_fen - taken.fen)
        money = price_text(left)
        return _left(left, f"本团只能再接 {money} 的订单了", f"Only {money} more fits into this sale")
    return None


def _left(left: int, zh: str, en: str) -> Both:
    if left:
        return zh, en
    return "本团已接满，有人取消会再开放", "The sale is full; it opens again when an order is cancelled"
