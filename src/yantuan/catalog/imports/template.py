"""The template: the columns an import knows, with two rows that show how they are filled in."""

from __future__ import annotations

import io
from typing import Final

from yantuan.kernel.sheets.writing import book

COLUMNS: Final = (
    ("商品名称*", 26), ("规格", 14), ("团购价*", 10), ("原价", 10), ("成本价", 10), ("库存", 10), ("每人限购", 10), ("单位", 8), ("重量", 10),
    ("条码", 18), ("商品介绍", 40),
)  # fmt: skip
EXAMPLES: Final = (
    ("阳光玫瑰葡萄（示例，可删）", "2斤装", "39.9", "49", "26", "100", "2", "盒", "1kg", "6901234567892", "云南产，现摘现发"),
    ("阳光玫瑰葡萄（示例，可删）", "5斤装", "89", "", "60", "50", "", "箱", "2.5kg", "", ""),
)  # fmt: skip
HINTS: Final = (
    "每行一个规格；同一个商品的几个规格，名称写一样的。",
    "带 * 的必填。图片可以插在这一行里（xlsx），没有图片的商品导入时统一选一张。",
    "一次最多 2000 行；商品库里已有的商品不会重复建。",
)


def fill() -> bytes:
    """The workbook; its columns are text, so that a long bar code keeps its digits."""
    out = io.BytesIO()
    with book(out) as made:
        sheet = made.sheet("商品", COLUMNS, to_fill=True)
        for row in EXAMPLES:
            sheet.row(row)
        hints = made.sheet("说明", (("怎么填", 80),))
        for hint in HINTS:
            hints.row((hint,))
    return out.getvalue()
