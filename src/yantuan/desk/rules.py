"""What the orders table is asked for: filters, order and columns, read from an address and written to one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from yantuan.desk.words import AFTERSALE, BY_KEY, DELIVERY, METHODS, NOTES, PAYMENT, SORTS, TABS, USUAL, WAYS
from yantuan.kernel.errors import Invalid

MAX_ID: Final = 2**63 - 1
SEARCH: Final = 40
TAG: Final = 12


Asked = Mapping[str, Sequence[str]]
"""The query of an address: each name with all its values."""


@dataclass(frozen=True, slots=True)
class Filters:
    """One question to the table. Empty fields narrow nothing."""

    tab: str = "all"
    q: str = ""
    sale: int = 0
    payment: tuple[str, ...] = ()
    delivery: tuple[str, ...] = ()
    aftersale: tuple[str, ...] = ()
    way: str = ""
    method: str = ""
    point: int = 0
    product: int = 0
    first: date | None = None
    last: date | None = None
    note: str = ""
    refundable: bool = False
    flagged: bool = False
    tag: str = ""
    sort: str = "new"
    cols: tuple[str, ...] = USUAL

    @property
    def narrowed(self) -> int:
        """How many of the fields in the panel narrow the table."""
        fields = (
            self.sale, self.payment, self.delivery, self.aftersale, self.way, self.method, self.point, self.product, self.first,
            self.last, self.note, self.refundable, self.flagged, self.tag,
        )  # fmt: skip
        return sum(1 for value in fields if value)


def _wrong(field: str) -> Invalid:
    return Invalid(
        "filter_unknown",
        "筛选条件不对，请清除后重新选择",
        "A filter is not valid; clear it and choose again.",
        field=field,
    )


def _text(asked: Asked, name: str) -> str:
    """The last value of a name, as forms mean it; empty for none."""
    values = asked.get(name) or [""]
    return values[-1]


def _values(asked: Asked, name: str) -> list[str]:
    """All values, whether each stands for itself or several are joined by commas."""
    return [value for text in asked.get(name, ()) for value in text.split(",") if value]


def _one(asked: Asked, name: str, known: Collection[str], usual: str = "") -> str:
    value = _text(asked, name) or usual
    if value != usual and value not in known:
        raise _wrong(name)
    return value


def _many(asked: Asked, name: str, known: Mapping[str, Any]) -> tuple[str, ...]:
    values = _values(asked, name)
    if any(value not in known for value in values):
        raise _wrong(name)
    return tuple(key for key in known if key in values)


def _id(asked: Asked, name: str) -> int:
    text = _text(asked, name)
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and 1 <= int(text) <= MAX_ID):
        raise _wrong(name)
    return int(text)


def _day(asked: Asked, name: str) -> date | None:
    text = _text(asked, name)
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise _wrong(name) from None


def _columns(asked: Asked) -> tuple[str, ...]:
    """In the person's own order; none chosen stands for the usual ones."""
    values = _values(asked, "cols")
    if any(value not in BY_KEY for value in values):
        raise _wrong("cols")
    return tuple(dict.fromkeys(values)) or USUAL


def read(asked: Asked) -> Filters:
    """The question an address asks. Raises Invalid `filter_unknown`: what isn't understood must not widen what is acted on."""
    return Filters(
        tab=_one(asked, "tab", TABS, "all"),
        q=_words(asked, "q", SEARCH),
        sale=_id(asked, "sale"),
        payment=_many(asked, "payment", PAYMENT),
        delivery=_many(asked, "delivery", DELIVERY),
        aftersale=_many(asked, "aftersale", AFTERSALE),
        way=_one(asked, "way", WAYS),
        method=_one(asked, "method", METHODS),
        point=_id(asked, "point"),
        product=_id(asked, "product"),
        first=_day(asked, "first"),
        last=_day(asked, "last"),
        note=_one(asked, "note", NOTES),
        refundable=_text(asked, "refundable") == "1",
        flagged=_text(asked, "flagged") == "1",
        tag=_words(asked, "tag", TAG),
        sort=_one(asked, "sort", SORTS, "new"),
        cols=_columns(asked),
    )


def _words(asked: Asked, name: str, longest: int) -> str:
    return clean(_text(asked, name), longest)


def clean(text: str, longest: int) -> str:
    """What was typed on one line, without what can't be shown or kept."""
    kept = "".join(c if c.isprintable() else " " for c in text if not "\ud800" <= c <= "\udfff")
    return kept.strip()[:longest]


def write(filters: Filters) -> str:
    """The address that asks this, never empty; the same question always has the same one."""
    usual = Filters()
    pairs: list[tuple[str, str]] = []
    for name in Filters.__slots__:
        value = getattr(filters, name)
        if value == getattr(usual, name):
            continue
        if isinstance(value, tuple):
            pairs.append((name, ",".join(value)))
        elif isinstance(value, bool):
            pairs.append((name, "1"))
        else:
            pairs.append((name, str(value)))
    return urlencode(pairs or [("tab", usual.tab)], safe=",")


def to_keep(filters: Filters) -> str:
    """The address as a saved view keeps it: without the words of a search, for those may name people."""
    return write(replace(filters, q=""))
