"""Which column is which: our own template, our order export, and the exports couriers and print tools make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from yantuan.kernel.sheets.cells import Cell, Row, SheetRefused, plain

Role = Literal["order", "line", "tracking", "carrier", "name", "phone", "number", "sale", "quantity"]

HEADERS: Final[dict[Role, tuple[str, ...]]] = {
    # A courier's own 订单号 is the courier's: ours stands where the customer's number goes.
    "order": (
        "商户订单号", "商家订单号", "客户订单号", "平台订单号", "店铺订单号", "外部订单号", "第三方订单号", "原始订单号", "自定义订单号", "参考号",
        "订单号", "订单编号", "订单id", "主订单号", "主订单编号", "orderid", "orderno", "ordernumber",
    ),
    "line": ("子单号", "子订单号", "子订单编号", "明细编号"),
    "tracking": (
        "运单号", "运单编号", "运单号码", "快递单号", "快递编号", "快递运单号", "物流单号", "物流编号", "物流运单号", "面单号", "电子面单号",
        "母单号", "主单号", "快递号", "快递单", "单号", "trackingno", "trackingnumber", "waybillno", "waybillnumber", "mailno",
    ),
    "carrier": (
        "快递公司", "物流公司", "承运商", "承运公司", "快递", "物流", "快递名称", "物流名称", "快递公司名称", "物流公司名称", "快递类型", "物流商",
        "快递商", "carrier", "express",
    ),
    "name": (
        "收件人", "收货人", "收件人姓名", "收货人姓名", "收件姓名", "收货姓名", "收方姓名", "收方联系人", "收件联系人", "收件人名称", "到件联系人",
        "客户姓名", "姓名", "consignee", "recipient", "receiver",
    ),
    "phone": (
        "收件人手机", "收货人手机", "收件人手机号", "收货人手机号", "收件手机", "收货手机", "收方手机", "收件人手机号码", "收货人手机号码",
        "手机", "手机号", "手机号码", "手机尾号", "收件人电话", "收货人电话", "收件电话", "收货电话", "收方电话", "收件人联系方式", "收件人联系电话",
        "收货人联系方式", "收件方电话", "收方联系方式", "联系电话", "联系方式", "电话", "phone", "mobile", "tel",
    ),
    "number": ("跟团号", "接龙号", "参团号"),
    "sale": ("团号", "团购编号", "团购", "团标题", "团购标题", "团购名称"),
    "quantity": ("本次发货数量", "发货数量", "本次发货件数", "发货件数"),
}  # fmt: skip
_ROLE_OF: Final = {word: (role, n) for role, words in HEADERS.items() for n, word in enumerate(words)}
LOOK_IN: Final = 20
"""Rows in which the heading must stand: titles and hints come before it."""
_NOISE = re.compile(r"\(.*?\)|【.*?】|\[.*?\]|[*＊:：\s_\-/#.]|必填|选填")


@dataclass(frozen=True)
class Heading:
    """Where the heading stands and which columns have which role, the more telling column of a role first."""

    row: int
    columns: Mapping[Role, tuple[int, ...]]
    names: Mapping[Role, str]
    """The heading's own words of each role's first column, to be shown."""

    def wanted(self) -> frozenset[int]:
        return frozenset(column for columns in self.columns.values() for column in columns)


def word_of(text: str) -> str:
    """A heading's word as it is compared: `* 运单号（必填）` → `运单号`."""
    return _NOISE.sub("", plain(text)).lower()


def heading_of(row: Row) -> Heading | None:
    """The heading this row is; None unless a tracking number and something to find the order by are among its words."""
    found: dict[Role, list[tuple[int, int, str]]] = {}
    for column, cell in sorted(row.cells.items()):
        known = _ROLE_OF.get(word_of(cell.text))
        if known is not None:
            found.setdefault(known[0], []).append((known[1], column, plain(cell.text)[:30]))
    if "tracking" not in found or not (
        "order" in found or "number" in found or {"name", "phone"} <= set(found)
    ):
        return None
    ranked = {role: sorted(columns) for role, columns in found.items()}
    return Heading(
        row.number,
        {role: tuple(column for _, column, _ in columns) for role, columns in ranked.items()},
        {role: columns[0][2] for role, columns in ranked.items()},
    )


def roles_in(row: Row) -> set[Role]:
    """Known words of a row that may be a heading with something missing."""
    return {known[0] for cell in row.cells.values() if (known := _ROLE_OF.get(word_of(cell.text)))}


def no_heading(seen: set[Role]) -> SheetRefused:
    """The refusal for a file in which no row can be the heading; `seen` are the roles its best row has."""
    if seen and "tracking" not in seen:
        return SheetRefused(
            "sheet_no_tracking_column",
            "没有找到运单号那一列，请把表头写成「运单号」",
            "No column of tracking numbers; name it 运单号.",
        )
    if seen:
        return SheetRefused(
            "sheet_no_order_column",
            "没有找到订单号那一列（也没有收件人加手机），请把表头写成「订单号」",
            "No column of order numbers, nor recipient with phone; name it 订单号.",
        )
    return SheetRefused(
        "sheet_no_heading",
        "没有找到表头。第一行请写「订单号、快递公司、运单号」，或下载模板来填",
        "No heading: the first row should read 订单号, 快递公司, 运单号; or fill in the template.",
    )


def first_of(cells: Mapping[int, Cell], columns: tuple[int, ...]) -> Cell | None:
    """The first of a role's columns that holds something in this row."""
    return next((cells[column] for column in columns if column in cells), None)
