"""A folded text cut into pieces: what stands between separators, labels, phone numbers and the region."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from yantuan.readers.address.regions import LABEL, NOISE, PHONE
from yantuan.readers.address.words import ADDRESS, NAME, NOTE, OTHER, REGION
from yantuan.readers.address.words import LABEL as LABEL_WORDS
from yantuan.readers.address.words import PHONE as PHONE_LABEL

REGION_MARK = "\x03"
MARKS = LABEL + PHONE + NOISE + REGION_MARK
_PIECE = re.compile(rf"[^ \n,;|、。!?~@\"'“”‘’()\[\]…{MARKS}]+")
_INNER = re.compile(r"(?<!\d)[:/]+|[:/]+(?!\d)|^[\-_=*#·>→.]+|[\-_=*#>→]+$")
_LATIN = re.compile(r"[A-Za-z.'\-]+")
_BOUNDARY = " \n,;|、。!?~()[]/:-\"'“”…" + MARKS


@dataclass(frozen=True, slots=True)
class Label:
    """A word that announces what follows it, up to `until`."""

    start: int
    end: int
    until: int
    kind: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Text between two separators."""

    start: int
    end: int
    plain: str
    label: str | None
    bracketed: bool


def blank(text: str, spans: list[tuple[int, int]], mark: str) -> str:
    """The text with these spans replaced, character by character."""
    if not spans:
        return text
    parts, at = [], 0
    for start, end in sorted(spans):
        if start < at:
            start = at
        if end > start:
            parts += [text[at:start], mark * (end - start)]
            at = end
    return "".join(parts) + text[at:]


def _at_boundary(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] in _BOUNDARY


def _is_label(text: str, hit: re.Match[str], kind: str) -> bool:
    following = text[hit.end() : hit.end() + 1]
    if kind == PHONE_LABEL and following in {PHONE, NOISE}:
        return True
    if not _at_boundary(text, hit.start()):
        return bool(hit["colon"])
    if hit[0].rstrip().endswith((":", "=")):
        return True
    if kind == PHONE_LABEL:
        return following in {"", "\n", " "} or following.isdigit()
    if kind == OTHER:
        return not following.strip() or following.isascii()
    return kind != NAME or following != ""


def labels(text: str) -> list[Label]:
    """The labels of a text in which phones are marked already."""
    hits = []
    for hit in LABEL_WORDS.finditer(text):
        kind = next(k for k in (NAME, PHONE_LABEL, REGION, ADDRESS, NOTE, OTHER) if hit[k] or hit[f"{k}_"])
        if _is_label(text, hit, kind):
            hits.append((hit, kind))
    found = []
    for n, (hit, kind) in enumerate(hits):
        limit = hits[n + 1][0].start() if n + 1 < len(hits) else len(text)
        found.append(Label(hit.start(), hit.end(), _reach(text, hit, kind, limit), kind))
    return found


def _reach(text: str, hit: re.Match[str], kind: str, limit: int) -> int:
    """Where what a label announces ends: with its line, or the next one when the label stands alone."""
    start = hit.end()
    while start < limit and text[start] in " \n":
        start += 1
    ends = r"[\n]"
    if kind == OTHER:
        ends = r"[\n,;]" if hit[0].rstrip().endswith((":", "=")) else r"[\n,; ]"
    stop = re.compile(ends).search(text, start, limit)
    return stop.start() if stop else limit


def pieces(text: str, found: list[Label]) -> list[Piece]:
    """All pieces in the order of the text."""
    result: list[Piece] = []
    queue = iter([*found, None])
    label = next(queue)
    depth = at = 0
    for start, end in _spans(text):
        depth = max(0, depth + sum((c in "([") - (c in ")]") for c in text[at:start]))
        at = end
        while label is not None and label.until <= start:
            label = next(queue)
        kind = label.kind if label is not None and label.end <= start else None
        piece = Piece(start, end, text[start:end], kind, depth > 0)
        last = result[-1] if result else None
        if last and last.label == kind and text[last.end : start] == " " and _both_latin(last, piece):
            result[-1] = Piece(last.start, end, text[last.start : end], kind, last.bracketed)
        else:
            result.append(piece)
    return result


def _both_latin(one: Piece, other: Piece) -> bool:
    return bool(_LATIN.fullmatch(other.plain) and _LATIN.fullmatch(one.plain.replace(" ", "")))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Runs without separators; `/` and `:` separate except between digits."""
    for hit in _PIECE.finditer(text):
        start = hit.start()
        for cut in _INNER.finditer(hit[0]):
            if hit.start() + cut.start() > start:
                yield start, hit.start() + cut.start()
            start = hit.start() + cut.end()
        if start < hit.end():
            yield start, hit.end()
