"""Brushes shared by posters and cards: palette, rounded corners, soft shadows, pictures that fill a place."""

from __future__ import annotations

import functools
import io
from typing import Final

from yantuan.kernel.money import yuan_text
from yantuan.media.pillow import Image, ImageDraw, ImageFilter
from yantuan.sharing.mark import mark_image, skein_mask
from yantuan.sharing.typesetting import Colour, face

PERSIMMON: Final[Colour] = (0xE8, 0x50, 0x2F)
INK: Final[Colour] = (0x1F, 0x23, 0x29)
GREY: Final[Colour] = (0x8A, 0x8F, 0x99)
PALE: Final[Colour] = (0xC9, 0xCC, 0xD1)
GROUND: Final[Colour] = (0xF6, 0xF6, 0xF4)
WHITE: Final[Colour] = (0xFF, 0xFF, 0xFF)
BLUSH: Final[Colour] = (0xFD, 0xEE, 0xE8)
AMBER: Final[Colour] = (0xB9, 0x6A, 0x00)
AMBER_PALE: Final[Colour] = (0xFF, 0xF3, 0xDC)

Box = tuple[int, int, int, int]


@functools.lru_cache(maxsize=4)
def rounded_mask(width: int, height: int, radius: int) -> Image.Image:
    """An `L` mask of a rectangle with smooth corners. Shared: never draw on it."""
    fine = 4
    corner = Image.new("L", (radius * fine, radius * fine), 0)
    ImageDraw.Draw(corner).ellipse((0, 0, radius * 2 * fine, radius * 2 * fine), fill=255)
    corner = corner.resize((radius, radius), Image.Resampling.LANCZOS)
    mask = Image.new("L", (width, height), 255)
    mask.paste(corner, (0, 0))
    mask.paste(corner.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (width - radius, 0))
    mask.paste(corner.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (0, height - radius))
    mask.paste(corner.transpose(Image.Transpose.ROTATE_180), (width - radius, height - radius))
    return mask


def panel(canvas: Image.Image, box: Box, radius: int, colour: Colour) -> None:
    """A plain rounded rectangle."""
    left, top, right, bottom = box
    canvas.paste(colour, (left, top), rounded_mask(right - left, bottom - top, radius))


def lifted_panel(canvas: Image.Image, box: Box, radius: int, colour: Colour) -> None:
    """A rounded rectangle that throws a soft warm shadow."""
    left, top, right, bottom = box
    spread = 36
    shadow = _shadow(right - left, bottom - top, radius, spread)
    canvas.paste((0xC8, 0xB4, 0xA6), (left - spread, top - spread + 10), shadow)
    panel(canvas, box, radius, colour)


@functools.lru_cache(maxsize=2)
def _shadow(width: int, height: int, radius: int, spread: int) -> Image.Image:
    # Blurred at a quarter of the size: nobody can tell, and it costs a sixteenth.
    small = Image.new("L", ((width + 2 * spread) // 4, (height + 2 * spread) // 4), 0)
    inner = (spread // 4, spread // 4, (width + spread) // 4, (height + spread) // 4)
    ImageDraw.Draw(small).rounded_rectangle(inner, radius=max(1, radius // 4), fill=96)
    blurred = small.filter(ImageFilter.GaussianBlur(spread / 10))
    return blurred.resize((width + 2 * spread, height + 2 * spread), Image.Resampling.BICUBIC)


def opened_pictures(pictures: list[bytes], most: int) -> list[Image.Image]:
    """The first `most` pictures that can be decoded; a damaged one is passed over."""
    out: list[Image.Image] = []
    for data in pictures:
        if len(out) == most:
            break
        try:
            image = Image.open(io.BytesIO(data), formats=("WEBP", "JPEG", "PNG"))
            image.draft("RGB", (800, 800))
            out.append(image.convert("RGB"))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue
    return out


def paste_cover(
    canvas: Image.Image, picture: Image.Image, box: Box, radius: int, *, faded: bool = False
) -> None:
    """Fill `box` with the middle of `picture`; `faded` for things that cannot be bought any more."""
    left, top, right, bottom = box
    tile = _cover(picture, right - left, bottom - top)
    if faded:
        tile = Image.blend(tile.convert("L").convert("RGB"), Image.new("RGB", tile.size, WHITE), 0.35)
    canvas.paste(tile, (left, top), rounded_mask(tile.width, tile.height, radius))


def _cover(picture: Image.Image, width: int, height: int) -> Image.Image:
    if picture.width * height > picture.height * width:
        cut = max(1, picture.height * width // height)
        offset = (picture.width - cut) // 2
        box = (offset, 0, offset + cut, picture.height)
    else:
        cut = max(1, picture.width * height // width)
        offset = (picture.height - cut) // 2
        box = (0, offset, picture.width, offset + cut)
    return picture.resize((width, height), Image.Resampling.BILINEAR, box=box, reducing_gap=1.5)


def paste_blank(canvas: Image.Image, box: Box, radius: int) -> None:
    """Where there is no picture: a warm ground with the skein."""
    left, top, right, bottom = box
    panel(canvas, box, radius, BLUSH)
    side = min(right - left, bottom - top) // 2
    corner = (left + (right - left - side) // 2, top + (bottom - top - side) // 2)
    canvas.paste((0xF4, 0xB5, 0x9F), corner, skein_mask(side))


def paste_mark(canvas: Image.Image, xy: tuple[int, int], side: int) -> None:
    """The mark on its rounded ground."""
    image = mark_image(side)
    canvas.paste(image, xy, image)


def ad_sign(canvas: Image.Image, right: int, top: int) -> None:
    """The small “广告” sign that advertising law asks for, its right upper corner at (`right`, `top`)."""
    draw = ImageDraw.Draw(canvas)
    draw.rounded_rectangle((right - 60, top, right, top + 32), radius=6, outline=PALE, width=1)
    face("regular", 20).draw_centred(draw, (right - 30, top + 23), "广告", GREY)


def draw_price(
    canvas: ImageDraw.ImageDraw, xy: tuple[float, float], fen: int, size: int, colour: Colour
) -> float:
    """`¥39.90` with a small sign and small fen, baseline at `xy`; returns the x where it ends."""
    whole, _, rest = yuan_text(fen).partition(".")
    small = face("bold", size * 56 // 100)
    x = small.draw(canvas, xy, "¥", colour) + size * 0.04
    x = face("bold", size).draw(canvas, (x, xy[1]), whole, colour)
    return small.draw(canvas, (x, xy[1]), "." + rest, colour)
