"""Points on the map and the straight line between two of them. Pure.

Points are GCJ-02, the coordinates of every map in the mainland: what `wx.chooseLocation` answers and what 腾讯地图, 高德 and
WeChat show. A phone's own position (WGS-84) is turned into them where it is read, before it is sent. They are kept as whole
millionths of a degree, about 11 cm, so that what is stored, sent and compared is the same number everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Annotated, Final

from pydantic import Field

EARTH_M: Final = 6_371_009
"""Mean radius of the earth in metres."""
MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Spot:
    """One point, GCJ-02, in millionths of a degree."""

    lat_e6: Annotated[int, Field(strict=True, ge=-90_000_000, le=90_000_000)]
    lng_e6: Annotated[int, Field(strict=True, ge=-180_000_000, le=180_000_000)]


def spot_of(lat_e6: int | None, lng_e6: int | None) -> Spot | None:
    """The point of two columns that are both filled or both empty."""
    return None if lat_e6 is None or lng_e6 is None else Spot(lat_e6, lng_e6)


def metres_between(one: Spot, other: Spot) -> int:
    """The straight line over the earth's surface (haversine) in whole metres; never the way a rider takes."""
    lat, other_lat = radians(one.lat_e6 / MICRO), radians(other.lat_e6 / MICRO)
    turn = radians((other.lng_e6 - one.lng_e6) / MICRO)
    half = sin((other_lat - lat) / 2) ** 2 + cos(lat) * cos(other_lat) * sin(turn / 2) ** 2
    # On the far side of the earth rounding may pass 1 by a hair.
    return round(2 * EARTH_M * asin(sqrt(min(1.0, half))))
