"""Phone numbers in a folded text: the digits, the extension, and the numbers that are none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_GAP = r"[ .\-]{1,2}"
_MOBILE_SHAPES = (
    (11,),
    (3, 4, 4),
    (3, 8),
    (7, 4),
    (4, 3, 4),
    (4, 4, 3),
    (5, 6),
    (6, 5),
    (3, 3, 5),
    (5, 3, 3),
    (3, 2, 2, 2, 2),
    (5, 2, 4),
    (3, 4, 2, 2),
    (3, 2, 2, 4),
    (3, 2, 3, 3),
    (3, 2, 6),
    (4, 7),
    (2, 3, 3, 3),
    (1,) * 11,
)
_EIGHT = ((8,), (4, 4))
_TAIWAN = ((9,), (3, 3, 3), (3, 6), (1, 4, 4), (2, 3, 4), (1, 8), (1, 7), (2, 7), (8,), (1, 3, 4), (2, 3, 3))


def _shaped(shapes: Iterable[tuple[int, ...]], begin: str) -> str:
    """Digits grouped in one of these ways; `begin` is what the first of them are."""
    options = (_GAP.join(rf"\d{{{count}}}" for count in shape) for shape in shapes)
    return rf"(?={begin})(?:{'|'.join(options)})"


_HOME = r"(?:(?:\(?(?:\+|00) ?86\)?|\(86\)|(?<![\d\-])86(?=[ \-]?1))[ \-]{0,2})?"
_EXTENSION = r"(?: ?\(?(?:转接?|轉接?|分机号?|分機號?|[eE][xX][tT]\.?|#)[: ]{0,2}(\d{1,6})(?!\d)\)?| ?- ?(\d{3,5})(?![\d\-]))?"
_MOBILE = re.compile(
    rf"(?<![\d+])(?<!\d[.\-]){_HOME}({_shaped(_MOBILE_SHAPES, '1[ .-]?[3-9]')})(?!\d)" + _EXTENSION
)
_LANDLINE = re.compile(
    r"(?<![\d+])(?:\(?(?:\+|00) ?86\)?[ \-]{0,2}\(?0?|\(?0)(10|2\d|[3-9]\d\d)\)?[ \-]{0,2}"
    r"([1-9]\d{7}|[1-9]\d{6}|[1-9]\d{3}[ \-]\d{4}|[1-9]\d{2}[ \-]\d{4})(?!\d)" + _EXTENSION
)
_ABROAD = re.compile(
    r"(?<![\d+])(?:\(? ?(?:\+|00) ?(?P<code>852|853|886)\)?|\((?P<round>852|853|886)\)|(?P<bare>852|853|886)(?=[ \-]))[ \-]{0,2}(?:\(0\)|0)?[ \-]?"
    rf"(?P<digits>{_shaped(_EIGHT + _TAIWAN, '[1-9]')})(?!\d)"
)
_VIRTUAL = ("170", "171", "162", "165", "167")
_COMMA = re.compile(r", ?(\d{4})(?=[ \n,;]|$)")
"""How shops write the extension of a number that only forwards: 17000001234,5678."""
LONE_EXTENSION = re.compile(r"分机号?[: ]{0,2}(\d{1,6})(?!\d)")
_TOWN_NUMBERS = {
    "香港特别行政区": ("852", re.compile(rf"(?<![\d\-])({_shaped(_EIGHT, '[2-9]')})(?![\d\-])")),
    "澳门特别行政区": ("853", re.compile(rf"(?<![\d\-])({_shaped(_EIGHT, '[2-9]')})(?![\d\-])")),
    "台湾省": (
        "886",
        re.compile(
            r"(?<![\d\-])\(?0(9\d{8}|9\d\d[ \-]\d{3}[ \-]\d{3}|9\d\d[ \-]\d{6}|[2-8]\d?\)?[ \-]\d{3,4}[ \-]?\d{4})(?![\d\-])"
        ),
    ),
}
"""How people there write numbers to each other: without the code of the land."""

BAD_NUMBERS = re.compile(
    r"\+ ?\d[\d \-]{5,}\d"
    r"|(?<![\d\-])1[3-9]\d[ \-]\d{3,5}[ \-]\d{2,6}(?![\d\-])"
    r"|(?<![\d\-])0\d{2,3}[ \-]\d{5,10}(?![\d\-])"
    r"|(?<!\d)[48]00[ \-]?\d{3,4}[ \-]?\d{3,4}(?!\d)"
    r"|[A-Za-z]{0,3}\d{7,}(?:-\d+)*"
)
"""Numbers that are no phone and no part of an address: of a wrong length, of orders and parcels, of hot lines."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number where it stands, in the form it is kept."""

    start: int
    end: int
    number: str
    extension: str | None


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _mobiles(plain: str) -> Iterator[Phone]:
    for hit in _MOBILE.finditer(plain):
        number, (start, end) = _digits(hit[1]), hit.span()
        extension = hit[2] or hit[3]
        if extension is None and number.startswith(_VIRTUAL) and (more := _COMMA.match(plain, end)):
            extension, end = more[1], more.end()
        yield Phone(start, end, number, extension)


def _landlines(plain: str, digits: dict[str, str]) -> Iterator[Phone]:
    for hit in _LANDLINE.finditer(plain):
        area, number = hit[1], _digits(hit[2])
        if str(len(number)) in ("8" if len(area) == 2 else digits.get(area, "7")):
            yield Phone(*hit.span(), f"0{area}-{number}", hit[3] or hit[4])


def _abroad(plain: str) -> Iterator[Phone]:
    for hit in _ABROAD.finditer(plain):
        code, number = hit["code"] or hit["round"] or hit["bare"], _digits(hit["digits"])
        if len(number) == 8 or (code == "886" and len(number) == 9):
            yield Phone(*hit.span(), f"+{code}-{number}", None)


def find_phones(plain: str, digits: dict[str, str]) -> list[Phone]:
    """All numbers in the order of the text. `digits`: how many digits the numbers of an area have (`Table.digits`)."""
    found: list[Phone] = []
    for one in sorted(
        [*_abroad(plain), *_mobiles(plain), *_landlines(plain, digits)], key=lambda p: (p.start, -p.end)
    ):
        if not found or one.start >= found[-1].end:
            found.append(one)
    return found


def find_local_phones(plain: str, province: str) -> list[Phone]:
    """Numbers as they are written inside Hong Kong, Macau or Taiwan; none elsewhere."""
    if province not in _TOWN_NUMBERS:
        return []
    code, pattern = _TOWN_NUMBERS[province]
    return [Phone(*hit.span(), f"+{code}-{_digits(hit[1])}", None) for hit in pattern.finditer(plain)]
