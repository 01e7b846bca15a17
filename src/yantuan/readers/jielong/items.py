"""From tokens to items: which number belongs to which goods."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from yantuan.readers.jielong import tokens as kinds
from yantuan.readers.jielong.foods import holds_food
from yantuan.readers.jielong.goods import Goods
from yantuan.readers.jielong.result import Unclear
from yantuan.readers.jielong.tokens import Token
from yantuan.readers.jielong.units import AMOUNT

_HARMLESS = re.compile(
    r"(?:新鲜|大个|甜|好吃|今天|明天|水果|特价|那款|这款|那种|这种|上面|链接|群里|精选|美味|优质|精品|香甜|除|以?外|之外|装|有|个|给|帮|共|只|各)+"
)
_PLAIN_AMOUNT = re.compile(r"(?:\d+(?:\.\d+)?|[二两三四五六七八九十]+)[^\d装x/]{1,2}")
MOST = 999


def _counts(token: Token, after: Token | None) -> bool:
    """Whether a number stands right behind."""
    return after is not None and after.kind == kinds.COUNT and after.start == token.end


@dataclass(slots=True)
class Group:
    """Goods meant at one place: what they may be, and the number found for them."""

    start: int
    end: int
    offers: frozenset[str]
    settled: bool = False
    kinds: set[str] = field(default_factory=set)
    count: Token | None = None
    rate: bool = False
    suspect: bool = False
    prices: list[int] = field(default_factory=list)
    spread: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One offer; `quantity` None where no number was written; `minus` where it is taken away."""

    offer: str
    quantity: int | None
    minus: bool = False


@dataclass(frozen=True, slots=True)
class Picked:
    """What a stretch of tokens orders: items, a number without goods, and words that are neither."""

    items: tuple[Item, ...]
    bare: Token | None
    words: tuple[Token, ...]
    others: bool = False
    """Speaks of "the other goods" without naming them."""


