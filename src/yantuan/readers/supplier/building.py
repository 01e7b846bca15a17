"""Puts the pieces of the lines together: names above prices, limits below them, one sale at the end."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from yantuan.readers.supplier.applying import apply_counts, spread
from yantuan.readers.supplier.facts import Facts, facts_of
from yantuan.readers.supplier.lines import Line
from yantuan.readers.supplier.naming import (
    GRADE,
    KINDS,
    TITLED,
    Head,
    best_head,
    clean,
    head_score,
    headline,
    name_and_spec,
)
from yantuan.readers.supplier.options import choices, names, sizes
from yantuan.readers.supplier.prices import FLAVOUR, Price, fen_of, prices_of
from yantuan.readers.supplier.result import Good, Mark, Reading, Spec, Sureness, Unclear
from yantuan.readers.text import plain, unadorned

MOST_GOODS = 100
MOST_SPECS = 50
MOST_UNCLEAR = 100


def _beside(spec: str) -> str:
    """What of a variant's name is kept beside a choice: an amount, no bare measure word."""
    return spec if any(c.isdigit() for c in spec) else ""


def _ends_alike(name: str, noun: re.Match[str] | None) -> bool:
    """Whether a name says for itself what it is: 鲜肉馄饨 below 手工馄饨."""
    return noun is None or KINDS.search(name) is not None or noun[0] in name


