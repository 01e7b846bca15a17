"""The mark: three wild geese flying in a skein (雁阵), as SVG and as pixels from one outline."""

from __future__ import annotations

import functools
import io
import math
from dataclasses import dataclass
from typing import Final

from yantuan.media.pillow import Image, ImageDraw

PERSIMMON_LIGHT: Final = (0xF2, 0x70, 0x3F)
PERSIMMON_DEEP: Final = (0xE2, 0x47, 0x2A)

Point = tuple[float, float]

# One goose flying to the right, about 130 wide, as cubic curves from beak round to beak.
_START: Final[Point] = (62, -7)
_CURVES: Final[tuple[tuple[Point, Point, Point], ...]] = (
    ((55, -13), (47, -14), (41, -10)),
    ((32, -4), (22, -8), (10, -13)),
    ((4, -38), (-18, -54), (-46, -60)),
    ((-37, -46), (-32, -30), (-25, -13)),
    ((-40, -10), (-54, -4), (-66, 4)),
    ((-44, 12), (-12, 15), (10, 5)),
    ((22, -1), (32, 4), (43, 0)),
    ((50, -1), (56, -3), (62, -7)),
)


@dataclass(frozen=True, slots=True)
class _Goose:
    x: float
    y: float
    scale: float


# Places on a square of 512; all climb by the same angle.
_SIDE: Final = 512
_CLIMB: Final = -14.0
_SKEIN: Final = (_Goose(324, 258, 2.12), _Goose(134, 148, 1.28), _Goose(150, 398, 1.28))


def mark_svg(*, rounded: bool = True) -> str:
    """The mark on its persimmon ground; `rounded=False` for places that round the corners themselves."""
    radius = 112 if rounded else 0
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE} {_SIDE}" role="img" aria-label="雁团">'
        '<defs><linearGradient id="g" x1="0" y1="0" x2="0" y2="1">'
        f'<stop offset="0" stop-color="{_hex(PERSIMMON_LIGHT)}"/>'
        f'<stop offset="1" stop-color="{_hex(PERSIMMON_DEEP)}"/></linearGradient></defs>'
        f'<rect width="{_SIDE}" height="{_SIDE}" rx="{radius}" fill="url(#g)"/>'
        f'<g fill="#fff">{_svg_geese()}</g></svg>\n'
    )


def skein_svg(colour: str = "#E8502F") -> str:
    """The geese alone on a clear ground."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE} {_SIDE}">'
        f'<g fill="{colour}">{_svg_geese()}</g></svg>\n'
    )


@functools.lru_cache(maxsize=4)
def mark_image(side: int, *, rounded: bool = True) -> Image.Image:
    """The mark as an RGBA picture of `side` pixels. Shared by all callers: copy before drawing on it."""
    image = _ground(side).convert("RGBA")
    if rounded:
        image.putalpha(_rounded_square(side, 112 / _SIDE))
    image.paste((255, 255, 255, 255), (0, 0), skein_mask(side))
    return image


@functools.lru_cache(maxsize=2)
def skein_mask(side: int) -> Image.Image:
    """Where the geese are, as an `L` mask of `side` pixels; paste any colour through it."""
    fine = side * 4
    mask = Image.new("L", (fine, fine), 0)
    draw = ImageDraw.Draw(mask)
    for goose in _SKEIN:
        draw.polygon(_placed(goose, fine / _SIDE), fill=255)
    return mask.resize((side, side), Image.Resampling.LANCZOS)


def mark_png(side: int, *, rounded: bool = True) -> bytes:
    """The mark as a PNG file, `side` pixels wide and high."""
    image = mark_image(side, rounded=rounded)
    out = io.BytesIO()
    (image if rounded else image.convert("RGB")).save(out, "PNG", optimize=True)
    return out.getvalue()


def _placed(goose: _Goose, zoom: float) -> list[Point]:
    turn = math.radians(_CLIMB)
    cos, sin = math.cos(turn) * goose.scale, math.sin(turn) * goose.scale
    return [
        ((goose.x + x * cos - y * sin) * zoom, (goose.y + x * sin + y * cos) * zoom) for x, y in _outline()
    ]


@functools.cache
def _outline() -> tuple[Point, ...]:
    """The goose as a polygon fine enough for any icon size."""
    points: list[Point] = []
    start = _START
    for first, second, end in _CURVES:
        for step in range(24):
            t = step / 24
            points.append(_bezier(start, first, second, end, t))
        start = end
    return tuple(points)


def _bezier(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    s = 1 - t
    weights = (s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t)
    corners = (a, b, c, d)
    x = sum(weight * corner[0] for weight, corner in zip(weights, corners, strict=True))
    y = sum(weight * corner[1] for weight, corner in zip(weights, corners, strict=True))
    return (x, y)


def _ground(side: int) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((side, side), Image.Resampling.BILINEAR)
    return Image.composite(
        Image.new("RGB", (side, side), PERSIMMON_DEEP), Image.new("RGB", (side, side), PERSIMMON_LIGHT), ramp
    )


def _rounded_square(side: int, share: float) -> Image.Image:
    fine = side * 4
    mask = Image.new("L", (fine, fine), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, fine - 1, fine - 1), radius=round(fine * share), fill=255)
    return mask.resize((side, side), Image.Resampling.LANCZOS)


def _svg_geese() -> str:
    place = "translate({:g} {:g}) rotate({:g}) scale({:g})"
    return "".join(
        f'<path transform="{place.format(goose.x, goose.y, _CLIMB, goose.scale)}" d="{_svg_path()}"/>'
        for goose in _SKEIN
    )


def _svg_path() -> str:
    curves = "".join(
        "C" + " ".join(f"{x:g},{y:g}" for x, y in (first, second, end)) for first, second, end in _CURVES
    )
    return f"M{_START[0]:g},{_START[1]:g}{curves}Z"


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02X}{:02X}{:02X}".format(*colour)
