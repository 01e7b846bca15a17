"""What is printed and hung up or stuck on: the sign at a pick-up point's door, the label on a bag."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from yantuan.media.pillow import Image, ImageDraw
from yantuan.sharing.painting import BLUSH, GREY, GROUND, INK, PERSIMMON, WHITE, lifted_panel, paste_mark
from yantuan.sharing.poster import code_image, jpeg
from yantuan.sharing.typesetting import face

# A4 upright, and a sticker of 60 × 40 mm, both at 150 points to the inch or a little more.
DOOR_WIDTH: Final = 1240
DOOR_HEIGHT: Final = 1754
LABEL_WIDTH: Final = 480
LABEL_HEIGHT: Final = 320


@dataclass(frozen=True, slots=True)
class Door:
    """What hangs at a door. `url` becomes a QR code unless `code_picture` is given; `hours` may be empty."""

    store_name: str
    point_name: str
    address: str
    hours: str
    url: str
    code_picture: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Label:
    """What sticks on a bag: nothing about the person, only the number everybody in the sale knows."""

    store_name: str
    sale_title: str
    number: int
    pickup: bool
    url: str
    code_picture: bytes | None = field(default=None, repr=False)


def draw_door(data: Door) -> bytes:
    """A JPEG of one A4 page."""
    canvas = Image.new("RGB", (DOOR_WIDTH, DOOR_HEIGHT), GROUND)
    canvas.paste(BLUSH, (0, 0, DOOR_WIDTH, 420))
    paste_mark(canvas, (100, 92), 110)
    draw = ImageDraw.Draw(canvas)
    name = face("bold", 54)
    name.draw(draw, (240, 150), name.fit(data.store_name, 900), INK)
    face("regular", 36).draw(draw, (240, 204), "自提点", GREY)
    lifted_panel(canvas, (100, 260, 1140, 1654), 40, WHITE)
    draw = ImageDraw.Draw(canvas)
    y = _place(draw, data)
    side = 1400 - y
    code = code_image(data.code_picture, data.url, side)
    canvas.paste(code, ((DOOR_WIDTH - side) // 2, y))
    face("bold", 68).draw_centred(draw, (620, 1508), "微信扫一扫，出示取货码", PERSIMMON)
    face("regular", 38).draw_centred(draw, (620, 1584), "自己要取的货、取货码都在里面", GREY)
    return jpeg(canvas)


def _place(draw: ImageDraw.ImageDraw, data: Door) -> int:
    """Name, address and hours; answers where the code may begin."""
    y = 390
    title = face("bold", 80)
    for line in title.wrap(data.point_name, 900, 2):
        title.draw_centred(draw, (620, y), line, INK)
        y += 100
    words = face("regular", 40)
    for line in [*words.wrap(data.address, 900, 2), *words.wrap(data.hours, 900, 1)]:
        words.draw_centred(draw, (620, y - 20), line, GREY)
        y += 58
    return y


def draw_label(data: Label) -> bytes:
    """A JPEG for a sticker of 60 × 40 mm."""
    canvas = Image.new("RGB", (LABEL_WIDTH, LABEL_HEIGHT), WHITE)
    canvas.paste(code_image(data.code_picture, data.url, 212), (16, 24))
    draw = ImageDraw.Draw(canvas)
    number = f"#{data.number}"
    size = next(s for s in (96, 80, 64, 48, 36, 28) if face("bold", s).width(number) <= 224 or s == 28)
    face("bold", size).draw(draw, (244, 122), number, INK)
    title = face("regular", 26)
    for index, line in enumerate(title.wrap(data.sale_title, 222, 3)):
        title.draw(draw, (246, 166 + 34 * index), line, INK)
    face("bold", 26).draw(draw, (18, 290), "扫码出示取货码" if data.pickup else "扫码看订单", INK)
    store = face("regular", 24)
    store.draw_right(draw, (464, 290), store.fit(data.store_name, 230), GREY)
    return jpeg(canvas)
