"""What a sheet of orders may hold: every column by its key, and the choices most leaders need (导出列).

A sheet has one row per line of an order. Texts stay texts and amounts are yuan; whoever may not be seen any more is masked in every
column that names them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from yantuan.identity.queries import address_text, mask_phone, masked_name, phone_of
from yantuan.kernel.clock import china_text
from yantuan.kernel.errors import Invalid
from yantuan.kernel.sheets.writing import Cell, Fen
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.states import LabelTexts

_METHODS: Final = {"wechatpay": "微信支付", "offline": "线下付款", "zero": "无需付款"}
_DELIVERIES: Final = {"courier": "快递", "pickup": "自提"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an order with what its cells are made of."""

    order: Order
    line: OrderLine
    texts: LabelTexts
    parcels: Sequence[tuple[str, str]]
    """Carrier and number of each parcel."""
    full: bool
    """Whether name, phone and address may be seen whole."""


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    zh: str
    en: str
    width: int
    """In characters."""
    cell: Callable[[Row], Cell]


def _rough(order: Order) -> str:
    return f"{order.province}{order.city if order.city != order.province else ''}{order.district}"


def _place(row: Row) -> str:
    point = str(row.order.pickup_snapshot.get("name", ""))
    if row.full:
        return " ".join(part for part in (point, address_text(row.order)) if part)
    return point or f"{_rough(row.order)} ****"


def _hidden(row: Row, text: str) -> str:
    return text if row.full or not text else "****"


def _name(row: Row) -> str:
    name = row.order.recipient_name
    return name if row.full else masked_name(name)


def _phone(row: Row) -> str:
    phone = phone_of(row.order.phone_sealed)
    return phone if row.full else mask_phone(phone)


def _goods_left(line: OrderLine) -> int:
    return line.amount_fen - line.discount_share_fen - line.refunded_goods_fen


def _answers(order: Order) -> str:
    return "；".join(f"{one['label']}：{one['answer']}" for one in order.answers)


