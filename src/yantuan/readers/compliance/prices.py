"""Compared prices and promised days: whether a struck or named price was really asked, and whether a day lies far ahead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from yantuan.kernel.money import price_text
from yantuan.readers.compliance.result import Both, Finding, Said
from yantuan.readers.compliance.texts import around, folded

FAR: Final = 15
"""Days until sending from which a pre-sale is a long one."""
_LAW: Final = (
    "《明码标价和禁止价格欺诈规定》第十六条、第十七条",
    "Rules on price marking and price fraud, arts. 16, 17",
)
_PRESALE: Final = (
    "《电子商务法》第二十条、微信小程序发货信息管理规则",
    "E-commerce Law art. 20; WeChat's rules on shipping information",
)
_NAMED = re.compile(
    r"(原价|市场价|专柜价|超市价|官网价|日常价|平时价|吊牌价|门店价|商场价|旗舰店价?|(?<!建议)零售价|划线价|平时卖?|外面卖?)[::]?\s*(?:要|都要|卖|是|至少)?\s*[¥￥]?\s*"
    r"(\d{1,6}(?:\.\d{1,2})?)(?!\d|\.\d|\s*(?:斤|g|克|kg|个|只|颗|天|点|号|月|分钟|小时|ml|毫升|%|折|公里|米|人|次|度|年))"
)


@dataclass(frozen=True, slots=True)
class Sold:
    """What one variant was really sold for in this store, in fen: the lowest of the last seven days, and the last before."""

    lowest_week: int | None
    last: int | None

    @property
    def basis(self) -> int | None:
        """The most a compared price may be without an explanation."""
        return self.last if self.lowest_week is None else self.lowest_week


@dataclass(frozen=True, slots=True)
class Offered:
    """One offer. `usual_fen`: the price outside of a flash window, which is shown beside the flash price."""

    sku_id: int
    field: str
    place: Both
    usual_fen: int | None
    ships_on: date | None


def named(texts: Iterable[Said], sold: Mapping[int, Sold]) -> list[Finding]:
    """Prices that texts compare with (原价 99) and that no sale of these goods bears out."""
    borne = max((one.basis for one in sold.values() if one.basis is not None), default=None)
    found = []
    for said in texts:
        text = folded(said.text)
        for hit in _NAMED.finditer(text):
            fen = int(Decimal(hit[2]) * 100)
            if fen and (borne is None or fen > borne):
                found.append(_compared(said.field, said.place, around(text, *hit.span()), hit[0], fen, borne))
    return found[:5]


def flash(offers: Sequence[Offered], sold: Mapping[int, Sold]) -> list[Finding]:
    """Usual prices shown beside a flash price that are above what the variant was sold for."""
    found = []
    for offer in offers:
        one = sold.get(offer.sku_id, Sold(None, None))
        if offer.usual_fen is not None and (one.basis is None or offer.usual_fen > one.basis):
            found.append(
                _compared(
                    offer.field,
                    offer.place,
                    price_text(offer.usual_fen),
                    price_text(offer.usual_fen),
                    offer.usual_fen,
                    one.basis,
                )
            )
    return found


def _compared(field: str, place: Both, excerpt: str, hit: str, fen: int, borne: int | None) -> Finding:
    if borne is None:
        fact = ("本店还没有这些商品的成交记录", "this store has not sold these goods yet")
    else:
        fact = (
            f"本店可以比的成交价是 {price_text(borne)}",
            f"the price this store can compare with is {price_text(borne)}",
        )
    why = (
        f"拿 {price_text(fen)} 作比较，要真的按这个价卖过（近七日最低成交价；七日内没有成交的，看最后一次）；{fact[0]}",
        f"A compared price must be a real one (the lowest of seven days, else the last); {fact[1]}",
    )
    mend = (
        "删掉，或写清楚是谁的价、哪一天、在哪里查得到；厂商建议零售价要写明“建议零售价”",
        "Leave it out, or say whose price it is, of which day and where it can be seen",
    )
    return Finding("compared_price", "advice", field, place, excerpt, hit, why, _LAW, mend)


def presale(offers: Sequence[Offered], today: date, ends: date | None) -> list[Finding]:
    """Promised days that lie far after the sale."""
    start = max(today, ends) if ends else today
    found = []
    for offer in offers:
        days = (offer.ships_on - start).days if offer.ships_on else 0
        if offer.ships_on and days > FAR:
            day = offer.ships_on.isoformat()
            why = (
                f"截单后 {days} 天才发货，属于长预售：买家要在下单前看到，超过 {FAR} 天微信要报备，逾期没发会被限制收款",
                f"Sent {days} days after the sale: buyers must see it before ordering, and WeChat is told of pre-sales over {FAR} days",
            )
            mend = (
                "确认这个日期做得到；做不到就晚点开团，或分批。系统会替你报备并在页面写明发货日",
                "Keep the day or open later; the report to WeChat and the day on the page are done for you",
            )
            found.append(
                Finding("presale_long", "advice", offer.field, offer.place, day, day, why, _PRESALE, mend)
            )
    return found
