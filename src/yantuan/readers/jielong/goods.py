"""The goods of one sale, and every way a buyer may name them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from yantuan.readers.jielong.foods import ALIKE, FOODS
from yantuan.readers.jielong.numbers import chinese
from yantuan.readers.jielong.result import Offer
from yantuan.readers.jielong.units import AMOUNT, ANY, BOTTLES, COMMON, LOOSE, PIECES, SIZES, WEIGHTS, WHOLE
from yantuan.readers.pinyin import blurred
from yantuan.readers.text import is_emoji, plain

_SPLIT = re.compile(r"[\s·(),、_|+/]+")
_SIZED = re.compile(rf"({'|'.join(SIZES)})?({COMMON}|装)?装?")
_MEASURES = re.compile(rf"{AMOUNT.pattern}(?:x\d+(?:{COMMON})?)?(?:装|入)?")
_SAME_UNITS = {
    "kg": ("公斤", "千克"), "公斤": ("kg", "千克"), "千克": ("kg", "公斤"), "g": ("克",), "克": ("g",), "l": ("升",), "升": ("l",),
    "ml": ("毫升",), "毫升": ("ml",),
}  # fmt: skip
_COMMON_FIRST = frozenset("大小新老好有现鲜特手整半一二三四五六七八九十我他她你是那这")
_ONE = re.compile(rf"1(?:{COMMON})")
_LETTERS = re.compile(r"[a-z]{1,4}|\dxl")
_PACKS = (*"箱盒袋包件份瓶桶提罐筐板的号装", "份装", "礼盒")
MAX_PIECE = 24


@dataclass(frozen=True, slots=True)
class Piece:
    """A way to name goods: `kind` is alias, full, code, emoji (each settles), word, head (one character), size or amount."""

    kind: str
    offers: frozenset[str]

    @property
    def settles(self) -> bool:
        return self.kind in ("alias", "full", "code", "emoji")


@dataclass(slots=True)
class Facts:
    """What one offer's name says beside the name: what it is sold by, and what is counted inside."""

    units: set[str] = field(default_factory=set)
    inner: set[str] = field(default_factory=set)
    amounts: set[str] = field(default_factory=set)


