"""Orders for somebody else: 帮, 代, 给, 替."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yantuan.readers.jielong.goods import Goods
from yantuan.readers.jielong.numbers import CHINESE
from yantuan.readers.jielong.rooms import rooms
from yantuan.readers.text import Folded, unadorned

_VERB = r"(?:代购|下单|接龙|带|捎|买|拿|订|定|接|要|来|收|领|报|团|抢|取|加|留)"
_FOR = re.compile(
    rf"(?<![代帮给])(?P<w>帮忙给|帮忙|帮|代替|代|给|替)(?P<who>[^,;。!?]{{1,16}}?)(?P<gap>\s?)(?P<verb>{_VERB})"
)
_BARE = re.compile(
    rf"(?:其中|另外?|还|再|里面|自己)[^,;。]*?(?P<w>帮|给|替)(?P<who>[^\s,;。\d]{{1,10}}?)\s?(?={CHINESE}?\d*[份箱盒袋件个板提瓶]|\d(?!\d{{0,2}}[-#栋幢座号]))"
)
_DIRECT = re.compile(
    rf"(?<![代帮替\u4e00-\u9fff])(?P<w>帮|替|代)(?P<who>(?!忙|我[\d\s带来要拿买订])[\u4e00-\u9fff]{{2,6}}?)\s?(?=(?:\d{{1,2}}|{CHINESE})\s?[份箱盒袋件个板提瓶])"
)
_IN_BRACKETS = re.compile(rf"\((?P<w>帮|替|代)(?P<who>(?!{_VERB}|[付发转忙我])[\u4e00-\u9fff]{{2,6}})\)")
_FORMS = (_FOR, _BARE, _DIRECT, _IN_BRACKETS)
_INSIDE = re.compile(
    r"其中|有(?=\s?(?:\d|[一二两三四五])+[份箱盒袋件个瓶]\s?是?\s?$)|里面|里头|当中|内有|包括|包含|含"
)
_ON_TOP = re.compile(r"另外|另|额外|外加|此外|还要?|再|加上|多")
_NOBODY = re.compile(
    r"(?:我|我们|咱|咱们|俺|帮?忙|大家|你|您|自己|个|点|一下|下|我也|我再|我先|我家)(?:也|再|先|多)?"
)
_NOT_WHO = re.compile(
    rf"(?:收点|金券|办点|换|孩子吃|力|个忙)|.*(?:\d\s?[份箱盒袋件个]|不要|放|送到|早点|便宜|尽快).*|.*{_VERB}\s.*"
)
_EXTRAS = re.compile(r"(?:也|再|先|顺便|一起|都|另外|各|多)+$")


@dataclass(frozen=True, slots=True)
class ForWhom:
    """A stretch of the line for one other person: `where` is inside, top or "" when not said; `verb_end` ends its words."""

    start: int
    end: int
    cut: int
    verb_end: int
    name: str
    room: str | None
    where: str


def for_whom(line: Folded, text: str, start: int, goods: Goods) -> list[ForWhom]:
    """Every other person goods are ordered for in `text` from `start` on."""
    found: list[ForWhom] = []
    at = start
    while hit := _first(text, at):
        at = hit.end()
        who = _EXTRAS.sub("", text[hit.start("who") : hit.end("who")].rstrip())
        if _NOBODY.fullmatch(who) or _NOT_WHO.fullmatch(who) or goods.table.get(who):
            continue
        found.append(_whom(line, text, start, hit, who))
    return found


def _first(text: str, at: int) -> re.Match[str] | None:
    hits = [m for form in _FORMS if (m := form.search(text, at))]
    return min(hits, key=lambda m: (m.start("w"), m.end()), default=None)


def _whom(line: Folded, text: str, start: int, hit: re.Match[str], who: str) -> ForWhom:
    begin = hit.start("who")
    doors = rooms(who)
    room = doors[0].plain if doors else None
    name = line.written(begin, begin + len(who))
    if doors:
        door = doors[0]
        name = line.written(begin, begin + door.start) + line.written(begin + door.end, begin + len(who))
    clause = max((text.rfind(c, start, hit.start("w")) for c in ",;。"), default=-1) + 1
    clause = max(clause, start)
    before = text[clause : hit.start("w")]
    inside, top = _last(_INSIDE, before), _last(_ON_TOP, before)
    where = "inside" if inside >= 0 and inside >= top else "top" if top >= 0 else ""
    cut = clause + max(inside, top) if where else hit.start("w")
    ends = [i for i in (text.find(c, hit.end()) for c in ",;。") if i >= 0]
    end_of_words = hit.end() if "verb" in hit.groupdict() else hit.end("who")
    return ForWhom(
        hit.start("w"),
        min(ends, default=len(text)),
        cut,
        end_of_words,
        unadorned(name) or room or "",
        room,
        where,
    )


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((m.start() for m in pattern.finditer(text)), default=-1)
