"""What a sale demands, in the plain HTML of the first sight: as the app's own components draw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from html import escape
from typing import Final

from yantuan.groupbuys.schemas import GroupBuyPage, PageOffer
from yantuan.kernel.money import price_text

_CHINA: Final = timezone(timedelta(hours=8))

Words = Mapping[str, str]


def steps_of(offer: PageOffer) -> tuple[int, int, int]:
    """(pieces of one step, the fewest, the most that may be had) of an offer's counter."""
    unit = (offer.limits.step if offer.limits else 0) or 1
    least = max(1, offer.limits.least if offer.limits else 0)
    most = min(offer.stock, offer.limit_per_person) if offer.limit_per_person else offer.stock
    return unit, -(-least // unit) * unit, most // unit * unit


def limit_words(offer: PageOffer, words: Words) -> list[str]:
    """What an offer demands of an order, a few words each."""
    limits = offer.limits
    if limits is None:
        return []
    found = [
        (limits.least > 1, "buyer.leastPieces", limits.least),
        (limits.step > 1, "buyer.stepPieces", limits.step),
        (limits.per_household > 0, "buyer.perHousehold", limits.per_household),
    ]
    said = [escape(words[key].format(n=n)) for there, key, n in found if there]
    if limits.ships_on:
        said.append(escape(words["buyer.shipsBy"].format(day=limits.ships_on.strftime("%m-%d"))))
    return said


def flash_html(offer: PageOffer, words: Words, moment: datetime) -> str:
    """The window of price: how long it lasts and what follows, or when it comes."""
    flash = offer.limits.flash if offer.limits else None
    if flash is None:
        return ""
    if not flash.on:
        begins = flash.starts_at.astimezone(_CHINA)
        same = begins.year == moment.astimezone(_CHINA).year
        when = begins.strftime("%m-%d %H:%M" if same else "%Y-%m-%d %H:%M")
        text = words["buyer.flashSoon"].format(time=when, price=price_text(flash.price_fen))
        return f'<div class="flash yt-num">{escape(text)}</div>'
    left = max(0, -((moment - flash.ends_at) // timedelta(seconds=1)))
    days, rest = divmod(left, 86_400)
    clock = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    shown = f"{days}{words['common.day']} {clock}" if days else clock
    then = words["buyer.flashThen"].format(price=price_text(flash.usual_fen))
    return (
        f'<div class="flash yt-num"><span class="yt-countdown" role="timer">{escape(words["buyer.flashEnds"])} '
        f'{escape(shown)}</span><span class="flash__then"> · {escape(then)}</span></div>'
    )


def sold_out_html(product_id: str, words: Words, *, waits: bool) -> str:
    """Nothing is left; where the sale has a waiting list, the way into it."""
    out = f'<span class="goods__out">{escape(words["buyer.soldOut"])}</span>'
    if not waits:
        return out
    return (
        f'<div class="yt-row">{out}<div class="yt-btn yt-btn--soft yt-btn--small" role="button" tabindex="0" '
        f'data-tap="wait-{product_id}"><span class="yt-btn__text">{escape(words["buyer.wait"])}</span></div></div>'
    )


def tabs_html(names: Sequence[str]) -> str:
    """The tabs of categories, the first chosen."""
    tabs = "".join(
        f'<div class="yt-tabs__tab{"" if number else " yt-tabs__tab--on"}" role="tab" tabindex="0" '
        f'data-tap="category-{number}">{escape(name)}</div>'
        for number, name in enumerate(names)
    )
    return f'<div class="yt-tabs"><div class="yt-tabs__row" role="tablist">{tabs}</div></div>'


def demand_notices(page: GroupBuyPage, words: Words, language: str) -> str:
    """Whom the sale is for and how much it still takes."""
    if page.demands is None or page.status not in ("open", "coming"):
        return ""
    found = ""
    if page.demands.audience == "earlier":
        text = escape(words["buyer.regularsOnly"])
        found = f'<div class="g-head__notice g-head__notice--amber" role="status">{text}</div>'
    if page.demands.invited_only:
        text = escape(words["buyer.invitedOnly"])
        found += f'<div class="g-head__notice g-head__notice--amber" role="status">{text}</div>'
    capacity = page.demands.capacity
    if capacity and page.status == "open":
        tone = " g-head__notice--amber" if capacity.full else ""
        found += f'<div class="g-head__notice{tone}" role="status">{_capacity(page, language)}</div>'
    return found


def over_words(page: GroupBuyPage, words: Words, language: str) -> str:
    """Why nothing can be ordered now."""
    if page.status == "open":
        return _capacity(page, language)
    return escape(words[f"buyer.status.{page.status}"])


def _capacity(page: GroupBuyPage, language: str) -> str:
    capacity = page.demands.capacity if page.demands else None
    if capacity is None:
        return ""
    return escape(capacity.text_en if language == "en" else capacity.text)
