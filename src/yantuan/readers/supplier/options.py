"""Choices that share one price: 馅料：猪肉、三鲜; 尺码：M/L/XL; 颜色：红 蓝."""

from __future__ import annotations

import re
from itertools import product

_LABELS = "馅料|馅|内馅|口味|味道|颜色|色号|花色|尺码|尺寸|码数|身高|款式|花型|香型|型号"
_LISTED = re.compile(
    rf"^\W*(?P<head>[^:：]{{2,24}}?[\s,，])??(?:可选)?(?:[两二三四五六七八九十\d]{{1,2}}[种款个])?(?:{_LABELS})(?:可选|任选|有)?(?:\s?[:：]\s?|\s)(?P<list>\S.*)$"
)
_SIZE = r"(?:xs|s|m|l|x{1,4}l|\dxl|均码)"
SIZES = re.compile(
    rf"(?<![a-z\d]){_SIZE}(?:码)?(?:\s?[/、,，\s]\s?{_SIZE}(?:码)?)+(?![a-z\d])(?:\s*(?:[两二三四五六七八]|\d)个?(?:码|号|尺码)(?:可选)?)?"
)
_ALIKE = re.compile(
    r"(?:[^\s、,，/:：\d]{1,6}(?P<kind>款|色|味|馅|码|型))(?:[\s、,，/]+[^\s、,，/:：\d]{1,6}(?P=kind))+"
)
"""`男款 女款`, `红色、蓝色`: choices without a word for what they are."""
_PARTS = re.compile(r"[/、,，;；|\s]+")
_TAIL = re.compile(
    r"(?:\s*(?:可选|任选|任选其一|都有|自选|随机|备注|请备注|等))+$|\s*(?:共?[两二三四五六七八九十\d]+[种个款色](?:口味|颜色|码)?)$"
)
MOST = 12
"""Choices of one list."""
LONGEST = 10
"""Characters of one choice."""


def choices(text: str) -> tuple[str, list[str]]:
    """What a line lists to choose from, and the words before it; nothing where it is no such line."""
    if _ALIKE.fullmatch(text.strip()):
        return "", _parts(text)
    hit = _LISTED.match(text)
    return ((hit["head"] or "").strip(), _parts(hit["list"])) if hit else ("", [])


def sizes(text: str) -> tuple[str, list[str]]:
    """`家居服 M/L/XL 三个码` → the words without the sizes, and the sizes."""
    hit = SIZES.search(text.lower()) if len(text) == len(text.lower()) else None
    if hit is None:
        return text, []
    found = _parts(
        re.sub(r"\s*[两二三四五六七八\d]个?(?:码|号|尺码)(?:可选)?$", "", text[hit.start() : hit.end()])
    )
    return (text[: hit.start()] + " " + text[hit.end() :]).strip(), found


def _parts(text: str) -> list[str]:
    bare = _TAIL.sub("", text.strip(" 。.!！()（）"))
    found = [part for part in _PARTS.split(bare) if part]
    fits = 2 <= len(found) <= MOST and all(len(part) <= LONGEST for part in found)
    return found if fits and len(set(found)) == len(found) else []


def names(options: list[list[str]], spec: str, most: int) -> list[str]:
    """The variants of one price: every choice of every list, with the size said beside the price; empty if too many."""
    count = 1
    for each in options:
        count *= len(each)
    if not options or count > most:
        return []
    return [" ".join(filter(None, (*chosen, spec))) for chosen in product(*options)]
