"""PDFs as a reader sees them: pages, their size, and every word of every bag."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from pypdf import PageObject, PdfReader

from yantuan.picking import paper, rules
from yantuan.picking.printing import Head
from yantuan.picking.queries import Lists
from yantuan.picking.rules import COURIER, Piece

HEAD = Head("周五鲜果团", "ab12", "2026-11-27 18:00")
MM = 72 / 25.4


def found(bags: int, goods: int = 2, *, courier: bool = False) -> Lists:
    pieces = [
        Piece(
            order_id=n, number=n, offer_id=offer, title=f"阳光玫瑰葡萄{offer}", sku_name="2斤装", sku_code=f"G{offer}", quantity=offer,
            place=COURIER if courier else n % 8 + 1, place_name="快递" if courier else f"{n % 8 + 1}号门岗亭", recipient=f"邻居{n}",
            phone_last4=f"{n:04d}", address="上海市浦东新区 枫林路 88 弄" if courier else "", building=str(n % 5 + 1), unit="",
            room=f"{n}01", remark="放门口" if n % 2 else "",
        )
        for n in range(1, bags + 1)
        for offer in range(1, goods + 1)
    ]  # fmt: skip
    packed = rules.bags(pieces)
    return Lists(pieces, packed, rules.goods(pieces, packed))


def read(made: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(made))


def words(reader: PdfReader) -> str:
    return "\n".join(text_of(page) for page in reader.pages)


def text_of(page: PageObject) -> str:
    """pypdf reads the upper byte of each code of this kind of font as a character of its own."""
    return page.extract_text().replace("\x00", "")


@pytest.mark.parametrize(
    ("size", "across", "up", "per_page"), [("60x40", 60, 40, 1), ("76x130", 76, 130, 1), ("a4", 210, 297, 21)]
)
def test_every_bag_has_its_label(size: paper.Size, across: float, up: float, per_page: int) -> None:
    reader = read(paper.draw(HEAD, found(30), "labels", size))
    assert len(reader.pages) == -(-30 // per_page)
    box = reader.pages[0].mediabox
    assert (float(box.width), float(box.height)) == pytest.approx((across * MM, up * MM), abs=0.5)
    text = words(reader)
    seen = Counter(word for word in text.split() if word.startswith("邻居"))
    assert seen == {f"邻居{n}": 1 for n in range(1, 31)}
    assert text.count("共 3 件") == 30 and text.count("备注：放门口") == 15


def test_what_does_not_fit_goes_on_to_a_further_label() -> None:
    reader = read(paper.draw(HEAD, found(1, goods=12), "labels", "60x40"))
    text = words(reader)
    assert len(reader.pages) > 1
    assert all(f"阳光玫瑰葡萄{offer} 2斤装 ×{offer}" in text for offer in range(1, 13))
    assert f"标签 1/{len(reader.pages)}" in text and f"标签 {len(reader.pages)}/{len(reader.pages)}" in text


@pytest.mark.parametrize("what", ["goods", "places", "buildings", "bags"])
def test_lists_go_on_over_pages_with_their_head(what: paper.What) -> None:
    reader = read(paper.draw(HEAD, found(120, goods=40), what, "a4"))
    assert len(reader.pages) > 1
    for number, page in enumerate(reader.pages, 1):
        text = text_of(page)
        assert f"{paper.NAMES[what]} · 周五鲜果团" in text and f"第 {number} 页" in text


def test_the_list_of_bags_names_every_bag_and_its_goods() -> None:
    text = words(read(paper.draw(HEAD, found(60, courier=True), "bags", "a4"))).replace("\n", "")
    for n in range(1, 61):
        assert f"邻居{n} {n:04d}" in text
    assert text.count("阳光玫瑰葡萄1 2斤装 ×1") == 60


def test_totals_stand_below_goods_and_places() -> None:
    some = found(10)
    assert "合计" in words(read(paper.draw(HEAD, some, "goods", "a4")))
    text = words(read(paper.draw(HEAD, some, "places", "a4")))
    assert all(f"{n}号门岗" in text for n in range(1, 9)) and text.count("合计") >= 2


def test_characters_no_face_has_are_left_out() -> None:
    odd = found(1)
    odd.bags[0].recipient = "小\u200b王🍇𠮷\x07"
    text = words(read(paper.draw(HEAD, odd, "labels", "60x40")))
    assert "小" in text and "王" in text and "🍇" not in text and "\x07" not in text
