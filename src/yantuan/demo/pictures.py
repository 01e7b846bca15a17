"""The drawn pictures of the demo: goods, store covers and faces. All made for this project, all of nobody real."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

PRODUCT_PICTURES: Final[dict[str, str]] = {
    "grapes": "阳光玫瑰葡萄",
    "strawberries": "丹东九九草莓",
    "apples": "烟台红富士",
    "navel-oranges": "赣南脐橙",
    "sugar-oranges": "冰糖橙",
    "melons": "羊角蜜甜瓜",
    "cherries": "智利车厘子",
    "rice": "五常大米",
    "eggs": "山林土鸡蛋",
    "dumplings": "手工水饺",
    "milk": "牧场鲜牛奶",
    "salted-eggs": "北海海鸭蛋",
    "cashews": "原味腰果",
    "sweet-potatoes": "烟薯二十五号",
    "salmon": "冰鲜三文鱼",
}
"""Name of the picture → name of the goods it shows; 1000 × 1000 pixels."""

COVER_PICTURES: Final[tuple[str, ...]] = ("cover-orchard", "cover-harbour", "cover-kitchen")
"""Store covers, 1200 × 675 pixels."""

AVATAR_PICTURES: Final[tuple[str, ...]] = tuple(f"avatar-{number}" for number in range(1, 7))
"""Faces, 400 × 400 pixels; the first two look like leaders (apron, straw hat)."""


def demo_picture(name: str) -> bytes:
    """One picture as a WebP file. Raises KeyError for a name that is in none of the tables above."""
    if name not in PRODUCT_PICTURES and name not in COVER_PICTURES and name not in AVATAR_PICTURES:
        raise KeyError(name)
    return files("yantuan.demo").joinpath("assets", f"{name}.webp").read_bytes()


def demo_pictures() -> dict[str, bytes]:
    """Every picture of the demo by name, as WebP files: goods, then covers, then faces."""
    return {name: demo_picture(name) for name in (*PRODUCT_PICTURES, *COVER_PICTURES, *AVATAR_PICTURES)}
