"""The body of an order: what is left of a line once its number and its person are known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from yantuan.readers.jielong import notes
from yantuan.readers.jielong import tokens as kinds
from yantuan.readers.jielong.changes import Change
from yantuan.readers.jielong.clauses import Clauses
from yantuan.readers.jielong.goods import Goods
from yantuan.readers.jielong.names import orders, without, without_phones
from yantuan.readers.jielong.numbers import CHINESE
from yantuan.readers.jielong.others import ForWhom, for_whom
from yantuan.readers.jielong.result import Unclear
from yantuan.readers.jielong.rooms import rooms
from yantuan.readers.jielong.tokens import Token, scan
from yantuan.readers.jielong.units import COMMON
from yantuan.readers.text import Folded

_CHUNK = re.compile(r"[^\s,;。!?()|]+")
_AFTER_COUNT = re.compile(rf"(?:\d|{CHINESE})\s?(?:{COMMON})(?=[^\d\s,;。!?()|])")
_MENTION = re.compile(r"@[^\s,;:@]{1,16}")
_CLAUSE = re.compile(r"[^,;。!?]*[,;。!?]*")
_OWN = re.compile(r"自己|我要|我自家|本人")


@dataclass(slots=True)
class Other:
    """What is ordered for one other person. `where`: inside the orderer's total, top, or "" when not said."""

    name: str
    room: str | None
    where: str
    changes: list[Change]


@dataclass(slots=True)
class Body:
    """Everything one line says."""

    changes: list[Change] = field(default_factory=list)
    others: list[Other] = field(default_factory=list)
    room: str | None = None
    notes: list[str] = field(default_factory=list)
    words: bool = False
    """Words are left that are neither order nor wish."""
    unsure: bool = False
    """Something about the order is left open: maybe, some, as last time."""
    about_order: bool = False
    verb: bool = False
    numbered: bool = False


