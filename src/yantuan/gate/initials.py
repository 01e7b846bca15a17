"""First letters of the pinyin of a name: 王小雁 → WXY. One letter per character of U+4E00 to U+9FA5, in `initials.txt`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

_FIRST: Final = 0x4E00
_SURNAMES: Final = {"单": "S", "解": "X", "仇": "Q", "曾": "Z", "查": "Z", "区": "O", "任": "R", "朴": "P", "盖": "G", "覃": "Q", "翟": "Z"}  # fmt: skip
"""Characters that are read otherwise as a surname."""


@lru_cache(maxsize=1)
def _letters() -> str:
    return (Path(__file__).resolve().parent / "initials.txt").read_text()


def initials(name: str) -> str:
    """Capitals of the name's characters; Latin letters and digits stay, all else is left out."""
    letters = _letters()
    found = []
    for place, glyph in enumerate(name.strip()):
        at = ord(glyph) - _FIRST
        if place == 0 and glyph in _SURNAMES:
            found.append(_SURNAMES[glyph])
        elif 0 <= at < len(letters):
            found.append(letters[at])
        elif glyph.isascii() and glyph.isalnum():
            found.append(glyph.upper())
    return "".join(found)
