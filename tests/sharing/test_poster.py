"""Posters and cards: right size, readable code, honest state, and any text a leader may type."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from yantuan.sharing import typesetting
from yantuan.sharing.codes import qr_image, qr_png
from yantuan.sharing.painting import PERSIMMON
from yantuan.sharing.poster import PosterData, SaleState, draw_card, draw_poster
from yantuan.sharing.typesetting import Face, face

URL = "https://tuan.example.cn/s/8Kq2xZ7wPa?t=Zr41kQ"


def picture(colour: str, kind: str = "WEBP", side: int = 300) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(out, kind)
    return out.getvalue()


def data(**changes: object) -> PosterData:
    base = PosterData(
        store_name="老周的果园",
        leader_name="周明玥",
        certified=True,
        title="丹东99草莓 现摘现发 2斤装，坏果包赔",
        price_fen_min=3990,
        price_fen_max=3990,
        pictures=[picture("#0a0")],
        ends_text="11月25日 20:00 截止",
        url=URL,
        joined=128,
        state="open",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def shown(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    assert image.format == "JPEG"
    return image.convert("RGB")


def near(pixel: object, colour: tuple[int, int, int]) -> bool:
    return isinstance(pixel, tuple) and all(abs(a - b) <= 24 for a, b in zip(pixel, colour, strict=True))


def count(image: Image.Image, box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> int:
    part = image.crop(box)
    raw = part.tobytes()
    return sum(near(tuple(raw[at : at + 3]), colour) for at in range(0, len(raw), 3))


def test_sizes() -> None:
    assert shown(draw_poster(data())).size == (750, 1334)
    assert shown(draw_card(data())).size == (500, 400)


def test_the_price_is_persimmon_while_on_sale_and_grey_afterwards() -> None:
    price = (54, 760, 420, 860)
    assert count(shown(draw_poster(data())), price, PERSIMMON) > 500
    for state in ("ended", "sold_out"):
        assert count(shown(draw_poster(data(state=state))), price, PERSIMMON) == 0


def test_an_ended_sale_looks_ended_at_first_sight() -> None:
    green = (0, 170, 0)
    place = (200, 300, 550, 600)
    live, ended = shown(draw_poster(data())), shown(draw_poster(data(state="ended")))
    assert count(live, place, green) > 100_000
    assert count(ended, place, green) == 0
    assert draw_card(data()) != draw_card(data(state="ended"))


def test_pictures_of_every_number_are_shown() -> None:
    colours = {"#c00": (204, 0, 0), "#0a0": (0, 170, 0), "#00c": (0, 0, 204)}
    for number in (1, 2, 3):
        files = [picture(colour, "JPEG") for colour in list(colours)[:number]]
        image = shown(draw_poster(data(pictures=files)))
        for colour in list(colours.values())[:number]:
            assert count(image, (48, 156, 702, 748), colour) > 50_000
    assert draw_poster(data(pictures=[picture("#c00")] * 3)) == draw_poster(
        data(pictures=[picture("#c00")] * 9)
    )


def test_damaged_pictures_are_passed_over() -> None:
    good = picture("#c00")
    assert draw_poster(data(pictures=[b"", b"junk", good[:60], good])) == draw_poster(data(pictures=[good]))
    assert shown(draw_poster(data(pictures=[]))).size == (750, 1334)
    assert shown(draw_card(data(pictures=[b"junk"]))).size == (500, 400)


@pytest.mark.parametrize("state", ["upcoming", "open", "sold_out", "ended"])
def test_every_state_draws(state: SaleState) -> None:
    for files in ([], [picture("#c00")], [picture("#c00")] * 2):
        assert shown(draw_poster(data(state=state, pictures=files))).size == (750, 1334)
        assert shown(draw_card(data(state=state, pictures=files))).size == (500, 400)


def test_the_code_on_the_poster_is_the_code_of_the_link() -> None:
    image = shown(draw_poster(data())).convert("L")
    code = qr_image(URL, 188, quiet=1)
    left, top = 518 + (200 - code.width) // 2, 1124 + (192 - code.height) // 2
    drawn = image.crop((left, top, left + code.width, top + code.height))
    pairs = zip(drawn.tobytes(), code.tobytes(), strict=True)
    wrong = sum((a < 128) != (b < 128) for a, b in pairs)
    assert wrong < code.width * code.height // 200


def test_a_given_mini_program_code_replaces_the_qr_code() -> None:
    image = shown(draw_poster(data(code_picture=picture("#00c", "PNG"))))
    assert count(image, (540, 1140, 700, 1300), (0, 0, 204)) > 20_000
    assert draw_poster(data(code_picture=b"junk")) == draw_poster(data())


def test_qr_png_keeps_its_quiet_zone_and_whole_modules() -> None:
    image = Image.open(io.BytesIO(qr_png(URL, side=480))).convert("L")
    assert image.format is None and image.size == (480, 480)
    assert set(image.tobytes()) == {0, 255}
    assert image.crop((0, 0, 480, 30)).getextrema() == (255, 255)
    long = "https://tuan.example.cn/" + "a" * 900
    assert Image.open(io.BytesIO(qr_png(long, side=64))).width > 64


def test_the_certified_badge_is_only_for_the_certified() -> None:
    badge = (180, 80, 400, 116)
    assert count(shown(draw_poster(data())), badge, PERSIMMON) > 500
    assert count(shown(draw_poster(data(certified=False))), badge, PERSIMMON) == 0


def test_long_and_strange_texts_stay_inside() -> None:
    wild = "🍓🎉👨‍👩‍👧草莓\u202e\u200b\x00　大" * 40
    image = shown(draw_poster(data(title=wild, store_name=wild, leader_name=wild, ends_text=wild)))
    white, ground = (255, 255, 255), (246, 246, 244)
    assert count(image, (700, 760, 716, 1060), white) > 4_700
    assert count(image, (730, 500, 750, 1300), ground) > 15_000


def test_unsupported_glyphs_are_dropped_and_spaces_joined() -> None:
    letters = face("regular", 24)
    assert letters.clean("丹东🍓草莓\n\t 2斤　装\u200d") == "丹东草莓 2斤 装"
    assert letters.clean("喆堃镕玥瑄婳翀") == "喆堃镕玥瑄婳翀"
    assert letters.clean("¥39.90 ～ 5kg×2（约10个）") == "¥39.90 ～ 5kg×2（约10个）"


def test_the_bundled_faces_alone_cover_the_trade(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "system_file", lambda weight: None)
    for weight in ("regular", "bold"):
        letters = Face(weight, 24)
        text = "雁团卖场订单跟团号：阳光玫瑰葡萄喆堃镕玥瑄婳翀ABCxyz0123456789¥％，。！？“”…"
        assert letters.clean(text) == text
        assert letters.clean("好🍎") == "好"


def test_wrapping_keeps_words_whole_and_never_starts_with_a_comma() -> None:
    letters = face("bold", 40)
    lines = letters.wrap("新鲜的草莓，又红又甜 Strawberry 5kg 包邮", 330, 5)
    assert all(letters.width(line) <= 330 for line in lines)
    assert not any(line[0] in "，。" for line in lines)
    assert "Strawberry" in " ".join(lines).split()
    assert letters.wrap("", 300, 2) == []
    assert letters.wrap("短", 300, 2) == ["短"]
    assert letters.wrap("很长" * 100, 300, 2)[1].endswith("…")


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60), st.integers(60, 700), st.integers(1, 3))
def test_text_always_fits(text: str, room: int, lines: int) -> None:
    letters = face("regular", 28)
    assert letters.width(letters.fit(text, room)) <= room
    wrapped = letters.wrap(text, room, lines)
    assert len(wrapped) <= lines
    assert all(letters.width(line) <= room for line in wrapped)
