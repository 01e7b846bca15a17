"""A folded stretch of an order cut into what it is made of: goods, numbers, prices, verbs, and words left over."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from yantuan.readers.jielong.goods import Goods, Piece
from yantuan.readers.jielong.numbers import CHINESE, value
from yantuan.readers.jielong.units import ANY, COMMON
from yantuan.readers.text import is_emoji

GOODS, COUNT, PRICE, EACH, ALL, OTHER = "goods", "count", "price", "each", "all", "other"
ADD, SET, DROP, LESS, SAME, VAGUE = "add", "set", "drop", "less", "same", "vague"
BREAK, VERB, FILLER, JOIN, SPACE, TEXT, TOTAL, OWN = (
    "break",
    "verb",
    "filler",
    "join",
    "space",
    "text",
    "total",
    "own",
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text. `number` is a count, a price in fen, or the list number pointed to; `unit` a measure word."""

    kind: str
    start: int
    end: int
    number: int = 0
    unit: str | None = None
    piece: Piece | None = None
    style: str = ""
    """Of a count: `bare`, `unit`, `plus`, `times`, `minus`; of a price: `of` (it names goods), `rate`, `plain`."""


_NUM = rf"(?:\d+|{CHINESE})"
_PRICES = re.compile(
    rf"(?:¥\s?(?P<a>\d+(?:\.\d{{1,2}})?)|(?P<b>\d+(?:\.\d{{1,2}})?)\s?(?:元|圆|块钱|rmb)|(?P<c>\d+)块(?P<c2>\d)(?!\d)"
    rf"|(?P<d>\d+\.\d{{1,2}})(?!\d|\s?(?:份|箱|盒|袋|个|板|件|斤|公斤|kg|g)(?!的)))"
    rf"(?:元|块)?(?P<rate>\s?/\s?\d*(?:{ANY})|(?:一|每|1)(?:{ANY})|1?(?:一|/)?(?:{ANY})(?=的))?(?P<of>的)?"
)
_PRICE_OF = re.compile(r"(?P<n>\d{1,4})(?P<yuan>块|元)?(?:一[份箱盒袋件个板提])?的(?!\d?点)")
_TOTALS = re.compile(
    r"(?:总共|一共|合计|总计|共计|共|计|=)\s?(?:是|要|:)?\s?(?P<m>¥\s?\d+(?:\.\d+)?|\d+\.\d+|\d+(?:\.\d+)?\s?(?:元|块钱?))(?:元|块钱?)?"
)
_TOTAL_COUNT = re.compile(
    rf"(?:总共|一共|合计|总计|共计|共)\s?(?:要|是|:)?\s?(?P<n>{_NUM})\s?(?P<u>{COMMON})?"
)
_VAGUE = re.compile(
    rf"\d+\s?(?:-|~|到|至|或|或者|还是)\s?\d+\s?(?:{ANY})?|\d+\s?(?:多|来|几|余)\s?(?:{ANY})|[十百](?:多|来|几)\s?(?:{ANY})?"
    rf"|{CHINESE}\s?(?:到|至|或|或者|还是|-|~)\s?{CHINESE}\s?(?:{ANY})?"
    rf"|(?:一两|一二|两三|二三|三四|三五|四五|五六|六七|七八|八九)\s?(?:{ANY})|好?几(?:{ANY})|若干|随便|半|一些"
    r"|(?:多|少)?(?:来|要|买|拿|弄|整|搞|订|加|带)(?:上)?一?(?:点|些)(?!的)|可能|也许|或许|大概|大约|估计|应该|不一定|说不定|(?:没|未|待)定|定不下"
    r"|(?:再|晚点|晚上|明天|回头|到时)(?:再)?(?:定|说|看|决定|确认)|看看|看情况|考虑|犹豫|差不多|左右|如果|要是|假如|万一|的话|有货|够的话|若"
    r"|或者|或是|还是(?!不要|取消|不买|要吧|要了|来|想要)|或|二选一|都行|都可以|老样子|照旧|照常|老规矩|一样多"
    r"|(?:跟|和|同|像|按|照|与)(?:着)?(?:上|前)(?:次|回|周|期|一次|一回).{0,3}(?:一样|相同|样|来)?|(?:和|跟|同|像|按|照)(?:以前|之前|往常|昨天).{0,2}(?:一样|来)?|(?:上次|上回)(?:那样|一样)"
    rf"|至少|最少|最多|不超过|以上|以内|起码|约\d|先?占(?:个|一)?(?:坑|位|名额)|问(?:一?下|问)|\d+\.\d+\s?(?:{COMMON})|\d+\s?[/]\s?\d+\s?(?:{COMMON})"
)
_FACTOR = re.compile(r"x\s?¥?\s?(?P<m>\d+\.\d{1,2})(?!\d)")
_SIGNED = re.compile(rf"(?P<s>[+x])\s?(?P<n>{_NUM})\s?(?P<u>{ANY})?")
_MINUS = re.compile(rf"-\s?(?P<n>{_NUM})\s?(?P<u>{ANY})?(?![-\d])")
_TIMES = re.compile(r"(?P<n>\d+)\s?x(?!\s?\d)")
_UNITED = re.compile(rf"(?P<n>{_NUM})\s?(?P<z>大|小|中)?(?P<u>{ANY})(?!钱|[a-z])子?")
_FORMAL = re.compile(rf"(?P<n>[壹贰叁參肆伍陆柒捌玖拾])\s?(?P<u>{COMMON})")
_PRICE_FIRST = re.compile(r"\d{2,4}(?=[\u4e00-\u9fff])")
_DIGITS = re.compile(r"\d+")
_REFUSE = re.compile(r"(?:不要|别要|不买|不订|不用)(?=[^了])")
_HAN = re.compile(rf"{CHINESE}(?![\u4e00-\u9fff])|俩|仨")
_HAN_BEFORE = re.compile(rf"(?P<n>{CHINESE})(?=$|[\s,;)+、]|\d)")
_WORDS: dict[str, re.Pattern[str]] = {
    kind: re.compile(pattern)
    for kind, pattern in (
        (SAME, r"(?:跟|和|同|与|像)?(?:第)?(?P<n>\d{1,3})(?:号|楼|位|个)?(?:的)?(?:一样|相同|一致)|同(?P<n2>\d{1,3})(?:号)?(?!\d)|同\s?上(?:面)?(?:一样)?|同(?:楼上|前)|跟(?:楼|上面|前面)(?:上)?(?:的)?一样|(?:跟|和)上面(?:的)?一样|[〃″]"),
        (SET, r"(?:加|减|降|增)(?:到|成|至)|(?:修改|更改|改|换|变|调整|更正|调)(?:成|为|到)|改(?=\d|[一二两三四五六七八九十])|换(?=[^了])|(?:[说写打搞弄发选记看填报点拍]错了?|不对(?=[,:。]\s*\S|\s*\d)|更正|纠正|修改)(?:[,:。\s]*(?:应该)?(?:是|改成|为)?)"),
        (DROP, r"(?:全部|都|也|先|还是|就)?(?:不要|不买|不定|不订|不拿|不来|不接|不团|不参加|不用)(?:了|啦|咯)|不要(?=[\s,;。)]*$)|(?:全部|都)?(?:取消|去掉|删掉|删除|撤掉|撤销|退掉|退(?=了|吧|$)|划掉|去除|退出|撤单|退单)(?:掉|了|吧|订单)*"),
        (ADD, r"(?:再|又|另外?|还)(?:帮我|给我)?(?:加|来|要|拿|买|订|追加|补)(?:上|个)?|追加|多(?:加|来|要|拿|订)|多(?=\s?[\d一二两三四五六七八九十])|加(?=\d|[一二两三四五六七八九十])|另外再?|再(?=[\d一二两三四五六七八九十+])|补(?=\d|[一二两三四五六七八九十])"),
        (LESS, r"减(?:少|去|掉)?|少(?:要|拿|来|买)|少(?=\d|[一二两三四五六七八九十])|[退撤](?=\d|[一二两三四五六七八九十])"),
        (ALL, r"(?P<c>[两二三四五六七八九\d])(?:样|种|款)(?:商品|东西)?(?:(?:都|全)(?:要|来|买)?|全部)?|(?:全部|全都|所有|通通|统统|样样|全套|全)(?:的)?(?:都|商品|品种)?(?:要|来|买|订)?|每(?:样|种|款|个品种|个商品)(?:都)?(?:要|来)?|各(?:样|种|款)(?:都)?(?:要|来)?"),
        (EACH, r"(?:都|分别)?(?:各自?|每)(?:要|来|买|订|拿)?(?=\s?\d|\s?[一二两三四五六七八九十+x])|(?:都|分别)(?:要|来|买|订|拿|是)?(?=\s?[\d+x一二两三四五六七八九十])|都(?:要|来|买|订)(?=$|[\s,;)])|一样(?:要|来)?(?=\s?[一1]\s?[份个盒箱袋件包瓶板提])"),
        (OTHER, r"(?:其[他它余]|剩下|余下|别)(?:的)?(?:几?(?:样|种|款))?(?:都|全部)?"),
        (OWN, r"(?:我)?自己(?:家)?(?:要|留|拿|的)?|我自己|本人|自家"),
        (VERB, r"(?:我|咱|俺|我家|我们家?)?(?:也|还|就|先|想|需|同)?(?:给我|帮我|给咱)?(?:要|来|买|订购?|预[订定]|下单|留(?=\s?[\d一二两三四五六七八九十])|定|接龙?|(?:整|弄|搞|囤|抢|端)(?=\s?[\d一二两俩三四五六七八九十])|参团|团(?!长)购?|跟团|拿|报名?|需要|点|扣|打|选)(?:上|个(?!\d))?"),
        (JOIN, r"以及|还有|和|跟|与|及|加上|加|[+&、/]|-(?=[^\d])"),
        (FILLER, r"就够了?|嘛|它个?|[都全]是|算了|算上?我(?:家)?|(?:那)?(?:还是|就)|够了|pls|plz|please|box(?:es)?|packs?|bags?|pcs?(?![a-z])|谢谢你?们?|感谢|多谢|辛苦(?:了|啦)?|麻烦(?:了)?|团长|老板娘?|群主|掌柜的?|店家|亲爱的|亲|美女|姐妹们?|大家好|早上好|上午好|中午好|下午好|晚上好|早安|晚安|你好|您好|哈喽|hello|hi|ok|okay|好的|好嘞|好滴|收到|帮忙|帮我|给我|替我|请|thx|thanks|thank you|3q|我家?|的|吧|哦|噢|喔|呀|啊|哈|嘻|呢|啦|了|哟|咯|喽|嘞|嗷|哒|滴|嗯|好|一下|这个|那个|先|就|那|:|~|!|数量|共"),
    )
}  # fmt: skip
_ANY_WORD = re.compile("|".join(f"(?P<k_{kind}>{pattern.pattern})" for kind, pattern in _WORDS.items()))


