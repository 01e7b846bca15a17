"""What kind of line each line is, before anything is read from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from yantuan.readers.jielong import tokens as kinds
from yantuan.readers.jielong.goods import Goods
from yantuan.readers.jielong.names import Named, is_a_name, key_of, sender
from yantuan.readers.jielong.numbers import CHINESE, value
from yantuan.readers.jielong.rooms import rooms
from yantuan.readers.jielong.tokens import scan
from yantuan.readers.jielong.units import ANY
from yantuan.readers.text import Folded, fold, is_emoji

BLANK, NOISE, TITLE, HEAD, SAY, NUMBERED, QUOTE, RULE, PLAIN = (
    "blank", "noise", "title", "head", "say", "numbered", "quote", "rule", "plain",
)  # fmt: skip
LONGEST = 400
"""Nobody writes an order this long; such a line is set aside unread, so that a paste of any size takes linear time."""
_SIGNED = re.compile(r"\s*(?:[①-⑳⑴-⒛❶-❿➀-➓㉑-㉟㊱-㊿⓵-⓾🔟]|(?:[0-9]\ufe0f?\u20e3)+)\s*[.、．]?")
_NUMBERED = re.compile(
    r"\s*(?:(?:no\.?|#)\s?(?P<c>\d{1,3})[.、:)]?(?=\s)|(?:#|no\.?\s?|第)?(?:\((?P<a>\d{1,3})\)[.、:]?|(?P<b>\d{1,4})(?:\s?[.、)。]|[:,](?=\D)|位[:,\s])(?P<dot>)))\s*"
)
_WORDED = re.compile(rf"\s*(?P<n>{CHINESE})\s?[、.]\s*(?=\S)")
_POINTED = re.compile(r"第?[\d一二三四五六七八九十]{1,3}(?:号|个|楼|位)的?")
_SPACED = re.compile(r"\s*(?P<n>\d{1,3})\s+(?=[^\d\s.:+x-])")
_GROWN = re.compile(
    rf"\s*(?P<n>\d{{1,3}})\s?(?=[\u4e00-\u9fff])(?!{ANY}|号|栋|幢|座|楼|单元|月|日|点|天|人|元|块|折|年|周|样|种|款|期|团|群)"
)
_DATE = r"(?:\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[-/.月]\d{1,2}日?|昨天|今天|前天|星期.|周[一二三四五六日])"
_TIME = r"(?:上午|下午|晚上|凌晨|早上|中午)?\s?\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]m)?"
_HEADS = (
    re.compile(rf"\s*(?P<s>\S.{{0,40}}?)\s+\(?(?:{_DATE}\s*)?{_TIME}\)?\s*:?\s*"),
    re.compile(rf"\s*(?P<s>\S.{{0,40}}?)\((?:{_DATE}\s*)?{_TIME}\)\s*:?\s*"),
    re.compile(rf"\s*\(?(?:{_DATE}\s*)?{_TIME}\)?\s+(?P<s>[^\s:][^:]{{0,40}}?)\s*:?\s*"),
)
_TIMED_SAY = re.compile(rf"\s*\(?(?:{_DATE}\s*)?{_TIME}\)?\s+(?P<s>[^\s:][^:]{{0,40}}?)\s*:\s*(?=\S)")
_SAY = re.compile(r"\s*(?P<s>[^:]{1,30}?)\s*:\s*")
_WHEN = re.compile(rf"[-=_~\s]*(?:{_DATE})?(?:\s*(?:星期|周)[一二三四五六日天末])?\s*(?:{_TIME})?[-=_~\s]*")
_RULE = re.compile(r"[-=_~+x.·。•─━┄┅\s]{2,}|-")
_SYSTEM = re.compile(
    r"撤回了?一条消息|加入了?群聊|邀请.*(?:进群|入群)|拍了拍|修改群名|移出了?群聊|退出了?群聊|以[上下](?:是|为).{0,8}消息|以上是打招呼|领取了.*红包|红包已被领|发出的红包|群公告"
    r"|消息已发出|开启了朋友验证|聊天记录$|^收到.{0,10}转账|已被接收|^\(?微信红包|^\(?红包"
)
_MEDIA = re.compile(
    r"\s*[\[【](?:图片|照片|语音|视频|小视频|表情|动画表情|文件|链接|网页|位置|红包|微信红包|转账|微信转账|名片|小程序|聊天记录|合并转发|音乐|通话|接龙|Photo|Image|Voice|Video|Sticker|File|Link)[\]】][\d\s\"'″:秒kKmMbB.]*|\s*[\[【](?:语音|视频)通话[\]】].*"
)
_TITLE = re.compile(r"\s*(?:#\s?)?接龙[\s!~:.。]*|\s*#\s?(?:接龙|团购).*|\s*\(接龙\).*")
_EXAMPLE = re.compile(r"\s*\(?(?:例|示例|举例|格式|模板|范例|样例|参考)(?:如|子|\)|:|\s|,|。|$)")
_FIELD = re.compile(
    r"(?:(?P<who>姓名|名字|昵称|称呼|收货人|业主)|房号|楼号|门牌号?|楼栋号?|住址|商品|品名|品种|订购|(?P<n>数量|份数|件数)|电话|手机号?)\s?:\s?"
)
"""The labels of a form somebody filled in."""
_QUOTE = re.compile(r"\s*[「『]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its kind, its list number or sender, and where in the folded text the rest begins."""

    index: int
    kind: str
    folded: Folded
    start: int = 0
    seq: int | None = None
    who: Named | None = None

    @property
    def text(self) -> str:
        return self.folded.text