class Builder:
    """Everything known so far; lines are taken in order."""

    def __init__(self, reading: Reading, now: datetime) -> None:
        self.reading, self.now = reading, now
        self.body: list[str] = []
        self.good: Good | None = None
        self.heads: list[Head] = []
        self.made: list[Spec] = []
        """Variants of the line being read."""
        self.market: tuple[int, str, str] | None = None
        """A usual price waiting for its own: fen, the line, the words before it."""
        self.spec = ""
        """A size said on a line of its own, for the next price."""
        self.options: list[list[str]] = []
        """Choices said before the price of the goods they belong to."""
        self.own: list[list[str]] = []
        """Choices of the goods being read."""
        self.lead = ""
        """The grade at the head of the line, for its later sizes too: `红心 2个 23.9 4个 39.9`."""
        self.begun: list[int] = []
        """The lines on which goods were first named."""
        self.kinds: Good | None = None
        """Goods whose fillings or flavours follow, a line each."""
        self.gap = True
        self.loose: list[tuple[str, int, Mark]] = []
        """Limits said of the whole sale."""

    def unclear(self, line: Line, why: str, why_en: str, text: str = "") -> None:
        if len(self.reading.unclear) < MOST_UNCLEAR:
            self.reading.unclear.append(Unclear(line.number, (text or line.raw).strip()[:200], why, why_en))

    def keep(self, line: Line) -> None:
        """Put a line into the introduction, without marks that turn the direction of writing."""
        self.body.append(
            "".join(
                c
                for c in line.raw
                if c not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff"
            ).rstrip()
        )

    def rest(self, line: Line) -> None:
        self.gap = True
        self.keep(line)

    def take(self, line: Line) -> None:
        """Read one line."""
        self.made, self.lead = [], ""
        opening = not self.reading.title and self.good is None
        if self._choices(line):
            self.keep(line)
            return
        clauses = line.clauses()
        hidden = quiet = False
        for start, end in clauses:
            facts = facts_of(line.folded.text[start:end], self.now)
            whole = " " * start + facts.left
            prices = prices_of(facts.left)
            self._prices(line, whole, start, end, prices, facts)
            said = self._facts(line, facts, start, end, len(prices))
            hidden |= facts.inner or facts.contact
            quiet |= said
            if not prices and not said and not self.made:
                self._head(line, line.words(start, end, whole), len(clauses), opening)
        if opening and not hidden and not self.made and not quiet:
            self._entitle(line)
        elif not hidden:
            self.keep(line)
        # A rule said after a gap leaves the gap open: the next rule is of the whole sale as well.
        self.gap = self.gap and quiet and not self.made

    def _choices(self, line: Line) -> bool:
        """Take a line of choices: for the goods to come, or for the only variant of those just read."""
        head, found = choices(line.folded.written(0, len(line.folded.text)))
        if not found or any(price.sure != "guess" for price in prices_of(line.folded.text)):
            return False
        if head:
            self._head(line, head, 1, not self.reading.title and self.good is None)
            if not self.reading.title:
                self.reading.title, self.reading.title_mark = (
                    head[:40],
                    Mark("likely", line.raw.strip()[:200]),
                )
        good = self.good
        if good is None or self.heads or len(good.specs) != 1:
            self.options.append(found)
            return True
        only = good.specs[0]
        good.specs = [
            replace(only, name=name[:30]) for name in names([found], _beside(only.name), MOST_SPECS)
        ]
        self.own.append(found)
        return True

    def _entitle(self, line: Line) -> None:
        title = unadorned(line.folded.written(0, len(line.folded.text)))
        title = TITLED.sub("", title)
        if len(title) >= 2:
            self.reading.title = title[:40]
            self.reading.title_mark = Mark("likely" if len(title) <= 40 else "guess", line.raw.strip()[:200])
        else:
            self.keep(line)

    def _head(self, line: Line, text: str, pieces: int, opening: bool) -> None:
        folded = plain(text)
        if folded.startswith("规格"):
            self.spec = clean(text[2:])[:30]
            return
        score = head_score(text, listed=line.listed, after_gap=self.gap, pieces=pieces)
        if score is None:
            return
        if hit := TITLED.match(text):
            text = text[hit.end() :]
        text, found = sizes(headline(text))
        if found:
            self.options.append(found)
        self.heads.append(Head(clean(text)[:100], score, line.number, opening))
        del self.heads[:-20]

    def _prices(
        self, line: Line, whole: str, start: int, end: int, prices: list[Price], facts: Facts
    ) -> None:
        if facts.only_cost:
            return
        only_market = facts.inner and all(price.kind == "market" for price in prices)
        at, label = start, ""
        for price in prices:
            words = line.words(at, start + price.start, whole)
            at = start + price.end
            if price.kind == "market" and not only_market:
                after = self._priced(words, len(prices))
                for spec in after:
                    spec.market_fen = price.fen
                if not after:
                    self.market = (price.fen, line.raw, words)
                continue
            if self.market and not words:
                label = self.market[2]
            source = line.folded.written(start + price.start, at).strip()
            around = f"{label or words} {source}".strip()
            mark = Mark("guess" if only_market else price.sure, around[:200])
            self._spec(line, label or words, price, mark)
            label = ""
        self._size_behind(line.words(at, end, whole))

    def _priced(self, words: str, prices: int) -> list[Spec]:
        """The variants a usual price is said of after their own price; none where that is still to come."""
        if self.made:
            last = self.made[-1]
            found = [spec for spec in self.made if spec.price is last.price]
        elif self.good and prices == 1 and not self.heads and len({s.price for s in self.good.specs}) == 1:
            found = self.good.specs
        else:
            return []
        return found if not words and found[0].market_fen is None else []

    def _size_behind(self, words: str) -> None:
        """`建议售价58 12个/箱`: a size after the price."""
        if len(self.made) == 1 and not self.made[0].name and words:
            name, spec = name_and_spec(words)
            self.made[0].name = self.made[0].name if name else spec[:30]

    def _is_kind(self, line: Line, name: str, spec: str) -> bool:
        """Whether a short name with a price is a filling or flavour of the goods in the heading above."""
        if not name or spec or len(name) > 6:
            return False
        if self._is_colour(line, name):
            self.kinds = self.good
            return True
        if self.kinds is not None:
            noun = KINDS.search(self.kinds.title)
            return self.kinds is self.good and not self.heads and not self.gap and not _ends_alike(name, noun)
        head = self.heads[-1] if self.heads else None
        noun = KINDS.search(name_and_spec(head.text)[0]) if head and head.line == line.number - 1 else None
        if head is None or noun is None or _ends_alike(name, noun):
            return False
        self.heads = [head]
        return True

    def _is_colour(self, line: Line, name: str) -> bool:
        """樱花粉 below 黑色 and 白色."""
        specs = self.good.specs if self.good else []
        alone = self.gap or self.heads or line.listed
        return (
            len(specs) > 1 and len(name) <= 4 and not alone and all(FLAVOUR.fullmatch(s.name) for s in specs)
        )

    def _spec(self, line: Line, label: str, price: Price, mark: Mark) -> None:
        name, spec = name_and_spec(label)
        if not name and (grade := GRADE.match(spec.lower())):
            self.lead = spec[: grade.end()]
        elif not name and self.lead and self.made and spec[:1].isdigit():
            spec = f"{self.lead} {spec}"
        if self._is_kind(line, name, spec):
            name, spec = "", name
            good = self.kinds = self.kinds or self._target(line, "", mark)
        else:
            self.kinds = None
            good = self._target(line, name, mark)
        if good is None:
            self.unclear(line, "有价格，但没有看出是什么商品", "A price without goods.", mark.source)
            return
        unit = price.per if any(c.isdigit() for c in price.per) else ""
        spec = (spec or unit or self.spec or price.per)[:30]
        self.spec = ""
        taken = {plain(one.name) for one in good.specs}
        wanted = names(self.own, _beside(spec), MOST_SPECS - len(good.specs)) or sizes(spec)[1] or [spec]
        if good.specs and (not spec or any(plain(each) in taken for each in wanted)):
            self.unclear(
                line, "同一个商品有两个价格，分不清各是什么规格", "Two prices for one thing.", mark.source
            )
            return
        if len(good.specs) + len(wanted) > MOST_SPECS:
            self.unclear(line, "规格太多，没有放进来", "Too many variants.", mark.source)
            return
        made = Spec(wanted[0][:30], price.fen, mark)
        if self.market:
            made.market_fen, self.market = self.market[0], None
            if made.market_fen <= price.fen:
                self.unclear(
                    line, "原价不比团购价高，请核对", "The usual price is not above this one.", mark.source
                )
        several = [replace(made, name=each[:30]) for each in wanted[1:]]
        good.specs += [made, *several]
        self.made += [made, *several]

    def _target(self, line: Line, name: str, mark: Mark) -> Good | None:
        """The goods a price belongs to: those it names, those a line before it names, or the ones before."""
        if name:
            if self.good and plain(self.good.title) == plain(name):
                return self.good
            sure: Sureness = "guess" if len(name) > 20 or mark.sure == "guess" else "likely"
            return self._new(line, name[:100], Mark(sure, line.raw.strip()[:200]))
        heads = [head for head in self.heads if head.score >= 0 or self.good is None]
        if self.good and all(head.score <= 0 for head in heads):
            return self.good
        if heads:
            head, sure = best_head(heads)
            name, spec = name_and_spec(head.text)
            self.spec = self.spec or spec
            return self._new(line, name or head.text, Mark(sure, head.text))
        return self.good

    def _new(self, line: Line, title: str, mark: Mark) -> Good | None:
        self.heads = []
        same = next((good for good in self.reading.goods if good.title == title), None)
        if same is None:
            if len(self.reading.goods) >= MOST_GOODS:
                self.unclear(line, "商品太多，没有放进来", "Too many goods.")
                return None
            same = Good(title, mark)
            self.reading.goods.append(same)
            self.begun.append(line.number)
        self.good = same
        self.own, self.options = self.options, []
        return same

    def _facts(self, line: Line, facts: Facts, start: int, end: int, prices: int) -> bool:
        """Use what a clause says besides; whether it said anything."""
        source = line.folded.written(start, end).strip()[:200]
        specs = self.made[-1:] or (self.good.specs if self.good and len(self.good.specs) == 1 else [])
        if facts.cost and specs:
            specs[0].cost_fen = fen_of(facts.cost)
        for said, why, why_en in (
            (facts.contact, "供货方的联系方式，没有放进介绍", "A supplier's contact; not shown to buyers."),
            (facts.inner and not facts.contact, "供货价、佣金这类话，没有放进介绍", "Cost or commission; not shown to buyers."),
            (facts.least, "起购、成团的数量没有填，请到“规则”里设置", "A least number is set in the sale's rules."),
            (facts.deal, "满减、赠送没有填，请到“优惠”里设置", "Reductions and gifts are set in the sale."),
            (facts.door, "送货上门没有填，请自己选配送方式", "Delivery to the door is for you to set."),
        ):  # fmt: skip
            if said:
                self.unclear(line, why, why_en, source)
        self._time(line, facts, source)
        apply_counts(self, line, facts, source, prices)
        for way in ("courier", "pickup"):
            told = getattr(facts, way)
            if told is not None and (getattr(self.reading, way) is None or told is False):
                setattr(self.reading, way, told)
                setattr(self.reading, f"{way}_mark", Mark("sure" if told is False else "likely", source))
        return bool(
            facts.cost or facts.contact or facts.inner or facts.least or facts.deal or facts.door or facts.ends_said or facts.dated
            or facts.limit or facts.stock is not None or facts.courier is not None or facts.pickup is not None
        )  # fmt: skip

    def _time(self, line: Line, facts: Facts, source: str) -> None:
        if facts.ends and facts.ends.at and self.reading.ends_at in (None, facts.ends.at):
            self.reading.ends_at, self.reading.ends_mark = facts.ends.at, Mark(facts.ends.sure, source)
        elif facts.ends and facts.ends.at:
            self.unclear(
                line, "又说了一个截单时间，用了前一个", "A second closing time; the first was taken.", source
            )
        elif facts.ends:
            self.unclear(
                line, "截单时间已经过了，或者没看懂", "The closing time is over or unreadable.", source
            )
        if facts.comes and facts.dated and not self.reading.arrives:
            self.reading.arrives = source

    def finish(self) -> Reading:
        """The whole reading, with a title if there is any word for one."""
        reading = self.reading
        spread(self)
        if not reading.title and reading.goods:
            first = reading.goods[0]
            reading.title, reading.title_mark = first.title[:40], Mark("guess", first.mark.source)
        if self.market:
            reading.unclear.append(
                Unclear(0, self.market[1].strip()[:200], "只有原价，没有团购价", "Only a usual price.")
            )
        return reading