def scan(text: str, start: int, end: int, goods: Goods, *, minus: bool) -> list[Token]:
    """Cut `text[start:end]` into tokens. With `minus` a dash before a number takes away; else it only parts."""
    text = text[:end]
    found: list[Token] = []
    i = start
    while i < end:
        token = _next(text, i, goods, found, minus)
        if token.kind == TEXT and found and found[-1].kind == TEXT and found[-1].end == i:
            found[-1] = replace(found[-1], end=token.end)
        else:
            found.append(token)
        i = token.end
    return found


def _next(text: str, i: int, goods: Goods, before: list[Token], minus: bool) -> Token:
    char = text[i]
    if char in ",;。!?":
        return Token(BREAK, i, i + 1)
    if char in " ·|_()\"'“”<>.:=" and not (char == "=" and _TOTALS.match(text, i)):
        return Token(SPACE, i, i + 1)
    if sized := _of_two_sizes(text, i, goods):
        return sized
    named = goods.find(text, i)
    if named and not _misread(text, i, named, before):
        end, piece = named
        if text[end : end + 1] == "的":
            end += 1
        return Token(GOODS, i, end, piece=piece)
    if is_emoji(char):
        return Token(SPACE, i, i + 1)
    if (m := _REFUSE.match(text, i)) and goods.find(text, m.end()):
        return Token(DROP, i, m.end())
    if char == "改" and goods.find(text + " ", i + 1):
        return Token(SET, i, i + 1)
    return _number(text, i, goods, before, minus) or _word(text, i) or Token(TEXT, i, i + 1)


