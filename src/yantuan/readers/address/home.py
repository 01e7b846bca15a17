"""Taking building, unit and room off the end of an address."""

from __future__ import annotations

import re
from typing import NamedTuple

_NUMBER = r"\d{1,4}|[一二三四五六七八九十]{1,3}"
_BUILDING = rf"(?:(?:{_NUMBER})[A-Za-z]?|[A-Za-z]\d{{0,2}})(?:栋|棟|幢|号楼|號樓|座|#楼?)"
_UNIT = r"(?:\d{1,2}|[一二三四五六七八九十甲乙丙丁]{1,2})(?:单元|單元)|[1-9](?:门|門)"
_ROOM = r"(?P<room>\d{3,4}[A-Za-z]?|[A-Za-z]\d{3,4})(?:室|号房|号|房)?"
_HOME = re.compile(rf"(?<!\d)(?P<building>{_BUILDING})?(?P<unit>{_UNIT})?{_ROOM}$")
_SHORT = re.compile(r"(?<![\d\-])(?P<building>\d{1,3})-(?:(?P<unit>\d{1,2})-)?(?P<room>\d{3,4})$")


class Home(NamedTuple):
    """An address without its last part, and that part: 3栋, 2单元, 502. Empty: not written."""

    detail: str
    building: str
    unit: str
    room: str


def split_home(detail: str) -> Home:
    """Split where building and room are plain at the end; otherwise the address stays whole. 5-2-901 after an estate is building, unit, room."""
    hit = _HOME.search(detail)
    if hit is None or not (hit["building"] or hit["unit"]):
        hit = _SHORT.search(detail)
    if hit is None or not detail[: hit.start()]:
        return Home(detail, "", "", "")
    return Home(detail[: hit.start()], hit["building"] or "", hit["unit"] or "", hit["room"])
