"""Two views of a pasted text, character by character of the same length: as written, and folded for matching."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_PUNCTUATION = str.maketrans(
    {
        "【": "[", "】": "]", "〔": "[", "〕": "]", "「": "[", "」": "]", "『": "[", "』": "]", "《": "[", "》": "]", "〈": "[", "〉": "]",
        "{": "[", "}": "]", "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "﹣": "-", "ー": "-", "﹕": ":", "︰": ":",
        "∶": ":", "﹐": ",", "､": ",", "﹑": "、", "﹔": ";", "｡": "。", "〜": "~", "•": "·", "・": "·", "●": "·", "‧": "·", "∙": "·",
    }
)  # fmt: skip
_LINE_ENDS = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Characters that look empty but count as letters or symbols."""


class _Cleaning(dict[int, str | None]):
    """For `str.translate`: line ends become \\n, blanks and pictures a space, what can't be seen nothing."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        kind = unicodedata.category(char)
        found: str | None = char
        if char in _LINE_ENDS:
            found = "\n"
        elif char == "\n":
            found = char
        elif char == "\t" or kind in {"Zs", "So", "Sk", "Co", "Cn", "Cs"} or char in _BLANKS:
            # Half-open accents of the keyboard are no pictures.
            found = char if char in "`^" else " "
        elif kind in {"Cc", "Cf"} or "\ufe00" <= char <= "\ufe0f":
            found = None
        self[code] = found
        return found


class _Widths(dict[int, str]):
    """For `str.translate`: full-width forms become half-width; of the rest only what `every` allows."""

    def __init__(self, *, every: bool) -> None:
        super().__init__()
        self._every = every

    def __missing__(self, code: int) -> str:
        char = chr(code)
        found = char
        if "\uff01" <= char <= "\uff5e":
            half = chr(code - 0xFEE0)
            if self._every or half.isalnum():
                found = half
        elif self._every and char.isdecimal():
            found = str(unicodedata.decimal(char))
        self[code] = found
        return found


_CLEANING = _Cleaning()
_AS_WRITTEN = _Widths(every=False)
_FOLDED = _Widths(every=True)


@dataclass(frozen=True, slots=True)
class Folded:
    """One text twice; position n of the one is position n of the other."""

    raw: str
    """As written, without invisible marks and pictures, digits and letters of half width."""
    plain: str
    """For matching: also punctuation of half width, and simplified characters."""


def fold(text: str, simplified: dict[int, int]) -> Folded:
    """Both views. `simplified` maps traditional characters to simplified ones, one to one, by code point."""
    clean = text.translate(_CLEANING)
    plain = clean.translate(_FOLDED).translate(_PUNCTUATION).translate(simplified)
    return Folded(clean.translate(_AS_WRITTEN), plain)