def _of_two_sizes(text: str, i: int, goods: Goods) -> Token | None:
    """`大小箱各一`, `大小各一`: both sizes of one thing."""
    big = text[i : i + 2] == "大小"
    small = text[i] == "小" and text[i - 1 : i] == "大" and text[i + 1 : i + 2] in tuple("各都的")
    unit = "的" if small or text[i + 2 : i + 3] in tuple("各都的") else text[i + 2 : i + 3]
    piece = goods.table.get(("小" if small else "大") + unit) if big or small else None
    return Token(GOODS, i, i + 1, piece=piece) if piece else None


def _misread(text: str, i: int, named: tuple[int, Piece], before: list[Token]) -> bool:
    """Whether one character that could be goods is part of another word."""
    end, piece = named
    if piece.kind == "code":
        return text[i].isdigit() and text[end - 1] not in "号款"
    if piece.kind != "head":
        return False
    last = before[-1] if before else None
    if last and last.end == i and last.kind == TEXT:
        return True
    rest = text[end : end + 2].lstrip("的 ")
    return bool(rest) and not re.match(rf"[\d+x,;)、]|{CHINESE}|各|来|要|都|也|全|每|就|一样", rest)


def _number(text: str, i: int, goods: Goods, before: list[Token], minus: bool) -> Token | None:
    if (m := _VAGUE.match(text, i)) and not (m[0] == "还是" and _begins(before)):
        return Token(VAGUE, i, m.end())
    if m := _TOTALS.match(text, i):
        return Token(PRICE, i, m.end(), _fen(re.sub(r"[^\d.]", "", m["m"])), style="sum")
    if m := _TOTAL_COUNT.match(text, i):
        return Token(TOTAL, i, m.end(), value(m["n"]) or 0, m["u"])
    if m := _PRICES.match(text, i):
        fen = int(m["c"]) * 100 + int(m["c2"]) * 10 if m["c"] else _fen(m["a"] or m["b"] or m["d"])
        return Token(PRICE, i, m.end(), fen, style="of" if m["of"] else "rate" if m["rate"] else "plain")
    if (m := _PRICE_OF.match(text, i)) and (
        m["yuan"] or int(m["n"]) * 100 in goods.prices.values() or len(m["n"]) > 1
    ):
        return Token(PRICE, i, m.end(), int(m["n"]) * 100, style="of")
    if m := _FACTOR.match(text, i):
        return Token(PRICE, i, m.end(), _fen(m["m"]), style="plain")
    if m := _SIGNED.match(text, i):
        return Token(
            COUNT, i, m.end(), value(m["n"]) or 0, m["u"], style="plus" if m["s"] == "+" else "times"
        )
    if m := _MINUS.match(text, i):
        return Token(
            COUNT,
            i,
            m.end(),
            value(m["n"]) or 0,
            m["u"],
            style="minus" if minus else "bare",
        )
    if m := _TIMES.match(text, i):
        return Token(COUNT, i, m.end(), int(m["n"]), style="times")
    if m := _WORDS[SAME].match(text, i):
        return Token(SAME, i, m.end(), int(m["n"] or m["n2"] or 0))
    return _counted(text, i, goods, before)