class Picker:
    """Reads tokens from left to right. Raises `Unclear` as soon as a careful person would ask."""

    def __init__(self, text: str, goods: Goods, mentioned: Iterable[str] = ()) -> None:
        self.text = text
        self.goods = goods
        self.groups: list[Group] = []
        self.open: list[Group] = []
        self.pending: Token | None = None
        self.each = False
        self.several = False
        """The goods named next are several, each of them meant."""
        self.joined = False
        self.excluding = False
        self.spoken = set(mentioned)
        self.others = False
        self.words: list[Token] = []
        self.last: Token | None = None

    def pick(self, tokens: Sequence[Token]) -> Picked:
        for index, token in enumerate(tokens):
            self._take(token, tokens[index + 1] if index + 1 < len(tokens) else None)
            self.last = token
        return self._finish()

    def _take(self, token: Token, after: Token | None) -> None:
        match token.kind:
            case kinds.GOODS if token.piece:
                self._named(token, token.piece.offers, token.piece.kind, after)
            case kinds.PRICE:
                self._price(token, after)
            case kinds.COUNT:
                self._count(token)
            case kinds.EACH:
                self._each()
            case kinds.ALL | kinds.OTHER:
                self._all(token, after)
            case kinds.TOTAL:
                self._total(token)
            case kinds.JOIN:
                self.joined = True
            case kinds.TEXT:
                self._word(token)

    def _named(self, token: Token, offers: frozenset[str], kind: str, after: Token | None) -> None:
        if self.excluding:
            self.spoken |= offers
            return
        if self._unknown_before(token):
            raise Unclear(f"这次没有“{self._words_at(token)}”")
        last = self.groups[-1] if self.groups else None
        if kind == "amount" and last and (counted := self._counted(last, token, offers)):
            self._count(counted)
            return
        if kind == "emoji" and last and last.count and last.offers == offers and not _counts(token, after):
            return
        if last and not self.joined and self._joins(last, token, offers, kind, after):
            last.offers, last.end = last.offers & offers, token.end
            last.kinds.add(kind)
            last.settled = last.settled or kind in ("alias", "full", "code", "emoji")
            return
        group = Group(token.start, token.end, offers, kind in ("alias", "full", "code", "emoji"), {kind})
        if last and last.count and last.count.end == token.start and last.end < last.count.start:
            group.suspect = self.text[last.end : last.count.start].isspace() and last.count.style == "unit"
        self.joined = False
        self.groups.append(group)
        if self.several:
            self.several, self.each = False, True
            self.open.append(group)
            self._part(group)
            return
        if self.pending and not self.open:
            group.count = self.pending
            if self.each:
                group.spread = True
            else:
                self.pending = None
        else:
            self.open.append(group)

    def _counted(self, last: Group, token: Token, offers: frozenset[str]) -> Token | None:
        """`鲈鱼2条` where perch is sold singly and only another fish in twos: a number of perch."""
        hit = AMOUNT.fullmatch(self.text, token.start, token.end)
        if last.count or last.offers & offers or hit is None or not hit["n"].isdigit():
            return None
        if any(hit["u"] not in self.goods.facts[code].units for code in last.offers):
            return None
        return Token(kinds.COUNT, token.start, token.end, int(hit["n"]), hit["u"], style="unit")

    def _joins(
        self, last: Group, token: Token, offers: frozenset[str], kind: str, after: Token | None
    ) -> bool:
        both = last.offers & offers
        if last.spread:
            return False
        if last.count is None:
            alone = ("code" in last.kinds and kind != "code") or kind == "amount"
            if not both and token.start == last.end and alone:
                raise Unclear(f"“{self.text[last.start : token.end]}”对不上任何一种商品")
            return bool(both)
        follows = after is not None and after.kind in (kinds.COUNT, kinds.GOODS) and after.start == token.end
        return bool(both) and kind in ("size", "amount", "price") and not follows

    def _unknown_before(self, token: Token) -> bool:
        word = self.words[-1] if self.words else None
        return (
            word is not None
            and word.end == token.start
            and not _HARMLESS.fullmatch(self.text[word.start : word.end])
        )

    def _words_at(self, token: Token) -> str:
        return self.text[self.words[-1].start : token.end].strip()

    def _price(self, token: Token, after: Token | None) -> None:
        if token.style == "sum":
            return
        if token.style == "of":
            fits = frozenset(c for c, fen in self.goods.prices.items() if fen == token.number)
            if not fits:
                raise Unclear("价钱对不上任何一种商品")
            self._named(token, fits, "price", after)
        elif self.groups:
            self.groups[-1].prices.append(token.number)

    def _count(self, token: Token) -> None:
        if token.number > MOST or (token.style == "bare" and token.number >= 100):
            raise Unclear(f"“{self.text[token.start : token.end]}”是房号还是数量，看不出来")
        if self._unknown_before(token):
            raise Unclear(f"这次没有“{self._words_at(token)}”")
        if self.open:
            if len(self.open) > 1 and not self.each:
                raise Unclear("几种商品只写了一个数量，是一共还是各要，没有说")
            rate = self._is_rate(token)
            for group in self.open:
                group.count, group.rate = token, rate
            self.open, self.each = [], False
        elif self.groups and self.groups[-1].rate:
            self.groups[-1].count, self.groups[-1].rate = token, False
        elif self.pending:
            self._by_unit(self.pending)
            self.pending = token
        else:
            self.pending = token
        self.joined = False

    def _by_unit(self, token: Token) -> None:
        """`1板 2袋大米`: a number whose measure word belongs to one of the goods only."""
        fits = self.goods.sold_by(token.unit) if token.unit else set()
        if len(fits) != 1:
            raise Unclear("有两个数量，不知道是哪一个")
        self.groups.append(
            Group(token.start, token.end, frozenset(fits), settled=True, count=token, spread=True)
        )

    def _is_rate(self, token: Token) -> bool:
        """`蓝莓19.9一盒`: the one box belongs to the price."""
        last = self.last
        return bool(last and last.kind == kinds.PRICE and last.end == token.start and token.number == 1)

    def _each(self) -> None:
        if self.excluding:
            self._rest()
        if len(self.open) == 1 and len(self.open[0].offers) > 1 and not self.open[0].settled:
            self._part(self.open[0])
        self.each = True

    def _all(self, token: Token, after: Token | None) -> None:
        if token.kind == kinds.OTHER or self.excluding:
            self._rest()
        elif token.number and after and after.piece and len(after.piece.offers) == token.number:
            # `两种青团各一盒`: the goods named next are several, and all of them are meant.
            self.several = True
            return
        elif len(self.open) == 1 and 1 < len(self.open[0].offers) == token.number:
            self._part(self.open[0])
        elif self.open:
            if token.number and token.number != len(self.open):
                raise Unclear("说了几样，和写出来的商品数对不上")
        else:
            if token.number and token.number != len(self.goods.codes):
                raise Unclear(f"有 {len(self.goods.codes)} 种商品，不知道是哪几种")
            if not self.groups:
                self._open_all(self.goods.codes, token)
        self.each = True

    def _part(self, group: Group) -> None:
        """Goods of one name become each for itself."""
        self.groups.remove(group)
        self.open.remove(group)
        at = Token(kinds.GOODS, group.start, group.end)
        self._open_all(sorted(group.offers, key=self.goods.codes.index), at)

    def _rest(self) -> None:
        """The goods not spoken of yet."""
        self.excluding = False
        self.others = True
        for group in self.groups:
            self.spoken |= group.offers
        at = self.last or Token(kinds.SPACE, 0, 0)
        self._open_all([c for c in self.goods.codes if c not in self.spoken], at)

    def _open_all(self, codes: Iterable[str], token: Token) -> None:
        for code in codes:
            group = Group(token.start, token.end, frozenset([code]), settled=True, spread=True)
            self.groups.append(group)
            self.open.append(group)

    def _total(self, token: Token) -> None:
        if len(self.open) == 1 and len(self.groups) == 1:
            self._count(Token(kinds.COUNT, token.start, token.end, token.number, token.unit, style="unit"))
        elif self.open:
            raise Unclear("只写了总数，没有写每样几份")
        elif self.groups:
            if sum(g.count.number for g in self.groups if g.count) != token.number:
                raise Unclear("写的总数和各样加起来不一样")
        else:
            self.pending = Token(kinds.COUNT, token.start, token.end, token.number, token.unit, style="unit")

    def _word(self, token: Token) -> None:
        text = self.text[token.start : token.end]
        if text.startswith("除"):
            self.excluding = True
            return
        last = self.groups[-1] if self.groups else None
        if (
            last
            and last.end == token.start
            and not (last.count or "price" in last.kinds or _HARMLESS.fullmatch(text))
        ):
            raise Unclear(f"这次没有“{self.text[self.groups[-1].start : token.end]}”")
        food = holds_food(text)
        if food and food not in self.goods.table:
            raise Unclear(f"这次没有“{food}”")
        if not _HARMLESS.fullmatch(text):
            self.words.append(token)

    def _finish(self) -> Picked:
        if self.each and self.pending:
            if not self.groups:
                self._open_all(self.goods.codes, self.pending)
                for group in self.groups:
                    group.count = self.pending
            self.pending = None
        if self.pending and self.groups:
            if not self._is_money(self.pending):
                raise Unclear("多出一个数字，不知道是什么数量")
            self.pending = None
        items: list[Item] = []
        for group in self.groups:
            item = self._resolved(group)
            if any(i.offer == item.offer and i.minus == item.minus for i in items):
                raise Unclear("同一种商品写了两次")
            items.append(item)
        return Picked(tuple(items), self.pending, tuple(self.words), self.others)

    def _is_money(self, token: Token) -> bool:
        counted = [(self._one(g), g.count.number if g.count else 1) for g in self.groups]
        total = sum(self.goods.prices[code] * number for code, number in counted)
        return token.style == "bare" and token.number * 100 == total

    def _one(self, group: Group) -> str:
        return next(iter(self._fits(group)))

    def _resolved(self, group: Group) -> Item:
        fits = self._fits(group)
        named = self.text[group.start : group.end].strip(" 的")
        if len(fits) != 1:
            raise Unclear(f"“{named}”可以是 {' 也可以是 '.join(c for c in self.goods.codes if c in fits)}")
        code = next(iter(fits))
        count = group.count
        if group.suspect and count is None:
            raise Unclear("数量写在两种商品中间，不知道是哪一种的")
        if count is None:
            self._amount_alone(group, named, code)
            return Item(code, None)
        if not self.goods.whole(code, count.unit):
            raise Unclear(f"写的是{count.unit}，不是整份，不能替人换算")
        return Item(code, count.number, count.style == "minus")

    def _amount_alone(self, group: Group, named: str, code: str) -> None:
        """`大米10斤` may count pounds; `10斤装的大米` and the full name do not."""
        whole = re.sub(r"\s", "", named)
        if "amount" not in group.kinds:
            return
        if self.text[group.end - 1] == "的" or "装" in whole or whole == self.goods.plain_name(code):
            return
        if any(_PLAIN_AMOUNT.fullmatch(a) and a in whole for a in self.goods.facts[code].amounts):
            raise Unclear("写的是大小还是要这么多，看不出来")

    def _fits(self, group: Group) -> frozenset[str]:
        fits = group.offers
        if group.settled or not fits:
            return fits
        if group.kinds == {"word"}:
            fits = fits | self.goods.shortened(self.text[group.start : group.end])
        if len(fits) > 1 and group.prices:
            number = group.count.number if group.count else 1
            told = {
                c
                for c in fits
                if any(p in (fen, fen * number) for p in group.prices for fen in [self.goods.prices[c]])
            }
            fits = frozenset(told) if len(told) == 1 else fits
        unit = group.count.unit if group.count else None
        if len(fits) > 1 and unit and all(self.goods.facts[c].units for c in fits):
            told = {c for c in fits if unit in self.goods.facts[c].units}
            fits = frozenset(told) if len(told) == 1 else fits
        return fits
