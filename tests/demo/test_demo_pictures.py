"""The demo's pictures are all there, of the promised size, and light enough to ship."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from yantuan.demo.pictures import (
    AVATAR_PICTURES,
    COVER_PICTURES,
    PRODUCT_PICTURES,
    demo_picture,
    demo_pictures,
)
from yantuan.media.pictures import reencode


def test_every_picture_has_its_size() -> None:
    sizes = dict.fromkeys(PRODUCT_PICTURES, (1000, 1000))
    sizes |= dict.fromkeys(COVER_PICTURES, (1200, 675))
    sizes |= dict.fromkeys(AVATAR_PICTURES, (400, 400))
    found = {name: Image.open(io.BytesIO(data)).size for name, data in demo_pictures().items()}
    assert found == sizes
    assert len(PRODUCT_PICTURES) >= 14 and len(COVER_PICTURES) == 3 and len(AVATAR_PICTURES) == 6


def test_together_they_stay_small() -> None:
    assert sum(map(len, demo_pictures().values())) < 2_000_000


def test_they_are_pictures_like_any_upload() -> None:
    picture = reencode(demo_picture("grapes"))
    assert (picture.width, picture.height) == (1000, 1000)


def test_no_two_are_the_same() -> None:
    pictures = demo_pictures()
    assert len(set(pictures.values())) == len(pictures)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(KeyError):
        demo_picture("../README")