class BodyReader:
    """Reads one body. `talk` for a chat, where questions and small talk are set aside."""

    def __init__(self, line: Folded, goods: Goods, *, talk: bool, minus: bool) -> None:
        self.line = line
        self.goods = goods
        self.talk = talk
        self.minus = minus
        self.body = Body()
        self.found_notes: list[tuple[int, str]] = []

    def read(self, text: str, start: int) -> Body:
        """Read `text` (folded, same length as the line, with what is known blanked) from `start` on."""
        text = _MENTION.sub(lambda m: " " * len(m[0]), without_phones(text))
        text = self._paid(text, start)
        text = self._wishes(text, start)
        if self.talk:
            text = self._small_talk(text, start)
        people = for_whom(self.line, text, start, self.goods)
        text = self._door(text, start, people)
        if people:
            self._for_others(text, start, people)
        else:
            self.body.changes = self._stretch(text, start, len(text))
        self.body.notes = [n for _, n in sorted(self.found_notes) if n]
        return self.body

    def _note(self, start: int, end: int) -> None:
        self.found_notes.append((start, notes.cleaned(self.line.written(start, end))))

    def _paid(self, text: str, start: int) -> str:
        for hit in notes.PAID.finditer(text, start):
            self._note(*hit.span())
            text = without(text, *hit.span())
        return text

    def _wishes(self, text: str, start: int) -> str:
        at = start
        while hit := _CHUNK.search(text, at):
            at = hit.end()
            begin = self._wish_begins(text, hit.start(), hit.end())
            if begin is None:
                continue
            end = self._wish_end(text, hit.end())
            if self._is_order(text, start, begin, hit.end(), end):
                continue
            self._note(begin, end)
            text = without(text, begin, end)
            at = end
        return text

    def _wish_begins(self, text: str, start: int, end: int) -> int | None:
        chunk = text[start:end]
        if notes.wish_at(chunk):
            return start
        for hit in _AFTER_COUNT.finditer(text, start, end):
            if notes.wish_at(text[hit.end() : end]):
                return hit.end()
        return None

    def _wish_end(self, text: str, at: int) -> int:
        """A wish goes on over blanks until goods, a number of things or a stop."""
        while (hit := _CHUNK.search(text, at)) and text[at : hit.start()].isspace():
            tokens = scan(text, hit.start(), hit.end(), self.goods, minus=False)
            if any(t.kind in (kinds.GOODS, *kinds_of_verbs) or _is_things(t) for t in tokens):
                break
            at = hit.end()
        return at

    def _is_order(self, text: str, start: int, begin: int, chunk_end: int, end: int) -> bool:
        """Whether what begins like a wish orders something after all."""
        tokens = scan(text, begin, chunk_end, self.goods, minus=False)
        named = [t for t in tokens if t.kind == kinds.GOODS]
        counted = [t for t in tokens if t.kind == kinds.COUNT]
        if named and (counted or all(t.piece and t.piece.kind in ("size", "amount") for t in named)):
            return True
        if any(t.kind == kinds.DROP for t in tokens) or any(t.kind == kinds.SET for t in tokens[1:]):
            return True
        if not any(_is_things(t) for t in tokens):
            return False
        rest = without(text, begin, end)
        for door in rooms(rest):
            rest = without(rest, door.start, door.end)
        return not orders(scan(rest, start, len(rest), self.goods, minus=self.minus))

    def _small_talk(self, text: str, start: int) -> str:
        """Blank questions and talk about earlier sales; a question that orders is unclear."""
        for hit in list(_CLAUSE.finditer(text, start)):
            clause = hit[0]
            asked = notes.QUESTION.search(clause)
            if asked and notes.POLITE.search(clause) and not notes.ASKS.search(clause):
                tokens = scan(text, hit.start(), hit.end(), self.goods, minus=False)
                if any(
                    t.kind == kinds.COUNT or (t.kind == kinds.VAGUE and text[t.start] == "半") for t in tokens
                ):
                    raise Unclear("是问能不能，还没有定")
            past = notes.PAST.search(clause) and not notes.LIKE.search(clause)
            if asked or past:
                text = without(text, hit.start(), hit.end())
        return text

    def _door(self, text: str, start: int, people: Sequence[ForWhom]) -> str:
        """Take the orderer's room; rooms of others stand inside their stretch."""
        doors = [
            d
            for d in rooms(text)
            if d.start >= start and not any(p.start <= d.start < p.verb_end for p in people)
        ]
        fullest = max((d.plain for d in doors), key=len, default="")
        if any(d.plain != fullest and not fullest.startswith(d.plain + "-") for d in doors):
            raise Unclear("写了两个房号")
        for door in doors:
            self.body.room = fullest
            text = without(text, door.start, door.end)
        if not doors:
            text = self._bare_room(text, start)
        elif fullest and "-" not in fullest and len(fullest) < 3:
            # `三号楼 小王 1502 2份`: the building before the name, the room behind it.
            text = self._bare_room(text, start)
            if self.body.room != fullest:
                self.body.room = f"{fullest}-{self.body.room}"
        return text

    def _bare_room(self, text: str, start: int) -> str:
        """`502` alone is a room only where the number of things is written beside it."""
        tokens = scan(text, start, len(text), self.goods, minus=False)
        for i, token in enumerate(tokens):
            before = tokens[i - 1] if i else None
            alone = before is None or before.kind in (kinds.SPACE, kinds.BREAK)
            written = text[token.start : token.end]
            bare = token.kind == kinds.COUNT and token.style == "bare" and alone and 3 <= len(written) <= 4
            if bare and any(t.kind == kinds.COUNT and t is not token for t in tokens):
                self.body.room = written
                return without(text, token.start, token.end)
        return text

    def _for_others(self, text: str, start: int, people: Sequence[ForWhom]) -> None:
        own_from = start
        own: list[tuple[int, int]] = []
        said_own = _OWN.search(text, start) is not None
        for i, person in enumerate(people):
            cut = person.cut
            stop = people[i + 1].cut if i + 1 < len(people) else person.end
            stop = min(stop, person.end)
            words = text[person.start : person.verb_end]
            before = text[cut : person.start]
            if said_own and not person.where:
                begin = max((text.rfind(c, own_from, person.start) for c in ",;。"), default=-1) + 1
                cut = (
                    max(begin, own_from) if not _OWN.search(text, max(begin, own_from), person.start) else cut
                )
                before = text[cut : person.start]
            masked = without(text, person.start, person.start + len(words))
            own.append((own_from, cut))
            changes = self._stretch(_unmarked(masked, cut, cut + len(before)), cut, stop)
            self.body.others.append(
                Other(person.name, person.room, person.where or ("top" if said_own else ""), changes)
            )
            own_from = stop
        own.append((own_from, len(text)))
        self._own_part(text, own, said_own)

    def _own_part(self, text: str, own: Sequence[tuple[int, int]], said_own: bool) -> None:
        for begin, end in own[:-1]:
            self.body.changes += self._stretch(text, begin, end)
        begin, end = own[-1]
        rest = self._stretch(text, begin, end)
        if not rest:
            return
        if said_own or (not self.body.changes and not self.body.others[-1].changes):
            self.body.changes += rest
        elif self.body.changes or self.body.others[-1].where:
            raise Unclear("后面的是给谁的，没有说")
        else:
            self.body.others[-1].changes += rest

    def _stretch(self, text: str, start: int, end: int) -> list[Change]:
        tokens = scan(text, start, end, self.goods, minus=self.minus)
        if any(t.kind == kinds.VAGUE for t in tokens):
            self._unsure(text, tokens)
            return []
        self.body.verb |= any(t.kind in (kinds.VERB, kinds.ADD) for t in tokens)
        self.body.numbered |= any(t.kind == kinds.COUNT for t in tokens)
        clauses = Clauses(text, self.goods, listed=not self.talk)
        changes = clauses.read(tokens)
        self._words(text, tokens, clauses.words)
        return changes

    def _unsure(self, text: str, tokens: Sequence[Token]) -> None:
        """Left open: about an order if goods or a number stand beside it, or if it names an earlier one."""
        self.body.unsure = True
        said = [text[t.start : t.end] for t in tokens if t.kind == kinds.VAGUE]
        self.body.about_order |= orders([t for t in tokens if t.kind != kinds.VAGUE]) or any(
            re.search(r"[上前]|老样|照|\d|^[来要买拿订加带]|[份箱盒袋件板提]", word) for word in said
        )

    def _words(self, text: str, tokens: Sequence[Token], words: Sequence[Token]) -> None:
        """What is left over becomes the note, with the small words around it."""
        done = -1
        for word in words:
            if word.start < done:
                continue
            self.body.words = True
            inner = [i for i, t in enumerate(tokens) if t.start <= word.start < t.end]
            first = last = inner[0]
            while first and tokens[first - 1].kind in (kinds.TEXT, kinds.VERB, kinds.FILLER, kinds.EACH):
                first -= 1
            while last + 1 < len(tokens) and tokens[last + 1].kind in _LOOSE:
                last += 1
            done = tokens[last].end
            self._note(tokens[first].start, done)


kinds_of_verbs = (kinds.SET, kinds.DROP, kinds.ADD, kinds.LESS, kinds.SAME)
_LOOSE = (kinds.TEXT, kinds.VERB, kinds.FILLER, kinds.JOIN, kinds.EACH)


def _is_things(token: Token) -> bool:
    """A number that counts things for sure: with a measure word or a sign."""
    return token.kind == kinds.COUNT and token.style != "bare"


def _unmarked(text: str, start: int, end: int) -> str:
    """`其中`, `另外` and the like have been understood."""
    hit = re.compile(
        r"其中|都是|全是|里面有?|里头|当中|内有|包括|包含|含|另外|另|额外|外加|此外|还要?|再|加上|多|有|是|自己"
    ).finditer(text, start, end)
    for found in hit:
        text = without(text, *found.span())
    return text
