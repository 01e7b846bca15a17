"""Measure words: which may count the whole thing sold, and which count something smaller."""

from __future__ import annotations

import re

WEIGHTS = ("公斤", "千克", "毫升", "kg", "ml", "斤", "克", "升", "两", "g", "l")
LOOSE = ("颗", "粒", "枚", "根", "串", "片", "瓣", "朵", "节", "打", "双", "对", "尾", "头", "滴", "口")
"""Count pieces unless the goods are sold by them."""
PIECES = frozenset("个枚只颗粒头")
BOTTLES = frozenset("瓶罐听支杯")
WHOLE = (
    "份", "箱", "盒", "袋", "件", "个", "板", "提", "桶", "瓶", "罐", "包", "筐", "篮", "套", "组", "束", "盆", "听", "支", "条", "只", "块",
    "盘", "碗", "杯", "壶", "捆", "扎", "把", "卷", "篓", "兜", "张", "本", "单", "册", "框", "坛", "枝", "刀", "排", "托", "礼盒", "礼箱",
)  # fmt: skip
SIZES = ("特大", "超大", "迷你", "大", "小", "中")
ANY = "|".join(sorted((*WEIGHTS, *LOOSE, *WHOLE), key=len, reverse=True))
"""Any measure word, as a pattern."""
COMMON = "|".join(sorted(WHOLE, key=len, reverse=True))
"""A measure word for a whole thing, as a pattern."""
AMOUNT = re.compile(rf"(?P<n>\d+(?:\.\d+)?)\s?(?P<u>{ANY})(?![a-wyz])")
"""A number with a unit inside the name of goods: their size."""
PLAIN = frozenset("份个件单")
"""Say nothing about which goods are meant."""
