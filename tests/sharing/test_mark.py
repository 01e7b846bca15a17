"""The mark is the same bird in every form."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from yantuan.sharing.mark import mark_image, mark_png, mark_svg, skein_mask, skein_svg


def test_svg_is_well_formed_and_has_three_geese() -> None:
    for text in (mark_svg(), mark_svg(rounded=False), skein_svg()):
        root = ET.fromstring(text)
        assert len(root.findall(".//{http://www.w3.org/2000/svg}path")) == 3
    assert 'rx="0"' in mark_svg(rounded=False)


@pytest.mark.parametrize("side", [16, 32, 180, 512])
def test_png_sizes(side: int) -> None:
    image = Image.open(io.BytesIO(mark_png(side)))
    assert image.size == (side, side) and image.mode == "RGBA"
    corner = image.getpixel((0, 0))
    assert isinstance(corner, tuple) and corner[3] < 40
    assert Image.open(io.BytesIO(mark_png(side, rounded=False))).mode == "RGB"


def test_the_geese_are_white_and_inside() -> None:
    mask = skein_mask(256)
    box = mask.getbbox()
    assert box is not None and min(box[0], box[1], 256 - box[2], 256 - box[3]) >= 16
    share = sum(mask.tobytes()) / 255 / 256**2
    assert 0.08 < share < 0.3
    assert mark_image(64) is mark_image(64)
