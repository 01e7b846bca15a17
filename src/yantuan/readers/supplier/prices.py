"""Prices of a clause with the words before them: 5斤装 39.9 / 10斤 69, 市场价59 团购价39.9, 三十九块九一箱."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from yantuan.readers.jielong.foods import FOODS, holds_food
from yantuan.readers.jielong.numbers import CHINESE, value
from yantuan.readers.jielong.units import ANY, COMMON
from yantuan.readers.supplier.result import Sureness

Kind = Literal["price", "market"]
MOST_FEN = 100_000_00
_MARKET = r"(?:建议零售价|市场价|市面价?|原价|超市价?|门店价?|(?:实体|专卖|水果|商)店里?(?:卖|要)?|店里卖|商超价?|专柜价?|零售价|日常价|吊牌价|平时价?|外面卖?|官网价?|线下价?|原)"
_GROUP = r"(?:(?:咱们?|我们)?[团群]里?(?:只要|仅需|只需|价)|拼?团购?价|团长?优惠价|到手价?|特价|活动价|群价|群友价|秒杀价?|优惠价|拼团|价格|售价|单价|会员价|团价|现价|今日价|福利价|只要|仅需|只需|现|团|价)"
_WORD = rf"(?:(?P<market>{_MARKET})|(?P<group>{_GROUP}))\s?[:]?\s?(?:仅|只要)?\s?"
_AMOUNT = r"(?P<n>\d{1,6}(?:,\d{3})?(?:\.\d{1,2})?)(?![\d.]*\d)"
_MONEY = r"(?:元|块钱?|圆|rmb|米(?!\w)|r(?![a-z]))"
PRICE = re.compile(
    rf"(?:{_WORD})?(?P<sign>¥|rmb)?\s?"
    rf"(?:(?<![\d.]){_AMOUNT}\s?(?P<money>{_MONEY})?(?P<dime>(?<=块)\d(?!\d))?"
    rf"|(?P<cn>{CHINESE})\s?(?:元|块钱?)(?P<cn_dime>[一二三四五六七八九](?!{ANY}|[十百\d]))?)"
    rf"(?:\s?(?:/|每|一(?={ANY}))\s?(?P<per>(?:\d{{1,4}}(?:\.\d)?)?(?:{ANY})))?"
)
_NO_PRICE_AFTER = re.compile(
    rf"\s?(?!包邮)(?:{ANY}|点|时|月|号|日|年|%|折|天|小时|人|楼|栋|起|cm|mm|度|期|次|层|色|岁|周|代|位|款|种|样|倍|m(?![a-z])|米(?=床)|:|-\d|~|x\d|\*|\+|寸|万|w\b|家|户|元店|j|头|入|抽|码)"
)
_RANGE = re.compile(r"[-~]\s?$|\d\s?x\s?$|[a-z]$")


@dataclass(frozen=True, slots=True)
class Price:
    """One price at folded positions `start` to `end`; `per` is what it is for, as said after it."""

    start: int
    end: int
    fen: int
    kind: Kind
    sure: Sureness
    per: str


def prices_of(text: str) -> list[Price]:
    """All prices of one folded clause, in order; `text` has other facts blanked."""
    found: list[Price] = []
    for hit in PRICE.finditer(text):
        price = _price(hit, text)
        if price is not None:
            found.append(price)
    return found


def _price(hit: re.Match[str], text: str) -> Price | None:
    if hit["cn"]:
        whole = value(hit["cn"])
        fen = (
            None
            if whole is None
            else whole * 100 + 10 * (value(hit["cn_dime"]) or 0 if hit["cn_dime"] else 0)
        )
    else:
        fen = fen_of(hit["n"]) + (10 * int(hit["dime"]) if hit["dime"] else 0)
    if not fen or fen > MOST_FEN:
        return None
    named = bool(hit["sign"] or hit["money"] or hit["cn"] or hit["market"] or hit["group"])
    if not named and hit["per"] is None and not _bare(hit, text):
        return None
    if (
        named
        and not (hit["sign"] or hit["money"] or hit["cn"])
        and _NO_PRICE_AFTER.match(text, hit.end())
        and not hit["per"]
    ):
        return None
    sure: Sureness = "sure" if named else "likely" if hit["per"] or "." in (hit["n"] or "") else "guess"
    return Price(
        hit.start(), hit.end(), fen, "market" if hit["market"] else "price", sure, (hit["per"] or "").strip()
    )


def _bare(hit: re.Match[str], text: str) -> bool:
    """Whether a number without a sign can be a price: no unit after it, no part of a range or a model's name."""
    before = text[max(0, hit.start("n") - 2) : hit.start("n")]
    if _is_of_a_name(text, hit.start("n"), hit.end("n")):
        return False
    return _NO_PRICE_AFTER.match(text, hit.end("n")) is None and _RANGE.search(before) is None


def _is_of_a_name(text: str, start: int, end: int) -> bool:
    """`丹东99草莓`: a number grown into a name, the goods named only behind it."""
    grown = start and "\u4e00" <= text[start - 1] <= "\u9fff"
    return bool(
        grown
        and any(text[end : end + n] in FOODS for n in (2, 3, 4))
        and not holds_food(text[max(0, start - 8) : start])
    )


def fen_of(written: str) -> int:
    """`39.9` → 3990; `1,299` → 129900."""
    yuan, _, rest = written.replace(",", "").partition(".")
    return int(yuan) * 100 + int((rest + "00")[:2])


_SIZE = (
    rf"(?:特大|超大|迷你|加大|大|中|小|精品|精选|特级|一级|二级|普通|家庭|单人|双人)(?:果|号|份|装|款|套餐|礼盒|{COMMON})(?!子)"
    rf"|\d(?:\.\d{{1,2}})?\s?(?:m|米)床?(?:\s?[*x]\s?\d(?:\.\d{{1,2}})?\s?(?:m|米))?(?![a-z])"
    rf"|公\s?\d(?:\.\d)?\s?两?\s?[母+]\s?母?\d(?:\.\d)?\s?两?"
    rf"|半(?:公?斤)装?"
    rf"|(?:整|半|单|一|两|二|三|四|五|六|十|双)(?:{COMMON})装?"
    rf"|(?:礼盒|礼箱|散|盒|袋|箱|瓶|罐|家庭|试吃|尝鲜)装"
    rf"|\d{{1,4}}(?:\.\d{{1,2}})?\s?(?:{ANY})(?:\s?[x/]\s?\d{{0,4}}\s?(?:{ANY}))?(?:\s?装)?"
    rf"|\d{{1,2}}\s?寸"
    rf"|(?:{CHINESE})(?:斤|公斤|枚|只|瓶|包|袋|盒|箱|罐)装?"
    r"|(?<![a-z])(?:xs|s|m|l|xl|xxl|xxxl|\dxl)(?:码|号)?(?![a-z])"
)
SPEC = re.compile(_SIZE)
FLAVOUR = re.compile(r"[\u4e00-\u9fff]{1,4}(?:味|口味|色|款|香型)$")