def _counted(text: str, i: int, goods: Goods, before: list[Token]) -> Token | None:
    """A number with its measure word, grown to its goods, or alone."""
    if m := _FORMAL.match(text, i):
        return Token(
            COUNT,
            i,
            m.end(),
            "零壹贰叁肆伍陆柒捌玖拾".index(m["n"].replace("參", "叁")),
            m["u"],
            style="unit",
        )
    if (m := _PRICE_FIRST.match(text, i)) and _priced_goods(text, i, m, goods):
        return Token(PRICE, i, m.end(), int(m[0]) * 100, style="of")
    if m := _UNITED.match(text, i):
        return _united(text, i, m, goods)
    return _bare(text, i, before)


def _priced_goods(text: str, i: int, m: re.Match[str], goods: Goods) -> bool:
    """`98龙井2`: a price grown to goods that cost it, with their number behind."""
    named = goods.find(text, m.end()) if not text[i - 1 : i].isalnum() else None
    fits = named and any(goods.prices[c] == int(m[0]) * 100 for c in named[1].offers)
    return bool(fits and named and re.match(rf"\s?(?:[x+]?\d|{CHINESE})", text[named[0] :]))


def _begins(before: list[Token]) -> bool:
    """Whether nothing was said before: `还是要1份` decides, `香蕉还是苹果` does not."""
    return all(t.kind in (SPACE, FILLER) for t in before)


