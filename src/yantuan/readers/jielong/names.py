"""Who a line is of: the first words of a list line, or the sender of a message."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yantuan.readers.jielong import tokens as kinds
from yantuan.readers.jielong.goods import Goods
from yantuan.readers.jielong.numbers import CHINESE
from yantuan.readers.jielong.rooms import Room, rooms
from yantuan.readers.jielong.tokens import Token, scan
from yantuan.readers.text import fold, unadorned

PHONE = re.compile(
    r"(?:(?<![打我])(?:电话|手机|联系方式|tel|☎|📞|📱)\s?号?码?\s?:?\s?)?(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?[\dx]{4}){2}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)"
    r"|(?:手机|电话)?(?:尾号|后四位|后4位|末四位|尾数)\s?(?:是|为)?\s?:?\s?\d{3,4}(?!\d)|(?<!\d)\d{4}尾号|(?<![打我])(?:手机|电话)\s?:?\s?\d{4,11}(?!\d)"
)
MOST_NAME = 20
"""Longer words are no name; looking further would take time that grows with the square of the line."""
FIRST_WORDS = 80
"""Characters looked at for the end of a name where nothing parts them."""
_OUTER = " ,;|_()\"'“”<>:.。!?~、/=+#&…·@"
_ENDS = re.compile(r"[\s,;|_()\"“”<>:。!?、/=+]")
_STARTS_ORDER = re.compile(
    rf"同上|(?:跟|和|同)(?:第)?\d+(?:号|楼|位)|取消|不要了|改成|换成|再[加来要]|我?要\s?(?:\d|{CHINESE})|(?:其中|另外|另|还)?[帮替代](?!\d)[^,;\s]{{1,10}}[带买拿捎订定]|已付|已转"
)
_NOT_NAMES = re.compile(
    r"(?:谢谢|麻烦|团长|老板娘?|群主|我要?|我也|接龙|报名|好的?|收到|ok|数量|房号|姓名|例|示例|今[天晚日]?|明[天早晚]?|大家|各位|注意|说明|备注|价格?|单价|规格|截止"
    r"|时间|地[点址]|提货|自提|到货|发货|新鲜|特价|周[一二三四五六日天末]|本周|下周|共|合计|一共|总计|目前|已接?|还有?|剩余?|满|每[人家户]|接|开|预[订定售]|现货|包邮|一共)+"
    r"|.*(?:接龙|特价|开团|团购|截止|起[团送]|水果|生鲜|到货|提货|自提|清单|价格|今[天日晚]|明天|接单|大家|各位|如下|以下|规则|要求|发货|现货|新品|福利).*"
)
_NICK = re.compile(
    r"[小老阿大].{1,3}|.{1,4}(?:姐|哥|妈妈?|爸爸?|叔叔?|姨|阿姨|伯伯?|奶奶|爷爷|老师|先生|女士|师傅|婆婆?|公公?|总|医生|大夫|太太|宝宝?|妹妹?|弟弟?|嫂子?|婶婶?|工|伯母|舅妈?|姑姑?)"
)


_DOUBLE = re.compile(r"([\u4e00-\u9fff])\1妈?")


@dataclass(frozen=True, slots=True)
class Named:
    """A person: `name` as written, or None; `room` in plain form, or None."""

    name: str | None
    room: str | None = None


def key_of(name: str | None) -> str:
    """A name as it is compared: folded, without blanks."""
    return fold(unadorned(name or "")).text.replace(" ", "")


def without(text: str, start: int, end: int, mark: str = " ") -> str:
    """The text with a stretch blanked, so that positions stay."""
    return text[:start] + mark * (end - start) + text[end:]


def without_phones(text: str) -> str:
    """Phone numbers and their tails belong to no field."""
    for hit in PHONE.finditer(text):
        text = without(text, *hit.span())
    return text


def sender(written: str) -> Named:
    """A sender of a chat as the group shows it, maybe with a room: `3-502 老马`."""
    line = fold(written)
    text = without_phones(line.text)
    found = rooms(text)
    if not found:
        return Named(unadorned(written if text == line.text else _rest(line.raw, line.where, text)) or None)
    door = found[0]
    before, after = line.written(0, door.start), line.written(door.end, len(line.text))
    name = unadorned(before) or unadorned(after)
    return Named(name or None, door.plain)


def _rest(raw: str, where: tuple[int, ...], text: str) -> str:
    return "".join(raw[at] for at, char in zip(where, text, strict=True) if char != " ")


def is_a_name(text: str) -> bool:
    """Whether folded words may be somebody's name, not a heading."""
    return bool(text) and len(text) <= 16 and not _NOT_NAMES.fullmatch(text)


def looks_like_a_nick(text: str) -> bool:
    """Whether folded words are shaped like what neighbours call each other."""
    return _NICK.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Lead:
    """Where the name of a list line stands; `doubt` why it can't be told from the order."""

    start: int
    end: int
    doubt: str = ""


def leading(text: str, doors: list[Room], goods: Goods) -> Lead | None:
    """The name at the head of a list line (before or just after the room), or None."""
    start = _skip(text, 0)
    door = next((d for d in doors if d.start == start), None)
    if door:
        start = _skip(text, door.end)
    end = _token_end(text, start, doors)
    if end <= start or _STARTS_ORDER.match(text, start):
        return None
    behind = text[end:]
    for other in doors:
        behind = behind if other.start < end else without(behind, other.start - end, other.end - end)
    beside = any(d.start >= end and not text[end : d.start].strip(_OUTER) for d in doors)
    return _cut(text, start, end, behind, goods, beside=beside, housed=door is not None or bool(doors))


