"""同城配送按距离: bands around the place goods leave from. Pure.

A distance is the straight line (直线距离), never the way a rider takes, and everybody is told so. Bands are whole hundreds of
metres and people read a distance rounded up to the next hundred: what is shown as 3.0 km is always within a band of 3 km.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Annotated, Final, Protocol

from pydantic import Field

from yantuan.kernel.errors import Conflict, Invalid
from yantuan.kernel.money import price_text
from yantuan.kernel.spots import Spot, metres_between

MAX_BANDS: Final = 12
STEP_M: Final = 100
MAX_M: Final = 100_000
BandFen = Annotated[int, Field(strict=True, ge=0, le=100_000_000_00)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What bringing costs up to a distance; amounts in fen."""

    up_to_m: Annotated[int, Field(strict=True, ge=STEP_M, le=MAX_M, multiple_of=STEP_M)]
    """Its border in metres belongs to it."""
    fee_fen: Annotated[int, Field(strict=True, ge=0, le=100_000_00)] = 0
    free_above_fen: BandFen = 0
    """Goods of this worth are brought free; 0: never."""
    least_fen: BandFen = 0
    """起送: goods of less worth are not brought this far; 0: no such bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """Where goods leave from, and the bands around it from near to far; beyond the last one nothing is brought."""

    origin: Spot
    """The leader's; buyers never see it."""
    bands: Annotated[tuple[Band, ...], Field(min_length=1, max_length=MAX_BANDS)]


class Located(Protocol):
    """Where a parcel goes, as far as distance counts."""

    @property
    def spot(self) -> Spot | None: ...
    @property
    def metres(self) -> int | None: ...


def metres_to(distance: Distance, place: Located | None) -> int | None:
    """How far a place is: as an earlier order to it was charged, else by its point; None where neither is known."""
    if place is None:
        return None
    if place.metres is not None:
        return place.metres
    return metres_between(distance.origin, place.spot) if place.spot else None


def band_of(distance: Distance, metres: int) -> Band | None:
    """The nearest band that reaches so far; None beyond the last."""
    return next((band for band in distance.bands if metres <= band.up_to_m), None)


def distance_fen(distance: Distance, goods_fen: int, metres: int) -> int:
    """What bringing goods of this worth so far costs, in fen. Raises Conflict `beyond_delivery` or `below_least_order`."""
    band = band_of(distance, metres)
    if band is None:
        raise beyond_delivery(distance, metres)
    if goods_fen < band.least_fen:
        raise Conflict(
            "below_least_order",
            f"直线距离{about_text(metres)}，{price_text(band.least_fen)} 起送，还差 {price_text(band.least_fen - goods_fen)}",
            f"Orders to a place this far ({about_text_en(metres)}) start at {price_text(band.least_fen)}.",
            least_fen=band.least_fen,
        )
    return band_fen(band, goods_fen)


def band_fen(band: Band, goods_fen: int) -> int:
    """What one band asks for goods of this worth, in fen."""
    return 0 if band.free_above_fen and goods_fen >= band.free_above_fen else band.fee_fen


def about_m(metres: int) -> int:
    """Metres as people read them: rounded up to the next hundred, so that no border is crossed by rounding."""
    return max(STEP_M, -(-metres // STEP_M) * STEP_M)


def km_text(metres: int) -> str:
    """`2.3 km` of 2300, `3 km` of 3000; of whole hundreds of metres."""
    whole, tenth = divmod(metres // STEP_M, 10)
    return f"{whole}.{tenth} km" if tenth else f"{whole} km"


def about_text(metres: int) -> str:
    """`约 2.3 km`."""
    return f"约 {km_text(about_m(metres))}"


def about_text_en(metres: int) -> str:
    """`about 2.3 km`."""
    return f"about {km_text(about_m(metres))}"


def beyond_delivery(distance: Distance, metres: int) -> Conflict:
    """The refusal of a place that is too far."""
    far = km_text(distance.bands[-1].up_to_m)
    return Conflict(
        "beyond_delivery",
        f"这个地址直线距离{about_text(metres)}，最远送到 {far}，请换一个收货地址或改为自提",
        f"This address is {about_text_en(metres)} away in a straight line; delivery ends at {far}. Choose another address or pick up.",
        about_m=about_m(metres),
        up_to_m=distance.bands[-1].up_to_m,
    )


def address_unmarked() -> Conflict:
    """The refusal of an address without a point."""
    return Conflict(
        "address_unmarked",
        "这里按直线距离算运费，请先在收货地址上标一下位置",
        "Delivery is charged by straight-line distance here: mark your address on the map first.",
    )


def check_distance(distance: Distance, field_name: str) -> None:
    """Raise Invalid `freight_template_invalid` for bands that can't be read one way only."""
    ends = [band.up_to_m for band in distance.bands]
    if any(after <= before for before, after in itertools.pairwise(ends)):
        raise _wrong("距离要从近到远，一段比一段远", "Bands go from near to far.", field_name)
    fees = [band.fee_fen for band in distance.bands]
    if any(after < before for before, after in itertools.pairwise(fees)):
        raise _wrong("远的一段运费不能比近的便宜", "Farther away must not cost less.", field_name)


def _wrong(zh: str, en: str, field_name: str) -> Invalid:
    return Invalid("freight_template_invalid", zh, en, field=field_name)


def band_text(band: Band) -> str:
    """How a buyer reads one band: `运费 ¥5.00，满 ¥99.00 免运费，¥30.00 起送`."""
    least = [f"{price_text(band.least_fen)} 起送"] if band.least_fen else []
    if not band.fee_fen:
        return "，".join(["免运费", *least])
    free = [f"满 {price_text(band.free_above_fen)} 免运费"] if band.free_above_fen else []
    return "，".join([f"运费 {price_text(band.fee_fen)}", *free, *least])


def band_text_en(band: Band) -> str:
    """The same in English."""
    least = [f"orders from {price_text(band.least_fen)}"] if band.least_fen else []
    if not band.fee_fen:
        return ", ".join(["Free delivery", *least])
    free = [f"free from {price_text(band.free_above_fen)}"] if band.free_above_fen else []
    return ", ".join([f"Delivery {price_text(band.fee_fen)}", *free, *least])


def distance_text(distance: Distance) -> tuple[str, str]:
    """One short line for the page, in Chinese and in English."""
    far = km_text(distance.bands[-1].up_to_m)
    return f"运费按直线距离计算，最远送 {far}", f"Delivery by straight-line distance, up to {far}"


def distance_table(distance: Distance) -> list[tuple[str, str, str, str]]:
    """运费是多少: (how far, in English, what it costs, in English), what is too far last."""
    rows = [
        (
            f"直线距离 {km_text(band.up_to_m)} 以内",
            f"Within {km_text(band.up_to_m)}, straight line",
            band_text(band),
            band_text_en(band),
        )
        for band in distance.bands
    ]
    return [*rows, ("更远", "Farther away", "不配送", "Not delivered")]
