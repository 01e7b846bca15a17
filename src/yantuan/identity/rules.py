"""Pure decisions about people: names, addresses, return paths, and when two accounts may become one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Protocol

MINUTE, HOUR, DAY = 60, 3600, 86400

MOBILE = re.compile(r"1[3-9]\d{9}")
"""A mainland mobile number."""
SMS_PER_PHONE = ((1, MINUTE), (5, HOUR), (10, DAY))
"""(most codes, seconds) for one phone."""
SMS_PER_ADDRESS = (20, HOUR)
SMS_LIFE_SECONDS = 5 * MINUTE
SMS_TRIES = 5
SESSION_DAYS = 30
LONGEST_SESSION_DAYS = 180
"""However often it is used, then its person signs in anew."""
STATE_SECONDS = 10 * MINUTE
ADDRESSES_PER_PERSON = 30


class AddressLike(Protocol):
    """Anything with the parts of an address: a saved address or an order."""

    province: str
    city: str
    district: str
    detail: str
    building: str
    unit: str
    room: str


def _glyphs(text: str) -> list[str]:
    """What a reader sees as single characters: joined emoji and accents stay together."""
    glyphs: list[str] = []
    for char in text:
        joins = bool(glyphs) and (
            unicodedata.combining(char) != 0
            or char in "\u200d\ufe0f"
            or "\U0001f3fb" <= char <= "\U0001f3ff"
            or glyphs[-1].endswith("\u200d")
        )
        if joins:
            glyphs[-1] += char
        else:
            glyphs.append(char)
    return glyphs


def masked_name(nickname: str) -> str:
    """For public lists: 张三丰 → 张*丰, 王五 → 王*, A → A*, nothing → 匿名."""
    glyphs = _glyphs(nickname.strip())
    if not glyphs:
        return "匿名"
    if len(glyphs) <= 2:
        return f"{glyphs[0]}*"
    return f"{glyphs[0]}*{glyphs[-1]}"


def plain_room(text: str) -> str:
    """`1201室` and `1201` are the same door; the suffix is added again where it is read."""
    bare = text.removesuffix("室")
    return bare if bare.isascii() and bare.isalnum() else text


def building_names(text: str) -> list[str]:
    """The ways people write a building: `2` also stands for 2栋, 2号楼, …"""
    return [text, *(f"{text}{word}" for word in ("栋", "幢", "座", "号", "号楼"))]


def _with_unit(text: str, suffix: str) -> str:
    """`3` → `3栋`; words that already say what they are stay."""
    return f"{text}{suffix}" if text.isascii() and text.isalnum() else text


def address_text(address: AddressLike) -> str:
    """The whole address on one line; in 北京市北京市 the doubled name is said once."""
    city = "" if address.city == address.province else address.city
    region = f"{address.province}{city}{address.district}"
    home = "".join(
        (
            _with_unit(address.building, "栋"),
            _with_unit(address.unit, "单元"),
            _with_unit(address.room, "室"),
        )
    )
    return " ".join(part for part in (region, address.detail, home) if part)


def local_path(target: str) -> str:
    """`target` if it is a path inside this site, else `/`. Guards redirects after sign-in."""
    if not target.startswith("/") or target.startswith(("//", "/\\")) or len(target) > 500:
        return "/"
    if any(ord(c) < 32 or c == "\\" or c == "\x7f" for c in target):
        return "/"
    return target


def may_merge(from_channels: Collection[str], into_channels: Collection[str]) -> bool:
    """Two accounts may become one unless both already have a channel of the same app (two different WeChat users)."""
    return not set(from_channels) & set(into_channels)
