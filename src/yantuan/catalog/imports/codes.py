"""Everything that can be said of a row: how much it weighs, and what the leader reads.

`error` rows are never taken. `confirm` rows are taken when the leader has ticked them. `note` needs no decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Weight = Literal["error", "confirm", "note"]


@dataclass(frozen=True)
class Code:
    weight: Weight
    zh: str
    en: str


CODES: Final[dict[str, Code]] = {
    "title_missing": Code("error", "没有商品名称", "No name"),
    "title_too_long": Code("error", "商品名称超过 100 个字", "The name has more than 100 characters"),
    "spec_too_long": Code("error", "规格超过 30 个字", "The variant has more than 30 characters"),
    "spec_missing": Code("error", "同一个商品有几行，这一行没写规格，分不清", "One of several rows of the same goods without a variant"),
    "spec_too_many": Code("error", "一个商品最多 50 个规格", "Goods have at most 50 variants"),
    "price_missing": Code("error", "没有价格", "No price"),
    "price_unreadable": Code("error", "价格看不懂，请写成数字，如 39.9", "The price is not a number such as 39.9"),
    "price_range": Code("error", "价格是一个范围，请按规格分成几行", "The price is a range; give each variant a row"),
    "stock_unreadable": Code("error", "库存要写整数，不能写“充足”“若干”", "The stock must be a whole number"),
    "limit_unreadable": Code("error", "限购要写整数，不限就空着", "The limit must be a whole number, or empty"),
    "cell_error": Code("error", "这一行有公式报错（如 #N/A）", "A formula of this row failed, such as #N/A"),
    "formula_empty": Code("error", "公式没有保存结果，请把这一行复制后粘贴为数值", "A formula without a saved result; paste it as a value"),
    "row_repeated": Code("error", "商品和规格与前面一行重复", "Goods and variant repeat an earlier row"),
    "spec_not_in_library": Code("error", "商品库里已有这个商品，但没有这个规格，请到商品里加规格", "The library has these goods without this variant; add it there"),
    "title_above": Code("confirm", "没写商品名称，按上一行的算", "No name; taken from the row above"),
    "merged_cell": Code("confirm", "价格或库存是合并的单元格，按第一格读，每行都一样", "Merged price or stock; each row has the first cell's"),
    "price_zero": Code("confirm", "价格是 0", "The price is 0"),
    "price_rounded": Code("confirm", "价格超过两位小数，四舍五入到分", "The price was rounded to fen"),
    "market_below": Code("confirm", "原价不比售价高", "The usual price is not above the price"),
    "cost_above": Code("confirm", "成本比售价高", "The cost is above the price"),
    "code_lost": Code("confirm", "条码或编码被表格截掉了数字，不会带入", "Digits of the code are lost; it is left out"),
    "cost_unreadable": Code("confirm", "成本看不懂，不会带入", "The cost can't be read; it is left out"),
    "known": Code("note", "商品库里已有，不重复建", "In the library already; not made twice"),
    "price_differs": Code("note", "和商品库里的价格不同，商品库不改", "The library has another price, which stays"),
    "stock_missing": Code("note", "没写库存，用统一填的", "No stock; the one given for all is used"),
    "picture_missing": Code("note", "没有图片，用统一选的", "No picture; the one chosen for all is used"),
    "picture_left_out": Code("note", "有图片太大或太多，没有带入", "Some pictures are too large or too many and left out"),
    "formula_cell": Code("note", "有公式，按表里保存的结果读", "A formula; its saved result was read"),
    "note_cut": Code("note", "介绍太长，只留前 2000 字", "The description is cut to 2000 characters"),
}  # fmt: skip
"""By code. The order is the order in which the preview shows the groups."""
RANK: Final = {code: n for n, code in enumerate(CODES)}


def severity_of(codes: list[str]) -> str:
    """`error`, `confirm`, `note` (nothing to make) or `ok`."""
    weights = {CODES[code].weight for code in codes}
    if "error" in weights:
        return "error"
    if "known" in codes:
        return "note"
    return "confirm" if "confirm" in weights else "ok"
