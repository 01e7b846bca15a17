"""Which words are the name of goods, and which the name of a variant."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yantuan.readers.jielong.foods import FOODS, holds_food
from yantuan.readers.supplier.prices import FLAVOUR, SPEC
from yantuan.readers.supplier.result import Sureness
from yantuan.readers.text import plain

_LABEL = re.compile(
    r"^(?:[【\[(（]?(?:秒杀|爆款|新品|特价|福利|返场|推荐|必买|现货|限时|预售|包邮|热卖|尝鲜)[】\])）\s]\s*|[a-zA-Z][款套]餐?\s?[:：]|[a-zA-Z]\s?[:：、.]|[A-Z]\s+(?=[\u4e00-\u9fff]{2})|(?:规格|品名|名称|商品名?称?|产品名?称?|货品|价格|单价|售价|团购|团长|今日|本期|新品|上新|预售|每)?\s?[:：]?\s*)"
)
_TAIL = re.compile(
    r"(?:[:：,，]|规格|价格|单价|售价|仅|只要|只需|一共|各|每|卖|包邮价?|特价|(?<!组)合|共|是|就|才|\s)+$"
)
_FIELD = re.compile(
    r"^\s*(?:产地|发货地|保质期|储存|保存|口感|特点|卖点|配料|净含量|温馨提示|注意|售后|备注|说明|地址|时间|日期|等级|品牌|包装)\s?[:：(]"
)
TITLED = re.compile(r"^\s*(?:品名|名称|商品名?称?|产品名?称?|货品)\s?[:：]\s?(?=\S)")
_CALL = re.compile(r"兄弟|姐妹|家人们|宝子|亲们|好货|开团|开抢|团购|[果菜品]团|接龙|上新|福利|来啦|大家|通知")
"""Words of a call to buy, which is the name of no goods."""
MOST_NAME = 30
GRADE = re.compile(
    r"(?:j{1,5}级?|[特一二三优]级|统货|精品果?|普通果?|优选果?|[特大中小][果号]|[红白黄紫绿黑青][心肉]|(?:礼盒|散|罐|袋|盒|精|简)装?|带箱|净重|毛重|单箱|整箱)(?=\s|\d|$)"
)
_AFTER_COLON = re.compile(r"[^:：]{2,12}[:：]\s*(?=[\u4e00-\u9fff]{2})(?P<rest>.+)")
_NUMBER_INSIDE = re.compile(r"(?P<name>[^()（）\d]+)[(（](?P<spec>[^()（）]*\d[^()（）]*)[)）]")
"""`蔬菜套餐（8样约10斤）`: what it holds, in brackets."""


@dataclass(frozen=True, slots=True)
class Head:
    """A line that may name the goods after it."""

    text: str
    score: int
    line: int
    opening: bool
    """The first line of the text, which is its title as well."""


def head_score(text: str, *, listed: bool, after_gap: bool, pieces: int) -> int | None:
    """How much a line without a price looks like a name; None where it cannot be one."""
    folded = plain(text)
    words = sum("\u4e00" <= c <= "\u9fff" or c.isalpha() for c in folded)
    if words < 2 or _FIELD.match(folded):
        return None
    if TITLED.match(folded):
        return 9
    if len(folded) > MOST_NAME * 2:
        return None
    score = (2 if listed else 0) + (1 if after_gap else 0)
    score += (
        2 if any(folded[i : i + n] in FOODS for n in (2, 3, 4) for i in range(len(folded) - n + 1)) else 0
    )
    score -= 2 if pieces > 1 else 0
    score -= 6 if _CALL.search(folded) else 0
    return score - (2 if len(folded) > 16 else 0)


def name_and_spec(label: str) -> tuple[str, str]:
    """`赣南脐橙 5斤装` → the two parts; a label that is only one of them leaves the other empty."""
    text = _TAIL.sub("", _LABEL.sub("", label, count=1)).strip(" /|、:：-+~>=,，;.*")
    if FLAVOUR.fullmatch(text):
        return "", text
    if GRADE.match(text.lower()):
        return "", _flat(text)
    behind = _AFTER_COLON.fullmatch(text)
    if behind and (parts := name_and_spec(behind["rest"]))[0]:
        return parts
    inside = _NUMBER_INSIDE.fullmatch(text)
    if inside and SPEC.search(inside["name"].lower()) is None and len(inside["name"].strip()) >= 2:
        return clean(inside["name"]), clean(inside["spec"])
    hit = SPEC.search(text.lower()) if len(text) == len(text.lower()) else None
    if hit is None:
        return clean(text), ""
    name, spec = _flat(text[: hit.start()]), _flat(text[hit.start() :])
    if len(name) == 1:
        return "", _flat(text)
    if not name and hit.end() < len(text):
        # `5斤装赣南脐橙`: the size stands first.
        rest = clean(text[hit.end() :])
        if GRADE.fullmatch(rest.lower()):
            return "", _flat(text)
        if len(rest) >= 2 and SPEC.search(rest) is None and not FLAVOUR.fullmatch(rest):
            return rest, _flat(text[: hit.end()])
    return name, spec


def _flat(text: str) -> str:
    """A variant's name: `大果）10斤` → `大果 10斤`."""
    return " ".join(clean(re.sub(r"[()（）【】]", " ", text)).split())