class Goods:
    """All offers of a sale with their names; built once, then read only, save for what a price list in the text defines."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        self.offers = {o.code: o for o in offers}
        self.codes = tuple(self.offers)
        self.facts = {o.code: Facts() for o in offers}
        self.prices = {o.code: o.price_fen for o in offers}
        self.table: dict[str, Piece] = {}
        self._sounds: dict[str, set[str]] = {}
        self._fulls: dict[str, set[str]] = {}
        for offer in offers:
            self._name(offer)
        for full, codes in self._fulls.items():
            if len(codes) == 1:
                self.table[full] = Piece("full", frozenset(codes))
        self._settled(offers)
        self._heads_of_all()
        for word in [w for w, p in self.table.items() if p.kind in ("word", "full", "alias")]:
            self._sound(word)
        self._index()

    def _index(self) -> None:
        """For each first character the lengths worth trying, the longest first."""
        lengths: dict[str, set[int]] = {}
        for word in self.table:
            lengths.setdefault(word[0], set()).add(len(word))
        self._lengths = {char: sorted(found, reverse=True) for char, found in lengths.items()}
        sounds: dict[str, set[int]] = {}
        for word in (word for words in self._sounds.values() for word in words):
            sounds.setdefault(blurred(word[0]), set()).add(len(word))
        self._sound_lengths = {char: sorted(found, reverse=True) for char, found in sounds.items()}

    def _name(self, offer: Offer) -> None:
        for position, token in enumerate(t for t in _SPLIT.split(plain(offer.name)) if t):
            self._token(offer.code, token, first=position == 0)
        for alias in offer.aliases:
            self._words(offer.code, plain(alias))
        for packed in re.finditer(rf"{AMOUNT.pattern}/(?:{COMMON})", plain(offer.name)):
            self._add(packed[0], "amount", offer.code)
        sold = re.findall(rf"(?:/|每|一)\s?({COMMON})", plain(offer.name))
        facts = self.facts[offer.code]
        facts.units.update(sold)
        facts.inner -= facts.units

    def _token(self, code: str, token: str, *, first: bool) -> None:
        rest = token
        for hit in _MEASURES.finditer(token):
            self._amount(code, hit)
            rest = rest.replace(hit[0], " ")
        for word in rest.split():
            sized = _SIZED.fullmatch(word)
            if sized and not first:
                self._size(code, word, sized)
            elif not first and word[0] in "大小中" and len(word) > 1:
                self._add(word, "size", code)
                self._add(word[0] + "的", "size", code)
            else:
                self._words(code, word)
                self._fulls.setdefault(word, set()).add(code)
                self._head(code, word)
                self._add(word + "子", "word", code)
                if "子" in word[1:-1]:
                    self._words(code, word[0] + word[1:-1].replace("子", "") + word[-1])
                if first and len(word) > 2 and word[0] not in _COMMON_FIRST:
                    self._add(word[0] + "的", "word", code)
                if not first and _LETTERS.fullmatch(word):
                    self._add(f"{word}码", "size", code)
                    self._add(f"{word}号", "size", code)
        if rest != token and not first and not _ONE.fullmatch(token):
            self._add(token, "amount", code)
            if len(_MEASURES.findall(token)) > 1:
                self._add(re.sub(rf"(?<=\d)(?:{ANY})", "", token), "amount", code)

    def _amount(self, code: str, hit: re.Match[str]) -> None:
        """`5斤装`, `30枚`, `250mlx12盒`: a size, never a number of things sold."""
        number, unit = hit["n"], hit["u"]
        if hit[0] == "1" + unit and unit in WHOLE:
            self.facts[code].units.add(unit)
            return
        forms = {hit[0], number + unit, hit[0].removesuffix("装") + "装"}
        if number.isdigit() and 0 < int(number) < 100:
            forms |= {form.replace(number, chinese(int(number)), 1) for form in set(forms)}
            if number == "2":
                forms |= {form.replace("二", "两", 1) for form in set(forms)}
        for same in _SAME_UNITS.get(unit, ()):
            forms |= {form.replace(unit, same, 1) for form in set(forms)}
        for form in forms:
            self._add(form, "amount", code)
        facts = self.facts[code]
        facts.amounts.add(number + unit)
        counts = re.findall(rf"x\d+({COMMON})", hit[0])
        if unit not in WEIGHTS and number != "1":
            counts.append(unit)
        facts.inner.update(counts)

    def _size(self, code: str, word: str, sized: re.Match[str]) -> None:
        """`小箱`, `礼盒`: told by size or by what it is packed in."""
        self._add(word, "size", code)
        adjective, unit = sized[1], sized[2]
        if unit and unit != "装":
            self.facts[code].units.add("盒" if unit == "礼盒" else unit)
            if unit in ("礼盒", "礼箱"):
                self._add(unit, "size", code)
        for other in _PACKS if adjective else ():
            self._add(f"{adjective}{other}", "size", code)

    def _words(self, code: str, word: str) -> None:
        for start in range(len(word)):
            for end in range(start + 2, min(len(word), start + MAX_PIECE) + 1):
                part = word[start:end]
                if sum(c > "\u2e80" for c in part) or (len(part) > 2 and part.isalpha()):
                    self._add(part, "word", code)

    def _head(self, code: str, word: str) -> None:
        """What it is at bottom, as people shorten it: 脐橙 → 橙, 橙子; 柚子 → 柚."""
        stem = word[:-1] if word.endswith("子") else word
        if not stem or not "\u4e00" <= stem[-1] <= "\u9fff":
            return
        self._add(stem[-1], "head", code)
        self._add(stem[-1] + "子", "word", code)

    def _heads_of_all(self) -> None:
        """One character may mean every goods whose name holds it: 鸡 is the whole one, its wings and its feet."""
        for word, piece in list(self.table.items()):
            if piece.kind == "head" and len(word) == 1:
                held = {c for c in self.codes if word in self.plain_name(c)}
                self.table[word] = Piece("head", piece.offers | held)

    def _settled(self, offers: Iterable[Offer]) -> None:
        """Codes, then aliases, which win over everything."""
        for offer in offers:
            code = Piece("code", frozenset([offer.code]))
            for form in ("", "号", "款") if offer.code.isdigit() else ("",):
                self.table[plain(offer.code) + form] = code
        aliases: dict[str, set[str]] = {}
        for offer in offers:
            for alias in offer.aliases:
                aliases.setdefault(plain(alias), set()).add(offer.code)
        for alias, codes in aliases.items():
            if alias:
                self.table[alias] = Piece("alias" if len(codes) == 1 else "word", frozenset(codes))
        drawn: dict[str, set[str]] = {}
        for offer in offers:
            for char in filter(is_emoji, plain(offer.name + "".join(offer.aliases))):
                drawn.setdefault(char, set()).add(offer.code)
        for char, codes in drawn.items():
            self.table[char] = Piece("emoji" if len(codes) == 1 else "unclear", frozenset(codes))

    def _add(self, text: str, kind: str, code: str) -> None:
        old = self.table.get(text)
        if old is None or (old.kind == "head" and kind != "head"):
            self.table[text] = Piece(kind, (old.offers if old else frozenset()) | {code})
        elif code not in old.offers:
            self.table[text] = Piece(old.kind, old.offers | {code})

    def _sound(self, word: str) -> None:
        if len(word) < 2 or any(not "\u4e00" <= c <= "\u9fff" for c in word):
            return
        self._sounds.setdefault("/".join(map(blurred, word)), set()).add(word)
        for i, char in enumerate(word):
            for other in {o for group in ALIKE if char in group for o in group} - {char}:
                wrong = word[:i] + other + word[i + 1 :]
                if wrong not in FOODS:
                    self.table.setdefault(wrong, Piece("word", self.table[word].offers))

    def plain_name(self, code: str) -> str:
        """The whole name of an offer, folded, without blanks."""
        return plain(self.offers[code].name).replace(" ", "")

    def shortened(self, text: str) -> frozenset[str]:
        """Offers whose name holds all characters of a longer word in their order: 玫瑰葡萄 may be 玫瑰香葡萄."""
        word = text.replace(" ", "").rstrip("的")
        if len(word) < 4:
            return frozenset()
        return frozenset(c for c in self.codes if _inside(word, self.plain_name(c)))

    def define(self, emoji: str, code: str) -> None:
        """An emoji that a price list in the text gives to an offer; given to two, it says nothing."""
        old = self.table.get(emoji)
        offers = (old.offers if old else frozenset()) | {code}
        self.table[emoji] = Piece("emoji" if len(offers) == 1 else "unclear", offers)
        self._lengths.setdefault(emoji, [1])

    def find(self, text: str, at: int) -> tuple[int, Piece] | None:
        """The longest naming of goods that begins at a position: its end and what it may mean."""
        exact = 0
        lengths = self._lengths.get(text[at], ())
        for length in lengths:
            piece = self.table.get(text[at : at + length])
            if (
                piece
                and piece.kind != "unclear"
                and at + length <= len(text)
                and self._stands(piece, text, at, at + length)
            ):
                exact = at + length
                break
        slip = self._misspelt(text, at, max(exact - at, 1))
        if slip:
            return slip
        return (exact, self.table[text[at:exact]]) if exact else None

    def _stands(self, piece: Piece, text: str, start: int, end: int) -> bool:
        """Whether a piece is not cut out of a longer number or word; codes may stand in a row: `ABC各1`."""
        if _bounded(text, start, end):
            return True
        if piece.kind != "code" or end - start != 1:
            return False
        while start and _latin(text[start - 1]):
            start -= 1
        while end < len(text) and _latin(text[end]):
            end += 1
        run = text[start:end]
        return len(set(run)) == len(run) and all((p := self.table.get(c)) and p.kind == "code" for c in run)

    def _misspelt(self, text: str, at: int, longer_than: int) -> tuple[int, Piece] | None:
        for length in self._sound_lengths.get(blurred(text[at]), ()):
            part = text[at : at + length]
            if length <= longer_than or len(part) < length or part in FOODS:
                continue
            for word in sorted(self._sounds.get("/".join(map(blurred, part)), ())):
                if sum(a != b for a, b in zip(part, word, strict=True)) == 1:
                    return at + length, Piece("word", self.table[word].offers)
        return None

    def whole(self, code: str, unit: str | None) -> bool:
        """Whether a measure word counts the thing as it is sold, not something smaller."""
        facts = self.facts[code]
        if unit is None or unit in facts.units:
            return True
        if unit in WEIGHTS or unit in facts.inner or unit in LOOSE:
            return False
        if unit in PIECES and facts.inner & PIECES:
            return False
        return not (unit in BOTTLES and facts.inner & (BOTTLES | {"盒", "包", "袋"}))

    def sold_by(self, unit: str) -> set[str]:
        """The only offers a bare `2板` can mean; empty if any other might be meant too."""
        fits = {c for c in self.codes if unit in self.facts[c].units}
        silent = {c for c in self.codes if not self.facts[c].units}
        return fits if fits and (not silent or unit in ("板", "提", "桶")) else set()


def _bounded(text: str, start: int, end: int) -> bool:
    """Whether a piece does not cut a number or a Latin word in two."""
    before, after = text[start - 1 : start], text[end : end + 1]
    first, last = text[start], text[end - 1]
    if first.isdigit() and (before.isdigit() or before == "."):
        return False
    if last.isdigit() and after.isdigit():
        return False
    if first in "二三四五六七八九十百" and before and before in "二三四五六七八九十百":
        return False
    if _latin(first) and _latin(before):
        return False
    if _latin(last) and _latin(after):
        return after == "x" and text[end + 1 : end + 2].isdigit()
    return True


def _inside(word: str, name: str) -> bool:
    letters = iter(name)
    return all(char in letters for char in word)


def _latin(char: str) -> bool:
    return char.isascii() and char.isalpha()
