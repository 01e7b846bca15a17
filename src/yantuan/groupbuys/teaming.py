"""Pure decisions about what a sale offers to small teams of buyers (拼团), and the sentence that says it."""

from __future__ import annotations

from datetime import datetime

from yantuan.groupbuys.limiting import price_now
from yantuan.groupbuys.options import OfferOptions, SaleOptions
from yantuan.groupbuys.options.teams import SaleTeams
from yantuan.groupbuys.schemas import GroupBuyIn, PageTeams
from yantuan.kernel.errors import Invalid
from yantuan.kernel.money import price_text

Both = tuple[str, str]
"""A sentence in Chinese and in English."""
SMALLEST = 2


def check_teams(data: GroupBuyIn, options: SaleOptions) -> SaleOptions:
    """`options` of the sale as they are kept. Raises Invalid for teams nobody could form or gain by."""
    size = options.teams.size
    if size == 0:
        return options
    if size < SMALLEST:
        raise _invalid(
            "team_too_small", "拼团人数要在 2 到 10 人之间", "A team has from 2 to 10 members.", "teams"
        )
    priced = [offer for offer in data.offers if offer.options.teams.price_fen is not None]
    if data.offers and not priced:
        raise _invalid(
            "team_prices_missing", "请至少给一个商品填拼团价", "Give at least one product a team price."
        )
    for offer in priced:
        if offer.options.money.gift:
            raise _invalid("gift_has_price", "赠品不能再设拼团价", "A gift has no team price.")
        if (offer.options.teams.price_fen or 0) >= offer.price_fen:
            raise _invalid(
                "team_price_high",
                f"拼团价要低于单独买的价格 {price_text(offer.price_fen)}",
                "The team price must be below the usual one.",
            )
    return options


def _invalid(code: str, zh: str, en: str, field: str = "offers") -> Invalid:
    return Invalid(code, zh, en, field=field)


def team_price(price_fen: int, options: OfferOptions, moment: datetime) -> int | None:
    """The price of one unit in a team at `moment`, in fen: never above what one pays alone. None: not sold to teams."""
    together = options.teams.price_fen
    return None if together is None else min(together, price_now(price_fen, options, moment))


def terms_text(teams: SaleTeams) -> Both:
    """The whole rule, as it is printed on the page."""
    if teams.sell_anyway:
        end, end_en = "到时不满也按拼团价成交", "if it isn't full by then, the team price stands all the same"
    else:
        end, end_en = (
            "到时不满，已付的钱自动全额退回",
            "if it isn't full by then, all money goes back by itself",
        )
    return (
        f"{teams.size} 人付款即成团；开团后 {teams.hours} 小时内有效，最晚到团购结束；{end}",
        f"A team forms when {teams.size} people have paid, within {teams.hours} hours and before the sale ends; {end_en}",
    )


def page_teams(options: SaleOptions) -> PageTeams | None:
    """What buyers see of it; None for a sale without teams."""
    teams = options.teams
    if not teams.size:
        return None
    text = terms_text(teams)
    return PageTeams(
        size=teams.size, hours=teams.hours, sell_anyway=teams.sell_anyway, text=text[0], text_en=text[1]
    )