def classify(raw_lines: list[str], goods: Goods) -> list[Line]:
    """Every line of a text with its kind."""
    found: list[Line] = []
    quoting = False
    for index, raw in enumerate(raw_lines):
        line = _one(index, raw, goods)
        if quoting and line.kind != BLANK:
            quoting = "」" not in raw and "』" not in raw
            line = Line(index, NOISE, line.folded)
        elif line.kind in (QUOTE, SAY) and _QUOTE.match(line.text, line.start):
            quoting = "」" not in raw and "』" not in raw
        found.append(line)
    if not any(line.kind == NUMBERED for line in found):
        found = _spaced(found)
    return _glued(found)


def _one(index: int, raw: str, goods: Goods) -> Line:
    if len(raw) > LONGEST:
        return Line(index, NOISE if raw.strip() else BLANK, Folded("", "", ()))
    if not raw.strip():
        return Line(index, BLANK, Folded(raw, "", ()))
    line, named = _of_a_form(fold(raw))
    text = line.text
    if named and text.strip() and len(text.strip()) <= 16:
        return Line(index, HEAD, line, len(text), who=sender(line.written(0, len(text)).partition(named)[2]))
    if not text.strip() or all(is_emoji(c) or c == " " for c in text) or _is_noise(raw, text):
        return Line(index, NOISE, line)
    if _RULE.fullmatch(text):
        return Line(index, RULE, line)
    if _TITLE.fullmatch(text):
        return Line(index, TITLE, line)
    if _QUOTE.match(text):
        return Line(index, QUOTE, line)
    numbered = _number(raw, line)
    if numbered:
        return Line(index, NUMBERED, line, numbered[1], seq=numbered[0])
    return _spoken(index, line, goods) or Line(index, PLAIN, line)


def _of_a_form(line: Folded) -> tuple[Folded, str]:
    """`姓名：小王 房号：3-502 数量：2` without its labels; the label's last character as written, where a line is a name only."""
    found = list(_FIELD.finditer(line.text))
    if not found:
        return line, ""
    text = line.text
    for hit in found:
        mark = "x" if hit["n"] and text[hit.end() : hit.end() + 1].strip() else " "
        text = text[: hit.start()] + " " * (hit.end() - hit.start() - 1) + mark + text[hit.end() :]
    only = found[0]["who"] and len(found) == 1 and not line.text[: found[0].start()].strip()
    return Folded(line.raw, text, line.where), line.raw[line.where[found[0].end() - 1]] if only else ""


def _is_noise(raw: str, text: str) -> bool:
    if _MEDIA.fullmatch(raw) or _EXAMPLE.match(text) or _SYSTEM.search(text):
        return True
    return (
        any(c.isdigit() for c in text)
        and _WHEN.fullmatch(text) is not None
        and (":" in text or len(text) > 4)
    )


