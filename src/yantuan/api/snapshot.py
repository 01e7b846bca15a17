"""The first sight of a group buy in plain HTML: what the app will draw, readable and tappable before the app has arrived.

Every element carries the class of the app's own component, so the app's rules dress it and the swap is not seen; `data-tap` names the
app's element (its test ids) that a tap stands for. The words are the app's (`web/src/i18n`); a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from html import escape
from types import MappingProxyType
from typing import Final

from yantuan.api.snapshot_demands import (
    demand_notices,
    flash_html,
    limit_words,
    over_words,
    sold_out_html,
    steps_of,
    tabs_html,
)
from yantuan.api.snapshot_words import ICONS, TONES, WORDS
from yantuan.groupbuys.schemas import GroupBuyPage, PageOffer, PageProduct
from yantuan.kernel.money import price_text
from yantuan.stores.schemas import StoreCard

FIRST_GOODS: Final = 6
"""Products in the first sight: what a tall phone shows with one swipe. The app draws as many before it takes over."""

_FEW: Final = 10
_CHINA: Final = timezone(timedelta(hours=8))
_NO_WORDS: Final[Mapping[str, object]] = MappingProxyType({})


class FirstSight:
    """One page in one language (`zh` or `en`); `html()` is the whole."""

    def __init__(self, page: GroupBuyPage, language: str) -> None:
        self._page = page
        self._words = WORDS[language]
        self._language = language
        full = page.demands and page.demands.capacity and page.demands.capacity.full
        self._buyable = page.status == "open" and not full

    def html(self) -> str:
        """The element that lies over the app until it is drawn."""
        page = self._page
        goods = "".join(self._product(product) for product in page.products[:FIRST_GOODS])
        return (
            f'<div id="boot" class="yt-scope yt-page" lang="{"en" if self._language == "en" else "zh-CN"}" '
            f'data-code="{escape(page.code)}"><div class="boot-all" role="main">{self._nav()}{self._head()}{self._leader(page.store)}'
            f'<div class="yt-card"><div class="yt-card__head"><h2 class="yt-card__title">{self._t("buyer.goodsTitle")}</h2></div>'
            f'{self._tabs()}{goods or self._nothing()}</div></div><div class="boot-trouble" role="alert" hidden>{self._t("boot.trouble")} '
            f'<b role="button" tabindex="0" data-again>{self._t("common.retry")}</b></div>'
            f'<div class="yt-page__footer">{self._cart() if self._buyable else self._over()}</div></div>'
        )

    def _t(self, key: str, values: Mapping[str, object] = _NO_WORDS) -> str:
        return escape(self._words[key].format(**values))

    def _nav(self) -> str:
        discs = "".join(
            f'<div class="float-nav__disc" role="button" tabindex="0" aria-label="{self._t(label)}" data-tap="{tap}">{icon(name, 20)}</div>'
            for label, tap, name in (("tab.home", "nav-back", "home"), ("buyer.share", "share", "share"))
        )
        return f'<div class="float-nav" style="top:8px">{discs}</div>'

    def _head(self) -> str:
        page = self._page
        prices = [(p.price_min_fen, p.price_max_fen) for p in page.products]
        price = (
            price_html(min(low for low, _ in prices), max(high for _, high in prices), "l") if prices else ""
        )
        joined = self._t("buyer.joinedCount", {"n": page.joined})
        sold = " · " + self._t("buyer.soldCount", {"n": sum(p.sold for p in page.products)})
        if page.demands and page.demands.hide_sold:
            sold = ""
        return (
            f'<div class="g-head">{cover(page)}<div class="g-head__body"><h1 class="g-head__title">{escape(page.title)}</h1>'
            f'<div class="yt-between">{price}<span class="yt-tag yt-tag--{TONES[page.status]}">'
            f"{self._t(f'buyer.status.{page.status}')}</span></div>"
            f'<div class="yt-between yt-muted g-head__facts"><span class="yt-num">{joined}{sold}</span>{self._clock()}</div></div>'
            f"{self._notice()}{demand_notices(page, self._words, self._language)}</div>"
        )

    def _clock(self) -> str:
        """The countdown as of the server's clock; the script beside it lets it run."""
        page = self._page
        if page.status == "ended" and page.ends_at:
            return f"<span>{self._t('buyer.endedAt', {'time': wall(page.ends_at, page.server_time)})}</span>"
        until = {"open": page.ends_at, "coming": page.starts_at}.get(page.status)
        if until is None:
            return ""
        word = self._t("buyer.endsIn" if page.status == "open" else "buyer.startsIn")
        seconds = -((page.server_time - until) // timedelta(seconds=1))
        left = time_left(seconds, self._words["common.day"])
        return (
            f'<div class="yt-row g-head__clock">{icon("clock", 16)}<span class="yt-countdown" role="timer" data-left="{max(0, seconds)}" '
            f'data-day="{self._t("common.day")}">{word} <span>{left}</span></span></div>'
        )

    def _notice(self) -> str:
        page = self._page
        match page.status:
            case "suspended":
                tone, text = " g-head__notice--red", self._t("buyer.suspendedHint")
            case "open" if not page.payment_methods:
                tone, text = " g-head__notice--red", self._t("buyer.collectingStopped")
            case "ended" | "closed":
                tone, text = "", self._t("buyer.overHint")
            case "coming":
                when = {"time": wall(page.starts_at, page.server_time)}
                tone, text = " g-head__notice--amber", self._t("buyer.comingHint", when)
            case _:
                return ""
        return f'<div class="g-head__notice{tone}" role="status">{text}</div>'

    def _leader(self, store: StoreCard) -> str:
        leader = store.leader
        kind = {"kind": leader.certified_kind}
        mark = self._t("buyer.certifiedKind", kind) if leader.certified_kind else self._t("buyer.certified")
        certified = f'<div class="lead__mark">{icon("certified", 14)}<span>{mark}</span></div>'
        notice = f'<div class="lead__notice">{escape(store.notice)}</div>' if store.notice else ""
        return (
            '<div class="yt-card"><div class="lead" role="button" tabindex="0" data-tap="leader-card">'
            f"{picture(leader.avatar_url or store.cover_url, leader.display_name, 48, 'yt-image--round')}"
            f'<div class="yt-grow"><div class="lead__name"><span class="yt-ellipsis">{escape(store.name)}</span></div>'
            f'<div class="yt-row lead__who"><span class="yt-muted yt-ellipsis">'
            f"{self._t('buyer.leaderName', {'name': leader.display_name})}</span>{certified if leader.certified else ''}</div></div>"
            f'<div class="yt-row lead__go"><span>{self._t("buyer.toStore")}</span>{icon("next", 14)}</div></div>'
            f"{notice}{self._contact(store)}</div>"
        )

    def _contact(self, store: StoreCard) -> str:
        if not store.contact_wechat:
            return ""
        words = self._t("buyer.leaderWechat", {"id": store.contact_wechat})
        return (
            f'<div class="lead__contact" role="button" tabindex="0" data-tap="leader-contact">{icon("message", 16)}'
            f'<span class="yt-grow yt-ellipsis">{words}</span><span class="lead__copy">{self._t("buyer.copy")}</span></div>'
        )

    def _product(self, product: PageProduct) -> str:
        only = product.offers[0] if len(product.offers) == 1 else None
        page_now = self._page.server_time
        thumb = product.pictures[0].thumb_url if product.pictures else ""
        name = f'<div class="yt-tiny">{escape(only.sku_name)}</div>' if only and only.sku_name else ""
        about = (
            f'<div class="yt-tiny yt-ellipsis">{escape(product.description)}</div>'
            if product.description
            else ""
        )
        act = self._act(product, only) if self._buyable else ""
        return (
            f'<div class="goods"><div data-tap="open-{product.id}">{picture(thumb, product.title, 96)}</div>'
            f'<div class="yt-grow goods__text"><div role="button" tabindex="0" data-tap="open-{product.id}">'
            f'<div class="goods__title yt-clamp-2">{escape(product.title)}</div>{name}{about}'
            f'<div class="yt-tiny yt-num">{self._facts(product, only)}</div></div>'
            f'{flash_html(only, self._words, page_now) if only else ""}<div class="goods__foot">'
            f"{price_html(product.price_min_fen, product.price_max_fen, 'm')}{act}</div></div></div>"
        )

    def _facts(self, product: PageProduct, only: PageOffer | None) -> str:
        stock = sum(offer.stock for offer in product.offers)
        words = [self._t("buyer.soldCount", {"n": product.sold})] if product.sold > 0 else []
        if stock > 0:
            words.append(self._t("buyer.fewLeft" if stock <= _FEW else "buyer.stockLeft", {"n": stock}))
        if only and only.limit_per_person > 0:
            words.append(self._t("buyer.limitEach", {"n": only.limit_per_person}))
        return " · ".join([*words, *(limit_words(only, self._words) if only else [])])

    def _tabs(self) -> str:
        """The categories; the app's tabs answer a tap."""
        names = self._page.demands.categories if self._page.demands else []
        return tabs_html([self._words["buyer.allGoods"], *names]) if names else ""

    def _act(self, product: PageProduct, only: PageOffer | None) -> str:
        """What a person can do with one product: count it, choose a variant, or nothing because it is sold out."""
        if not any(offer.stock for offer in product.offers):
            lined = self._page.demands is not None and self._page.demands.waiting_minutes > 0
            return sold_out_html(product.id, self._words, waits=lined)
        if only is None:
            words = self._t("buyer.chooseSku")
            return (
                f'<div class="yt-badge"><div class="yt-btn yt-btn--soft yt-btn--small" role="button" tabindex="0" '
                f'data-tap="choose-{product.id}"><span class="yt-btn__text">{words}</span></div></div>'
            )
        unit, least, most = steps_of(only)
        less, more = (
            f'<div class="yt-step__tap" role="button" tabindex="0" aria-label="{self._t(f"common.{side}")}" '
            f'data-tap="step-{only.id} stepper-{side}" data-step="{by}"><div class="yt-step__disc{disc}">{icon(name, 16)}</div></div>'
            for side, by, disc, name in (
                ("less", -1, "", "minus"),
                ("more", 1, " yt-step__disc--main", "plus"),
            )
        )
        return (
            f'<div class="yt-step" role="group" aria-label="{self._t("common.quantity")}" data-offer="{only.id}" data-most="{most}" data-unit="{unit}" data-least="{least}">'
            f'{less}<span class="yt-step__num">0</span>{more}</div>'
        )

    def _nothing(self) -> str:
        return f'<p class="yt-muted">{self._t("buyer.noGoods")}</p>'

    def _cart(self) -> str:
        return (
            f'<div class="cartbar"><div class="cartbar__cart" role="button" tabindex="0" aria-label="{self._t("buyer.cart")}" '
            f'data-tap="cart-open">{icon("cart", 28)}</div><div class="yt-grow"><span class="yt-muted" data-empty>'
            f'{self._t("buyer.cartEmpty")}</span></div><div class="yt-btn yt-btn--primary yt-btn--normal yt-btn--off" role="button" '
            f'aria-disabled="true" data-tap="checkout"><span class="yt-btn__text">{self._t("buyer.checkout")}</span></div></div>'
        )

    def _over(self) -> str:
        return (
            f'<div class="yt-between g-over"><span class="yt-muted">{over_words(self._page, self._words, self._language)}</span>'
            f'<div class="yt-btn yt-btn--plain yt-btn--normal" role="button" tabindex="0" data-tap="see-store">{icon("store", 20)}'
            f'<span class="yt-btn__text">{self._t("buyer.seeStore")}</span></div></div>'
        )


def icon(name: str, edge: int) -> str:
    """One of the app's line icons in the colour around it; the text beside it says what it means."""
    return f'<svg class="yt-icon" width="{edge}" height="{edge}" viewBox="0 0 24 24" aria-hidden="true">{ICONS[name]}</svg>'


def picture(url: str, alt: str, edge: int, extra: str = "") -> str:
    """A square picture, or the mark where there is none."""
    inside = (
        f'<img class="yt-image__pic yt-image__pic--ready" src="{escape(url)}" alt="{escape(alt)}" fetchpriority="low">'
        if url
        else f'<div class="yt-image__none">{icon("geese", 28)}</div>'
    )
    return f'<div class="yt-image {extra}" style="width:{edge}px;flex:none"><div style="padding-top:100%"></div>{inside}</div>'


def cover(page: GroupBuyPage) -> str:
    """The big picture: the cover, else the first product's, as the app chooses it."""
    shown = (page.cover_url, *(p.pictures[0].url for p in page.products if p.pictures))
    url = next((one for one in shown if one), "")
    if not url:
        return f'<div class="g-head__cover g-head__none">{icon("geese", 56)}</div>'
    return f'<div class="g-head__cover"><img class="g-head__pic" src="{escape(url)}" alt="" fetchpriority="high"></div>'


def price_html(low_fen: int, high_fen: int, size: str) -> str:
    """A price as the app sets it: the sign and the fen smaller, so the yuan read first."""
    yuan, cents = price_text(low_fen)[1:].split(".")
    upper = (
        f'<span class="yt-price__small">\N{NO-BREAK SPACE}– {price_text(high_fen)}</span>'
        if high_fen > low_fen
        else ""
    )
    return (
        f'<div class="yt-price yt-price--{size}"><span class="yt-price__small">¥</span><span class="yt-price__yuan">{yuan}</span>'
        f'<span class="yt-price__small">.{cents}</span>{upper}</div>'
    )


def time_left(seconds: int, day: str) -> str:
    """`1天 02:03:04`, or `02:03:04` on the last day."""
    days, rest = divmod(max(0, seconds), 86_400)
    clock = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return f"{days}{day} {clock}" if days else clock


def wall(at: datetime, today: datetime) -> str:
    """`11-22 18:30` on the wall clock of China; with the year when it is not this year."""
    here = at.astimezone(_CHINA)
    same = here.year == today.astimezone(_CHINA).year
    return here.strftime("%m-%d %H:%M" if same else "%Y-%m-%d %H:%M")
