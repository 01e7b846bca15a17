"""Numbers as people write them, in digits or in Chinese."""

from __future__ import annotations

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2, "仨": 3}
_ONE = "[一二三四五六七八九]"
CHINESE = rf"(?:(?:{_ONE}|两)百(?:零{_ONE}|{_ONE}十{_ONE}?|{_ONE})?|{_ONE}?十{_ONE}?|[一二两俩仨三四五六七八九](?!十|百))"
"""One well-formed Chinese number up to 999, as a pattern."""


def value(text: str) -> int | None:
    """`12`, `十二`, `两百零五` → the number; None if it is none. `一百二` is 120."""
    if text.isascii() and text.isdigit():
        return int(text)
    hundreds, found, rest = "", 0, text
    if "百" in text:
        hundreds, rest = text.split("百", 1)
        if hundreds not in _DIGITS:
            return None
        found = _DIGITS[hundreds] * 100
        if len(rest) == 1 and rest in _DIGITS and hundreds:
            return found + _DIGITS[rest] * 10
        rest = rest.lstrip("零")
    if "十" in rest:
        tens, ones = rest.split("十", 1)
        if (tens and tens not in _DIGITS) or (ones and ones not in _DIGITS):
            return None
        return found + (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)
    if rest == "" and hundreds:
        return found
    return found + _DIGITS[rest] if rest in _DIGITS else None


def digits(text: str) -> str | None:
    """A number read digit by digit, as on a door: `五零二` → `502`; None if it is none."""
    if all(c in _DIGITS and c not in "两俩仨" for c in text):
        return "".join(str(_DIGITS[c]) for c in text)
    return None


def chinese(number: int) -> str:
    """A number from 1 to 99 in Chinese, for finding sizes written that way."""
    names = "零一二三四五六七八九"
    if number < 10:
        return names[number]
    tens, ones = divmod(number, 10)
    return ("" if tens == 1 else names[tens]) + "十" + (names[ones] if ones else "")
