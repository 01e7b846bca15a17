"""Which column is which, by the headings suppliers write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from yantuan.kernel.sheets.cells import Cell, Row, SheetRefused, plain

Role = Literal[
    "title", "spec", "price", "retail", "market", "cost", "stock", "limit", "unit", "note", "code", "weight"
]

HEADERS: Final[dict[Role, tuple[str, ...]]] = {
    "title": (
        "商品名称", "商品名", "品名", "产品名称", "产品名", "货品名称", "货品", "货名", "商品标题", "标题", "名称", "品项", "菜品", "菜名", "水果名称",
        "商品", "产品", "品类名称", "name", "product", "title", "item",
    ),
    "spec": (
        "规格", "规格型号", "规格名称", "商品规格", "产品规格", "销售规格", "包装规格", "包装", "型号", "款式", "口味", "颜色", "尺码", "净含量", "spec",
        "variant",
    ),
    "price": (
        "团购价", "开团价", "群价", "团长售价", "到手价", "活动价", "优惠价", "秒杀价", "特价", "售价", "销售价", "销售价格", "出售价", "卖价", "价格", "单价",
        "团价", "现价", "统一售价", "控价", "price",
    ),
    "retail": ("零售价", "建议零售价", "建议售价", "零售", "门店价"),
    "market": ("原价", "划线价", "市场价", "吊牌价", "日常价", "超市价", "官网价", "marketprice", "listprice"),
    "cost": (
        "成本", "成本价", "进价", "进货价", "供货价", "供价", "结算价", "代理价", "批发价", "团长价", "拿货价", "底价", "出厂价", "cost",
    ),
    "stock": ("库存", "库存数量", "库存数", "数量", "可售数量", "可卖数量", "现货", "总量", "份数", "件数", "stock", "quantity", "qty"),
    "limit": ("限购", "限购数量", "每人限购", "限量", "单人限购", "限购数", "limit"),
    "unit": ("单位", "计量单位", "销售单位", "unit"),
    "note": ("备注", "说明", "商品介绍", "介绍", "商品描述", "描述", "卖点", "产品介绍", "产品特点", "详情", "产地", "note", "description"),
    "code": (
        "条码", "条形码", "商品条码", "69码", "国际条码", "商品编码", "商品编号", "商家编码", "货号", "编码", "编号", "sku", "skucode", "barcode", "code",
    ),
    "weight": ("重量", "毛重", "净重", "单重", "weight"),
}  # fmt: skip
_ROLE_OF: Final = {word: (role, n) for role, words in HEADERS.items() for n, word in enumerate(words)}
LOOK_IN: Final = 20
"""Rows in which the heading must stand: a supplier's name and greetings come before it."""
_NOISE = re.compile(r"\(.*?\)|【.*?】|\[.*?\]|[*＊:：\s_\-/#.¥￥]|必填|选填")
_YUAN = re.compile(r"(?<=[价本])(元|rmb)$")


@dataclass(frozen=True)
class Heading:
    """Where the heading stands and which column has which role: of several the more telling one."""

    row: int
    columns: Mapping[Role, int]
    names: Mapping[Role, str]
    """The heading's own words, to be shown."""


def word_of(text: str) -> str:
    """A heading's word as it is compared: `* 团购价（元）` → `团购价`."""
    return _YUAN.sub("", _NOISE.sub("", plain(text)).lower())


def heading_of(row: Row) -> Heading | None:
    """The heading this row is; None unless a name and a price are among its words."""
    found: dict[Role, list[tuple[int, int, str]]] = {}
    for column, cell in sorted(row.cells.items()):
        known = _ROLE_OF.get(word_of(cell.text))
        if known is not None:
            found.setdefault(known[0], []).append((known[1], column, plain(cell.text)[:30]))
    best = {role: min(columns) for role, columns in found.items()}
    retail = best.pop("retail", None)
    if retail is not None:
        # Beside a price of the sale it is what the shop asks elsewhere; alone it is the price.
        best.setdefault("market" if "price" in best else "price", retail)
    if "title" not in best or "price" not in best:
        return None
    return Heading(
        row.number,
        {role: column for role, (_, column, _) in best.items()},
        {role: name for role, (_, _, name) in best.items()},
    )


def roles_in(row: Row) -> set[Role]:
    """Known words of a row that may be a heading with something missing."""
    return {known[0] for cell in row.cells.values() if (known := _ROLE_OF.get(word_of(cell.text)))}


def no_heading(seen: set[Role]) -> SheetRefused:
    """The refusal for a file in which no row can be the heading; `seen` are the roles its best row has."""
    if "title" in seen:
        return SheetRefused(
            "sheet_no_price_column",
            "没有找到价格那一列，请把表头写成「团购价」",
            "No column of prices; name it 团购价.",
        )
    if seen & {"price", "retail", "cost"}:
        return SheetRefused(
            "sheet_no_name_column",
            "没有找到商品名称那一列，请把表头写成「商品名称」",
            "No column of names; name it 商品名称.",
        )
    return SheetRefused(
        "sheet_no_goods_heading",
        "没有找到表头。要有一行写着「商品名称、规格、团购价、库存」，或下载模板来填",
        "No heading: one row should read 商品名称, 规格, 团购价, 库存; or fill in the template.",
    )


def text_in(cells: Mapping[int, Cell], column: int | None) -> str:
    """The text of a column as people read it; '' where there is none."""
    return plain(cells[column].text) if column is not None and column in cells else ""