def _number(raw: str, line: Folded) -> tuple[int, int] | None:
    """The list number and where the rest begins."""
    text = line.text
    signed = _SIGNED.match(raw)
    if signed and (
        digits := re.sub(
            r"\D", "", "".join(c for c, at in zip(text, line.where, strict=True) if at < signed.end())
        )
    ):
        start = next((i for i, at in enumerate(line.where) if at >= signed.end()), len(text))
        return int(digits), start
    hit = _NUMBERED.match(text)
    worded = _WORDED.match(text)
    if worded and not hit and (number := value(worded["n"])):
        return number, worded.end()
    if not hit:
        return None
    rest = text[hit.end() : hit.end() + 1]
    if rest.isdigit() and text[hit.end() - 1] == ".":
        doors = rooms(" " * hit.end() + text[hit.end() :])
        if not any(d.start == hit.end() for d in doors):
            return None
    return int(hit["a"] or hit["b"] or hit["c"]), hit.end()


def _spoken(index: int, line: Folded, goods: Goods) -> Line | None:
    text = line.text
    for pattern in _HEADS:
        hit = pattern.fullmatch(text)
        if hit and _is_sender(text[hit.start("s") : hit.end("s")], goods):
            return Line(index, HEAD, line, len(text), who=sender(line.written(*hit.span("s"))))
    hit = _TIMED_SAY.match(text) or _SAY.match(text)
    if not hit or not _is_sender(text[hit.start("s") : hit.end("s")], goods):
        return None
    if _MEDIA.fullmatch(line.written(hit.end(), len(text))):
        return Line(index, NOISE, line)
    who = sender(line.written(*hit.span("s")))
    if hit.end() >= len(text):
        return Line(index, HEAD, line, hit.end(), who=who)
    return Line(index, SAY, line, hit.end(), who=who)


def _is_sender(text: str, goods: Goods) -> bool:
    """Whether the words before a colon or a time are somebody's name."""
    name = text
    for door in rooms(text):
        name = name[: door.start] + " " * (door.end - door.start) + name[door.end :]
    name = name.strip(" ()-_|,。.")
    if not is_a_name(key_of(name)) and "团长" not in name and "群主" not in name:
        return bool(not name and rooms(text))
    piece = goods.table.get(name)
    if _POINTED.fullmatch(name) or (piece and piece.kind in ("code", "full", "alias")):
        return False
    if not any(c.isalpha() for c in name) and not (name.isdigit() and len(name) >= 4):
        return False
    tokens = scan(name, 0, len(name), goods, minus=False)
    return not (
        any(t.kind == kinds.GOODS for t in tokens)
        and any(t.kind in (kinds.COUNT, kinds.PRICE) for t in tokens)
    )


def _spaced(lines: list[Line]) -> list[Line]:
    """Numbers with only a blank behind them count as list numbers where several lines go up one by one."""
    hits = {
        line.index: int(m["n"]) for line in lines if line.kind == PLAIN and (m := _SPACED.match(line.text))
    }
    numbers = list(hits.values())
    if sum(b == a + 1 for a, b in pairwise(numbers)) < max(1, len(numbers) // 2):
        return lines
    found = []
    for line in lines:
        m = _SPACED.match(line.text) if line.index in hits else None
        found.append(Line(line.index, NUMBERED, line.folded, m.end(), seq=int(m["n"])) if m else line)
    return found


def _glued(lines: list[Line]) -> list[Line]:
    """`1小王3-502 2箱`: a number grown together with a name counts where the line above or below is its neighbour."""
    hits = {
        at: m
        for at, line in enumerate(lines)
        if line.kind == PLAIN and (m := _GROWN.match(line.text)) is not None
    }
    if not hits:
        return lines
    written = [at for at, line in enumerate(lines) if line.kind != BLANK]
    numbers = {at: int(hits[at]["n"]) if at in hits else lines[at].seq for at in written}
    found = list(lines)
    for before, at, after in zip([-1, *written], written, [*written[1:], -1], strict=False):
        m = hits.get(at)
        own = numbers[at]
        if m and own and (numbers.get(before) == own - 1 or numbers.get(after) == own + 1):
            found[at] = Line(lines[at].index, NUMBERED, lines[at].folded, m.end(), seq=own)
    return found