def clean(text: str) -> str:
    """A name without the brackets and dots around it."""
    stripped = text.strip(" ()（）【】[]「」/|、:：-+~>=,，;.*\"'“”!！?？。")
    if stripped.count("(") + stripped.count("（") > stripped.count(")") + stripped.count("）"):
        stripped += ")" if "(" in stripped else "）"
    return stripped


_BRACKETED = re.compile(r"^[【\[「（(]?(?P<name>[^】\]」】）)]{2,20})[】\]」](?P<rest>.*)$")
_LABELS = re.compile(
    r"预售|新品|爆款|推荐|秒杀|团购|发货|售后|产地|包邮|现货|限时|福利|今日|自营|特价|上新|必买|返场|清仓|通知|说明|时间|地址"
)
_SLOGAN = re.compile(
    r"(?:[\s,，!！~]+(?:现[摘做包烤杀熬炒采捞][现即]?[发卖做摘包]?|(?:产地|源头|基地|果园|工厂)直[发供销]|顺丰包邮|包邮|坏果包赔|新鲜采摘|限时特惠)|(?:到货|到啦|来啦|来了|上新|开团|开抢|热卖|返场)[了啦]?)+[!！~]*$"
)
KINDS = re.compile(
    r"(?:水饺|饺子?|蒸饺|馄饨|云吞|包子?|粽子?|青团|月饼|汤圆|糖葫芦|馅饼|鲜花饼|烧饼|馒头|花卷|蛋糕|蛋挞|泡芙|麻薯|酸奶|冰淇淋|雪糕|果汁|豆浆|果干|肉脯|牛轧糖|曲奇|披萨|香肠|丸子|卤味|小菜|酱菜|辣酱|冻干|面包|糖水|布丁|果酱)$"
)
"""Goods sold by filling or flavour: short names with a price below such a heading are its variants."""


def headline(text: str) -> str:
    """The name in a heading: `【赣南脐橙】产地直发` → `赣南脐橙`, slogans behind it left out."""
    hit = _BRACKETED.match(text)
    if hit and not _LABELS.search(hit["name"]) and (_food(hit["name"]) or not _food(hit["rest"])):
        text = hit["name"]
    return _SLOGAN.sub("", text)


def _food(text: str) -> str:
    return holds_food(plain(text))


def best_head(heads: list[Head]) -> tuple[Head, Sureness]:
    """The likeliest name among the lines before a price, and how sure that is."""
    top = max(head.score - (1 if head.opening else 0) for head in heads)
    fits = [head for head in heads if head.score - (1 if head.opening else 0) == top]
    sure: Sureness = (
        "sure" if top >= 8 else "likely" if len(fits) == 1 and (top > 0 or len(heads) == 1) else "guess"
    )
    return fits[0], sure
