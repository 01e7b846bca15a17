"""A pasted text as lines and clauses, folded, with the numbers of lists taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from yantuan.readers.supplier.tables import written_out
from yantuan.readers.text import Folded, fold, is_emoji, unadorned

_NUMBER = re.compile(
    r"^[\W_]*?(?:\d{1,2}[\ufe0f]?\u20e3|[①-⑳⑴-⒇❶-❿➀-➓⓵-⓾]|[(（]?\d{1,2}\s?[.、)）:：．](?!\d)|[(（【]?[一二三四五六七八九十]{1,2}[、.)）】])"
)
_CUT = re.compile(r"[;。!?|]|,(?!\d{3}(?!\d))|(?<!\d),|\s/\s|\t|\s{3,}")
_EDGES = " /|、:-()+~>→=,;.·👉"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `number` counts from 1, `listed` says it began with a number or a picture."""

    number: int
    raw: str
    folded: Folded
    listed: bool

    def clauses(self) -> list[tuple[int, int]]:
        """Folded positions of each clause with something in it."""
        found, at = [], 0
        text = self.folded.text
        for cut in _CUT.finditer(text):
            found.append((at, cut.start()))
            at = cut.end()
        found.append((at, len(text)))
        return [(start, end) for start, end in found if text[start:end].strip()]

    def words(self, start: int, end: int, left: str) -> str:
        """What was written between two positions, without what `left` has blanked; the longest piece of it."""
        text, best, at = self.folded.text, (0, 0), start
        for i in range(start, end + 1):
            if i == end or (left[i] != text[i]):
                if i - at > best[1] - best[0]:
                    best = (at, i)
                at = i + 1
        return unadorned(self.folded.written(*best)).strip(_EDGES)


def lines_of(text: str) -> Iterator[Line]:
    """All lines, folded one by one."""
    lines = text.splitlines()
    for number, (raw, said) in enumerate(zip(lines, written_out(lines), strict=True), 1):
        head = said[:24]
        hit = _NUMBER.match(head)
        cut = " " * hit.end() + said[hit.end() :] if hit else said
        folded = fold(cut)
        first = raw.lstrip()[:1]
        yield Line(
            number, raw, folded, bool(hit) or (bool(first) and (is_emoji(first) or first in "【[•·●◆■★▪-"))
        )
