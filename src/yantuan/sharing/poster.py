"""The poster and the share card of a group buy, drawn on the server: one look for every client."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Final

from yantuan.kernel.money import price_text
from yantuan.media.pillow import Image, ImageDraw
from yantuan.sharing.codes import qr_image, qr_png
from yantuan.sharing.kinds import SaleState
from yantuan.sharing.painting import (
    AMBER,
    AMBER_PALE,
    BLUSH,
    GREY,
    GROUND,
    INK,
    PERSIMMON,
    WHITE,
    Box,
    ad_sign,
    draw_price,
    lifted_panel,
    opened_pictures,
    panel,
    paste_blank,
    paste_cover,
    paste_mark,
)
from yantuan.sharing.typesetting import Colour, face

__all__ = ["PosterData", "SaleState", "code_image", "draw_card", "draw_poster", "jpeg", "qr_png"]


_STATE_WORDS: Final[dict[SaleState, str]] = {
    "upcoming": "即将开始",
    "open": "",
    "sold_out": "已抢完",
    "ended": "已结束",
    "suspended": "暂停销售",
}
_OVER: Final[frozenset[SaleState]] = frozenset({"sold_out", "ended", "suspended"})
"""States in which nobody can order: greyed."""

WIDTH: Final = 750
HEIGHT: Final = 1334
CARD_WIDTH: Final = 500
CARD_HEIGHT: Final = 400


@dataclass(frozen=True, slots=True)
class PosterData:
    """What a poster says. Prices in fen; `pictures` are files (JPEG, PNG or WebP), the first three are shown.

    `ends_text` is ready to read (“11月25日 20:00 截止”) or empty; `url` becomes the QR code unless
    `code_picture` (a mini-program code as a picture file) is given; `joined` counts real participants.
    """

    store_name: str
    leader_name: str
    certified: bool
    title: str
    price_fen_min: int
    price_fen_max: int
    pictures: list[bytes] = field(repr=False)
    ends_text: str
    url: str
    joined: int
    state: SaleState
    code_picture: bytes | None = field(default=None, repr=False)


def draw_poster(data: PosterData) -> bytes:
    """A JPEG of 750 × 1334 pixels to save and post."""
    canvas = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    canvas.paste(BLUSH, (0, 0), _fade(WIDTH, 420))
    _header(canvas, data)
    title = face("bold", 40).wrap(data.title, 636, 2)
    # A short title leaves its second line to the pictures.
    foot = 748 if len(title) == 2 else 806
    lifted_panel(canvas, (30, 138, 720, 1104), 28, WHITE)
    _gallery(canvas, data, (30, 138, 720, foot))
    _offer(canvas, data, title, foot)
    _invitation(canvas, data)
    return jpeg(canvas)


def draw_card(data: PosterData) -> bytes:
    """A JPEG of 500 × 400 pixels (5:4), the picture of a mini-program card in a chat."""
    canvas = Image.new("RGB", (CARD_WIDTH, CARD_HEIGHT), WHITE)
    over = data.state in _OVER
    boxes: list[Box] = [(0, 0, 500, 300)]
    pictures = opened_pictures(data.pictures, 2)
    if len(pictures) == 2:
        boxes = [(0, 0, 249, 300), (251, 0, 500, 300)]
    for box, picture in zip(boxes, pictures, strict=True) if pictures else ():
        paste_cover(canvas, picture, box, 1, faded=over)
    if not pictures:
        paste_blank(canvas, boxes[0], 1)
    if data.state != "open":
        _banner(canvas, (0, 0 if pictures else 190, 500, 300), _STATE_WORDS[data.state], 44)
    draw = ImageDraw.Draw(canvas)
    end = draw_price(draw, (24, 372), data.price_fen_min, 60, GREY if over else PERSIMMON)
    if data.price_fen_max > data.price_fen_min:
        end = face("bold", 26).draw(draw, (end + 6, 372), "起", GREY if over else PERSIMMON)
    if data.joined > 0:
        words = face("regular", 26)
        words.draw_right(draw, (476, 370), words.fit(f"{data.joined} 人已跟团", 470 - end), GREY)
    return jpeg(canvas)


def _header(canvas: Image.Image, data: PosterData) -> None:
    draw = ImageDraw.Draw(canvas)
    paste_mark(canvas, (34, 36), 76)
    name = face("bold", 34)
    name.draw(draw, (128, 70), name.fit(data.store_name, 480), INK)
    leader = face("regular", 24)
    end = leader.draw(draw, (128, 106), leader.fit(f"团长 {data.leader_name}", 360), GREY)
    if data.certified:
        left = round(end) + 12
        panel(canvas, (left, 84, left + 96, 112), 14, PERSIMMON)
        _tick(canvas, (left + 12, 91))
        face("bold", 19).draw(ImageDraw.Draw(canvas), (left + 33, 105), "已认证", WHITE)
    ad_sign(canvas, 716, 40)


def _gallery(canvas: Image.Image, data: PosterData, box: Box) -> None:
    """One to three pictures filling the upper part of the white panel."""
    left, top, right, bottom = box
    pad, gap = 18, 10
    left, top, right, bottom = left + pad, top + pad, right - pad, bottom
    pictures = opened_pictures(data.pictures, 3)
    if not pictures:
        paste_blank(canvas, (left, top, right, bottom), 18)
    middle = left + (right - left) * 62 // 100
    half = (top + bottom) // 2
    places: dict[int, list[Box]] = {
        0: [],
        1: [(left, top, right, bottom)],
        2: [(left, top, right, bottom), (right - 254, bottom - 254, right - 18, bottom - 18)],
        3: [
            (left, top, middle, bottom),
            (middle + gap, top, right, half - gap // 2),
            (middle + gap, half + gap // 2, right, bottom),
        ],
    }
    over = data.state in _OVER
    for place, picture in zip(places[len(pictures)], pictures, strict=True):
        if len(pictures) == 2:
            # The second picture lies on the first, framed by a white edge.
            panel(canvas, (place[0] - 7, place[1] - 7, place[2] + 7, place[3] + 7), 24, WHITE)
        paste_cover(canvas, picture, place, 18, faded=over)
    if data.state != "open":
        # Without pictures the skein stays in view above the words.
        upper = top if pictures else top + (bottom - top) * 3 // 5
        _banner(canvas, (left, upper, right, bottom), _STATE_WORDS[data.state], 64)


def _offer(canvas: Image.Image, data: PosterData, title: list[str], top: int) -> None:
    """Price, title, end and the number of participants, below the pictures."""
    draw = ImageDraw.Draw(canvas)
    colour = GREY if data.state in _OVER else PERSIMMON
    end = draw_price(draw, (54, top + 98), data.price_fen_min, 84, colour)
    if data.price_fen_max > data.price_fen_min:
        upper = face("bold", 40)
        upper.draw(draw, (end + 12, top + 98), f"~ {price_text(data.price_fen_max)}", colour)
    letters = face("bold", 40)
    for index, line in enumerate(title):
        letters.draw(draw, (56, top + 172 + 58 * index), line, INK)
    row = 1010
    words = face("regular", 28)
    room = 636.0
    if data.joined > 0:
        joined = f"{data.joined} 人已跟团"
        words.draw_right(draw, (692, row + 37), joined, GREY)
        room -= words.width(joined) + 20
    if data.ends_text:
        _ends(canvas, words.fit(data.ends_text, room - 84), data.state, row)


def _ends(canvas: Image.Image, text: str, state: SaleState, top: int) -> None:
    """When the sale ends, on a quiet pill with a clock."""
    live = state in ("open", "upcoming")
    ink, ground = (AMBER, AMBER_PALE) if live else (GREY, GROUND)
    words = face("regular", 28)
    right = 56 + 62 + round(words.width(text)) + 22
    panel(canvas, (56, top, right, top + 54), 27, ground)
    _clock(canvas, (72, top + 11), ink, ground)
    words.draw(ImageDraw.Draw(canvas), (116, top + 37), text, ink)


def _invitation(canvas: Image.Image, data: PosterData) -> None:
    """The code at the thumb, and what to do with it."""
    code = code_image(data.code_picture, data.url, 188)
    panel(canvas, (518, 1124, 718, 1316), 18, WHITE)
    canvas.paste(code, (518 + (200 - code.width) // 2, 1124 + (192 - code.height) // 2))
    draw = ImageDraw.Draw(canvas)
    over = data.state in ("ended", "suspended")
    face("bold", 36).draw(draw, (40, 1198), "长按识别，去看看" if over else "长按识别，跟团下单", INK)
    hint = "打开可看详情、库存和截止时间"
    if over:
        hint = "本团已结束，可进店看看新团" if data.state == "ended" else "卖场暂停销售，恢复后可继续跟团"
    face("regular", 25).draw(draw, (40, 1242), hint, GREY)
    face("regular", 20).draw(draw, (40, 1288), "由卖场自行销售并负责售后", GREY)


def code_image(code_picture: bytes | None, url: str, side: int) -> Image.Image:
    """The mini-program code given, or the QR code of `url`, as a square of `side` pixels."""
    given = opened_pictures([code_picture], 1) if code_picture is not None else []
    if given:
        return given[0].resize((side, side), Image.Resampling.LANCZOS)
    return qr_image(url, side, quiet=1).convert("RGB")


def _banner(canvas: Image.Image, box: Box, word: str, size: int) -> None:
    """The state across the middle of the pictures: nobody should order by mistake."""
    letters = face("bold", size)
    width, height = round(letters.width(word)) + size * 2, size * 2
    left = (box[0] + box[2] - width) // 2
    top = (box[1] + box[3] - height) // 2
    plate = Image.new("RGB", (width, height), INK)
    canvas.paste(
        Image.blend(canvas.crop((left, top, left + width, top + height)), plate, 0.78),
        (left, top),
        _pill(width, height),
    )
    middle = (left + width / 2, top + height / 2 + size * 0.36)
    letters.draw_centred(ImageDraw.Draw(canvas), middle, word, WHITE)


def _pill(width: int, height: int) -> Image.Image:
    mask = Image.new("L", (width * 2, height * 2), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width * 2 - 1, height * 2 - 1), radius=height, fill=255)
    return mask.resize((width, height), Image.Resampling.BICUBIC)


def _clock(canvas: Image.Image, xy: tuple[int, int], ink: Colour, ground: Colour) -> None:
    fine = Image.new("RGB", (128, 128), ground)
    draw = ImageDraw.Draw(fine)
    draw.ellipse((6, 6, 122, 122), outline=ink, width=11)
    draw.line(((64, 30), (64, 68), (90, 82)), fill=ink, width=11, joint="curve")
    canvas.paste(fine.resize((32, 32), Image.Resampling.LANCZOS), xy)


def _tick(canvas: Image.Image, xy: tuple[int, int]) -> None:
    fine = Image.new("RGB", (64, 56), PERSIMMON)
    ImageDraw.Draw(fine).line(((6, 28), (24, 46), (58, 8)), fill=WHITE, width=11, joint="curve")
    canvas.paste(fine.resize((16, 14), Image.Resampling.LANCZOS), xy)


def _fade(width: int, height: int) -> Image.Image:
    """A mask that is full at the top and gone at the bottom."""
    ramp = Image.linear_gradient("L").transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return ramp.resize((width, height), Image.Resampling.BILINEAR)


def jpeg(canvas: Image.Image) -> bytes:
    """The finished picture as a file."""
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=88, subsampling=0)
    return out.getvalue()
