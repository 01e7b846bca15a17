"""Values of subscription messages, cut so that WeChat takes them (it refuses the whole message otherwise)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

_HAN = re.compile(r"[^\u4e00-\u9fff\u3400-\u4dbf]")
_KEY = re.compile(r"([a-z_]+?)(\d*)")


def fit_template_value(key: str, value: str) -> str:
    """`value` made acceptable for a template key such as `thing1` or `amount3`.

    Cuts to the limit of the key's type and drops characters it forbids; never empty, never with line
    breaks. Keys of unknown type are only cleaned.
    """
    match = _KEY.fullmatch(key)
    fit = _FITS.get(match[1] if match else "")
    clean = _clean(value)
    # Joined once more: a character dropped between two spaces would leave both.
    return " ".join((fit(clean) if fit else clean).split()) or _EMPTY.get(match[1] if match else "", "-")


def fit_template_data(data: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The `data` object of a message, every value fitted."""
    return {key: {"value": fit_template_value(key, value)} for key, value in data.items()}


def _clean(text: str) -> str:
    spaced = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join("".join(c for c in spaced if unicodedata.category(c) not in ("Cs", "Cn", "Co")).split())


def _size(text: str) -> int:
    # Characters outside the basic plane are counted as two, which is what the platform's own counting may do.
    return sum(2 if ord(c) > 0xFFFF else 1 for c in text)


def _thing(text: str) -> str:
    if _size(text) <= 20:
        return text
    while _size(text) > 17:
        text = text[:-1]
    return text.rstrip() + "..."


def _name(text: str) -> str:
    # Ten Chinese characters or twenty letters: a Chinese one weighs two.
    kept, weight = "", 0
    for c in text:
        weight += 1 if c.isascii() else 2
        if weight > 20:
            break
        kept += c
    return kept


def _ascii(limit: int, allowed: str = r"\x20-\x7e") -> Callable[[str], str]:
    forbidden = re.compile(f"[^{allowed}]")
    return lambda text: forbidden.sub("", text).strip()[:limit]


def _amount(text: str) -> str:
    match = re.search(r"([^\d\s.\-]?)\s*([0-9]{1,10}(?:\.[0-9]{1,2})?)(元?)", text)
    return "".join(match.groups()) if match else ""


_FITS: dict[str, Callable[[str], str]] = {
    "thing": _thing,
    "name": _name,
    "phrase": lambda text: _HAN.sub("", text)[:5],
    "amount": _amount,
    "number": _ascii(32, r"0-9.\-"),
    "letter": _ascii(32, "A-Za-z"),
    "symbol": lambda text: text[:5],
    "character_string": _ascii(32),
    "phone_number": _ascii(17, r"0-9+\-"),
    "car_number": lambda text: text[:8],
    "time": lambda text: text[:40],
    "date": lambda text: text[:40],
}
_EMPTY = {"thing": "无", "name": "无", "phrase": "已更新", "amount": "0元", "number": "0", "letter": "N"}