_ALL: Final[tuple[Column, ...]] = (
    Column("number", "跟团号", "Number", 8, lambda r: r.order.number),
    Column("order_id", "订单编号", "Order", 22, lambda r: str(r.order.id)),
    Column("sale", "团购", "Sale", 24, lambda r: r.order.group_buy.title),
    Column("placed_at", "下单时间", "Placed", 20, lambda r: china_text(r.order.placed_at)),
    Column("paid_at", "付款时间", "Paid at", 20, lambda r: china_text(r.order.paid_at) if r.order.paid_at else ""),
    Column("payment", "付款", "Payment", 10, lambda r: r.texts.payment),
    Column("delivery", "配送", "Delivery", 10, lambda r: r.texts.delivery),
    Column("aftersale", "售后", "After-sales", 10, lambda r: r.texts.aftersale),
    Column("pay_way", "付款方式", "Paid by", 10, lambda r: _METHODS.get(r.order.payment_method, r.order.payment_method)),
    Column("way", "配送方式", "Sent by", 8, lambda r: _DELIVERIES.get(r.order.delivery_method, r.order.delivery_method)),
    Column("goods", "商品", "Goods", 24, lambda r: r.line.title),
    Column("sku", "规格", "Variant", 14, lambda r: r.line.sku_name),
    Column("sku_code", "商品编码", "Code", 14, lambda r: r.line.sku_code),
    Column("price", "单价（元）", "Price (CNY)", 10, lambda r: Fen(r.line.price_fen)),
    Column("quantity", "数量", "Pieces", 6, lambda r: r.line.quantity),
    Column("shipped", "已发货", "Shipped", 7, lambda r: r.line.shipped_quantity),
    Column("picked", "已自提", "Picked up", 7, lambda r: r.line.picked_quantity),
    Column("refunded", "已退", "Given back", 6, lambda r: r.line.refunded_quantity),
    Column("amount", "小计（元）", "Amount (CNY)", 10, lambda r: Fen(r.line.amount_fen)),
    Column("freight", "运费分摊（元）", "Freight share (CNY)", 12, lambda r: Fen(r.line.freight_share_fen)),
    Column("total", "订单金额（元）", "Order total (CNY)", 12, lambda r: Fen(r.order.total_fen)),
    Column("paid", "已付（元）", "Paid (CNY)", 10, lambda r: Fen(r.order.paid_fen)),
    Column("refunded_money", "已退款（元）", "Refunded (CNY)", 10, lambda r: Fen(r.order.refunded_fen)),
    Column("name", "收货人", "Recipient", 12, _name),
    Column("phone", "手机号", "Phone", 14, _phone),
    Column("place", "地址或自提点", "Address or point", 44, _place),
    Column("remark", "团员备注", "Buyer's remark", 24, lambda r: r.order.remark),
    Column("answers", "团员填写", "Answers", 24, lambda r: _answers(r.order)),
    Column("note", "团长备注", "Leader's note", 24, lambda r: r.order.private_note),
    Column("carrier", "快递公司", "Carrier", 12, lambda r: "、".join(dict.fromkeys(one for one, _ in r.parcels))),
    Column("tracking", "快递单号", "Tracking number", 24, lambda r: "、".join(number for _, number in r.parcels)),
    # Beyond the sheet leaders had before: there to be chosen.
    Column("sale_code", "团号", "Sale's code", 10, lambda r: r.order.group_buy.code),
    Column("line_id", "子单号", "Line", 22, lambda r: str(r.line.id)),
    Column("to_ship", "待发件数", "To ship", 8, lambda r: max(0, r.line.quantity - r.line.shipped_quantity - r.line.refunded_quantity)),
    Column("discount", "优惠分摊（元）", "Discount share (CNY)", 12, lambda r: Fen(r.line.discount_share_fen)),
    Column("goods_paid", "实收商品金额（元）", "Goods paid (CNY)", 14, lambda r: Fen(r.line.amount_fen - r.line.discount_share_fen)),
    Column("goods_back", "已退商品金额（元）", "Goods refunded (CNY)", 14, lambda r: Fen(r.line.refunded_goods_fen)),
    Column("goods_left", "可退商品金额（元）", "Goods refundable (CNY)", 14, lambda r: Fen(_goods_left(r.line))),
    Column("freight_back", "已退运费（元）", "Freight refunded (CNY)", 12, lambda r: Fen(r.line.refunded_freight_fen)),
    Column("freight_left", "可退运费（元）", "Freight refundable (CNY)", 12, lambda r: Fen(r.line.freight_share_fen - r.line.refunded_freight_fen)),
    Column("province", "省", "Province", 10, lambda r: r.order.province),
    Column("city", "市", "City", 10, lambda r: r.order.city),
    Column("district", "区", "District", 10, lambda r: r.order.district),
    Column("detail", "详细地址", "Street", 30, lambda r: _hidden(r, r.order.detail)),
    Column("building", "楼栋", "Building", 8, lambda r: r.order.building),
    Column("unit", "单元", "Unit", 8, lambda r: r.order.unit),
    Column("room", "房号", "Room", 8, lambda r: _hidden(r, r.order.room)),
    Column("point", "自提点名称", "Pick-up point", 20, lambda r: str(r.order.pickup_snapshot.get("name", ""))),
    Column("point_address", "自提点地址", "Point's address", 30, lambda r: str(r.order.pickup_snapshot.get("address", ""))),
)  # fmt: skip
COLUMNS: Final = {column.key: column for column in _ALL}
USUAL: Final = tuple(column.key for column in _ALL[:31])
"""What a store's sheets hold until it chooses otherwise."""


@dataclass(frozen=True, slots=True)
class Preset:
    key: str
    zh: str
    en: str
    columns: tuple[str, ...]


PRESETS: Final = (
    Preset("usual", "常用", "Usual", USUAL),
    Preset("courier", "快递打单", "For the courier",
           ("order_id", "name", "phone", "province", "city", "district", "detail", "building", "unit", "room", "goods", "sku",
            "to_ship", "remark", "number")),
    Preset("packing", "分拣打包", "For packing",
           ("number", "point", "building", "unit", "room", "name", "phone", "goods", "sku", "quantity", "remark", "answers", "note")),
    Preset("finance", "对账", "For the books",
           ("order_id", "sale", "paid_at", "pay_way", "payment", "goods", "sku_code", "quantity", "price", "amount", "discount", "freight",
            "goods_paid", "goods_back", "freight_back", "total", "paid", "refunded_money", "aftersale")),
)  # fmt: skip


def columns_of(keys: Sequence[str]) -> list[Column]:
    """These columns in their order. Raises Invalid `columns_unfit` for none, an unknown one or one named twice."""
    if not keys or len(set(keys)) != len(keys) or not set(keys) <= set(COLUMNS):
        raise Invalid(
            "columns_unfit",
            "请至少选一列，每列只能选一次",
            "Choose at least one column, each of them once.",
            field="columns",
        )
    return [COLUMNS[key] for key in keys]
