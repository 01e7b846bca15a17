"""What the writer says no longer holds, and who sends: both are noise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice

from yantuan.readers.address.names import LIKELY, likeness
from yantuan.readers.address.pieces import blank
from yantuan.readers.address.words import INVALID, NEW_ADDRESS, OLD_ADDRESS, RECEIVER, SENDER

Span = tuple[int, int]
Finder = Callable[[int, int], int | None]
"""(start, end) of a stretch of the text → where its first region begins, or None."""

_SENTENCE = re.compile(r"[^\n。;!]+")
_BRACKET = re.compile(r"\(([^()\n]{2,60})\)")
_FORMER = re.compile(r"[原旧老]|之前|以前|先前")
_CHUNK = re.compile(r"[^ ,]+")
_NUMBER = re.compile(r"1[3-9]\d{5}")
_LONGEST = 2000
_MOST = 20
"""Nobody writes longer sentences about moving house, or more of them: beyond that the text is not searched, so that time stays linear."""


def outdated(plain: str, first_region: Finder) -> list[Span]:
    """Spans to leave out."""
    gone = [*_senders(plain), *islice(_in_brackets(plain, first_region), _MOST)]
    return gone + list(islice(_moved(blank(plain, gone, " "), first_region), _MOST))


def _senders(plain: str) -> list[Span]:
    spans, at = [], 0
    while (sender := SENDER.search(plain, at)) is not None:
        receiver = RECEIVER.search(plain, sender.end())
        end = receiver.start() if receiver else len(plain)
        spans.append((sender.start(), end))
        at = max(end, sender.end())
    return spans


def _in_brackets(plain: str, first_region: Finder) -> Iterator[Span]:
    """（已搬走） speaks of the address before it, （原雨花区地址作废） of itself alone."""
    for hit in _BRACKET.finditer(plain):
        if INVALID.search(hit[1]):
            line = max(plain.rfind("\n", 0, hit.start()) + 1, hit.start() - _LONGEST)
            alone = _FORMER.search(hit[1]) or first_region(*hit.span()) is not None
            before = None if alone else first_region(line, hit.start())
            yield (hit.start() if before is None else before), hit.end()


def _moved(plain: str, first_region: Finder) -> Iterator[Span]:
    for hit in _SENTENCE.finditer(plain):
        start, end = hit.start(), min(hit.end(), hit.start() + _LONGEST)
        while start < end and (span := _next_moved(plain, start, end, first_region)) is not None:
            yield from _without_person(plain, *span)
            start = max(span[1], start + 1)


def _without_person(plain: str, start: int, end: int) -> Iterator[Span]:
    """The span without the name and the number of the person, who stay the same."""
    for hit in _CHUNK.finditer(plain, start, end):
        if likeness(hit[0]) < LIKELY and not _NUMBER.search(hit[0]):
            yield hit.span()


def _next_moved(plain: str, start: int, end: int, first_region: Finder) -> Span | None:
    old = OLD_ADDRESS.search(plain, start, end)
    invalid = INVALID.search(plain, start, end)
    if old is not None and (invalid is None or old.start() <= invalid.start()):
        new, gone = NEW_ADDRESS.search(plain, old.end(), end), INVALID.search(plain, old.end(), end)
        return old.start(), min(new.start() if new else end, gone.end() if gone else end)
    if invalid is None:
        return None
    known = first_region(start, invalid.start())
    clause = max(plain.rfind(",", start, invalid.start()) + 1, start)
    return known if known is not None else clause, invalid.end()