def _united(text: str, i: int, m: re.Match[str], goods: Goods) -> Token | None:
    number = value(m["n"])
    if number is None or text[m.end() : m.end() + 1] in ("号", "样", "种", "款"):
        return None
    if m["z"] and m["z"] + m["u"] in goods.table:
        return Token(COUNT, i, m.start("z"), number, style="unit")
    if (
        m["u"] == "两"
        and number * 100 in goods.prices.values()
        and re.match(COMMON, text[m.end() : m.end() + 2])
    ):
        return Token(PRICE, i, m.end() - 1, number * 100, style="plain")
    if m["u"] == "块" and number * 100 in {p * k for p in goods.prices.values() for k in range(1, 11)}:
        return Token(PRICE, i, m.end(), number * 100, style="plain")
    return Token(COUNT, i, m.end(), number, m["u"], style="unit")


def _bare(text: str, i: int, before: list[Token]) -> Token | None:
    if (m := _DIGITS.match(text, i)) and len(m[0]) < 9:
        return Token(COUNT, i, m.end(), int(m[0]), style="bare")
    last = next((t for t in reversed(before) if t.kind not in (SPACE, FILLER)), None)
    if last and last.kind in (GOODS, EACH, ALL, OTHER, VERB, ADD, SET, LESS):
        m = _HAN_BEFORE.match(text, i) or _HAN.match(text, i)
        if m:
            return Token(COUNT, i, m.end(), value(m[0]) or 0, style="bare")
    if text[i] in "俩仨":
        return Token(COUNT, i, i + 1, value(text[i]) or 0, style="unit")
    return None


def _word(text: str, i: int) -> Token | None:
    m = _ANY_WORD.match(text, i)
    if not m or not m.lastgroup:
        return None
    kind = m.lastgroup.removeprefix("k_")
    number = 0
    if kind == SAME:
        number = int(m["n"] or m["n2"] or 0)
    elif kind == ALL and m["c"]:
        number = value(m["c"]) or 0
    return Token(kind, i, m.end(), number)


def _fen(yuan: str) -> int:
    whole, _, part = yuan.partition(".")
    return int(whole or 0) * 100 + int((part + "00")[:2])
