"""Pillow, imported when the first picture is decoded or drawn: ten megabytes that many a process never needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yantuan.kernel.lean import Later

if TYPE_CHECKING:
    from PIL import Image as Image
    from PIL import ImageCms as ImageCms
    from PIL import ImageDraw as ImageDraw
    from PIL import ImageFilter as ImageFilter
    from PIL import ImageFont as ImageFont
else:
    Image = Later("PIL.Image")
    ImageCms = Later("PIL.ImageCms")
    ImageDraw = Later("PIL.ImageDraw")
    ImageFilter = Later("PIL.ImageFilter")
    ImageFont = Later("PIL.ImageFont")
