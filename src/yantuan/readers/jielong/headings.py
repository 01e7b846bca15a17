"""What the leader's own words teach: emoji and units of the price list, and whether a bare number is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from yantuan.readers.jielong import lines as kinds_of_lines
from yantuan.readers.jielong import tokens as kinds
from yantuan.readers.jielong.goods import Goods
from yantuan.readers.jielong.lines import Line
from yantuan.readers.jielong.rooms import rooms
from yantuan.readers.jielong.tokens import Token, scan
from yantuan.readers.jielong.units import COMMON, PLAIN
from yantuan.readers.text import is_emoji

_ASKS = re.compile(
    r"(?:扣|打|回复?|写|报|接|发|填)(?:个|上)?(?:几|数字|数量|份数|个数|箱数|盒数|件数)|(?:名|号|昵称|楼栋?).{0,12}(?:数量|份数|件数|箱数|盒数|个数)|要几.{0,4}(?:扣|打|写|报|回|接|就)"
    r"|(?:数量|份数|数字)(?:即可|就行|就好)"
)
_BARE_EXAMPLE = re.compile(r"\s*\(?(?:例|示例|格式|举例).*[^\d\-.]\s?\d{1,2}\s*\)?\s*")


def learn(lines: Iterable[Line], goods: Goods) -> None:
    """Take from the price list which emoji stands for which goods, and what each is sold by."""
    for line in lines:
        if line.kind not in (kinds_of_lines.BLANK, kinds_of_lines.RULE) and not rooms(line.text):
            tokens = scan(line.text, line.start, len(line.text), goods, minus=False)
            if any(t.kind == kinds.PRICE for t in tokens):
                _from_prices(line.text, tokens, goods)


def _from_prices(text: str, tokens: list[Token], goods: Goods) -> None:
    offer = ""
    for token in tokens:
        if token.kind == kinds.GOODS and token.piece and len(token.piece.offers) == 1:
            offer = next(iter(token.piece.offers))
            before = text[: token.start].rstrip(" :=()")
            if before and is_emoji(before[-1]):
                goods.define(before[-1], offer)
        elif token.kind == kinds.PRICE and not offer:
            before = text[: token.start].rstrip(" :=()")
            fits = [code for code, fen in goods.prices.items() if fen == token.number]
            if before and is_emoji(before[-1]) and len(fits) == 1:
                goods.define(before[-1], fits[0])
        elif token.kind == kinds.PRICE and offer:
            unit = re.search(rf"(?:/|一|每)\s?({COMMON})的?$", text[token.start : token.end])
            if unit and unit[1] not in PLAIN and goods.prices[offer] == token.number:
                goods.facts[offer].units.add(unit[1])
            offer = ""


def asks_for_a_number(lines: Iterable[Line]) -> bool:
    """Whether the leader wants just the number."""
    for line in lines:
        if line.kind == kinds_of_lines.NUMBERED:
            continue
        if _ASKS.search(line.text):
            return True
        if _BARE_EXAMPLE.fullmatch(line.text) and rooms(line.text):
            return True
    return False


def says_prices(tokens: Iterable[Token]) -> bool:
    """Whether a stretch lists goods with prices and orders nothing."""
    goods = prices = end = 0
    for token in tokens:
        goods += token.kind == kinds.GOODS
        prices += token.kind == kinds.PRICE and token.style != "of"
        if token.kind == kinds.COUNT and not (token.number == 1 and token.start == end):
            return False
        end = token.end if token.kind == kinds.PRICE else 0
    return bool(goods and prices)