def _skip(text: str, at: int) -> int:
    while at < len(text) and (text[at] in _OUTER or (ord(text[at]) > 0x2190 and not text[at].isalnum())):
        at += 1
    return at


def _token_end(text: str, start: int, doors: list[Room]) -> int:
    hit = _ENDS.search(text, start)
    end = hit.start() if hit else len(text)
    return min([end, *(d.start for d in doors if d.start >= start)])


def _cut(
    text: str, start: int, end: int, behind: str, goods: Goods, *, beside: bool, housed: bool
) -> Lead | None:
    """Where in the first words the name ends and the order begins."""
    end = min(end, start + FIRST_WORDS)
    later = scan(behind, 0, len(behind), goods, minus=False)
    behind_orders = orders(later)
    whole = scan(text, start, end, goods, minus=False)
    if not any(t.kind == kinds.TEXT for t in whole) and orders(whole):
        sure = behind_orders and (beside or any(t.kind != kinds.GOODS and orders([t]) for t in later))
        return _goods_as_name(whole, start, end, sure, beside=beside, housed=housed)
    if (
        behind_orders
        and whole[-1].kind == kinds.COUNT
        and whole[-1].style == "bare"
        and not _has_goods(whole)
    ):
        return Lead(start, end)
    inside = {at for t in whole if t.kind == kinds.GOODS for at in range(t.start + 1, t.end)}
    cuts = [
        at
        for at in range(start + 1, min(end, start + MOST_NAME))
        if at not in inside and _begins(text, at, end, goods)
    ]
    if not cuts:
        return Lead(start, end)
    at = next((c for c in cuts if c - start >= 2), cuts[0])
    doubt = ""
    first = scan(text, cuts[0], end, goods, minus=False)[0]
    if (
        first.kind in (kinds.COUNT, kinds.VAGUE)
        and first.start - start == 1
        and re.match(r"[一二三四五六七八九十]{2}", text[cuts[0] : end])
    ):
        doubt = "名字和数量连在一起，分不开"
    if at - start < 2 and behind_orders and not any(t.kind in (kinds.COUNT, kinds.VAGUE) for t in whole):
        return Lead(start, end)
    if at != cuts[0] and _has_goods(scan(text, cuts[0], end, goods, minus=False)[:1]):
        at = cuts[0] if behind_orders is False and len(goods.codes) > 1 else at
    return Lead(start, at, doubt)


def _goods_as_name(
    tokens: list[Token], start: int, end: int, behind: bool, *, beside: bool, housed: bool
) -> Lead | None:
    """Words that are goods through and through are a name only where nobody else is named."""
    counted = any(t.kind == kinds.COUNT and t.style != "bare" for t in tokens)
    paired = _has_goods(tokens) and any(t.kind == kinds.COUNT for t in tokens)
    if (
        counted
        or paired
        or not behind
        or any(t.kind in (kinds.SAME, kinds.DROP, kinds.SET, kinds.ADD, kinds.ALL) for t in tokens)
    ):
        return None
    return Lead(start, end) if beside or not housed else None


def _begins(text: str, at: int, end: int, goods: Goods) -> bool:
    """Whether an order, and nothing but an order, runs from here to the end of the first words."""
    if _STARTS_ORDER.match(text, at):
        return True
    tokens = scan(text, at, end, goods, minus=False)
    if not tokens or tokens[0].start != at or not orders(tokens):
        return False
    first = tokens[0]
    if first.kind == kinds.TEXT or (first.kind == kinds.COUNT and first.style == "bare"):
        return False
    if not any(t.kind == kinds.TEXT for t in tokens):
        return True
    pair = tokens[:2]
    return len(pair) == 2 and {pair[0].kind, pair[1].kind} == {kinds.GOODS, kinds.COUNT}


def _has_goods(tokens: list[Token]) -> bool:
    return any(t.kind == kinds.GOODS for t in tokens)


def orders(tokens: list[Token]) -> bool:
    """Whether tokens hold anything an order is made of."""
    return any(
        t.kind
        in (
            kinds.GOODS,
            kinds.COUNT,
            kinds.SAME,
            kinds.DROP,
            kinds.ALL,
            kinds.SET,
            kinds.ADD,
            kinds.LESS,
            kinds.VAGUE,
        )
        for t in tokens
    )


def trailing_nick(text: str, doors: list[Room]) -> tuple[int, int] | None:
    """A nickname that stands last in a line without any other, or just before its room."""
    for door in doors:
        hit = re.search(r"(?<![^\s,;|()])[\u4e00-\u9fffa-z]{2,6}[\s,;|(]*$", text[: door.start])
        if hit and not _STARTS_ORDER.match(hit[0]) and is_a_name(hit[0].strip(_OUTER)):
            return hit.start(), hit.start() + len(hit[0].rstrip(_OUTER))
    hit = re.search(r"[^\s,;|()]+\s*$", text)
    if hit and (looks_like_a_nick(hit[0].strip()) or _DOUBLE.fullmatch(hit[0].strip())):
        return hit.start(), hit.start() + len(hit[0].rstrip())
    return None
