"""What a sheet of orders may hold: every column by its key, and the choices most leaders need (导出列).

A sheet has one row per line of an order, or one per order: then numbers and shares of its lines are summed, and what can't be summed
stands side by side. Texts stay texts and amounts are yuan; whoever may not be seen any more is masked in every column that names them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from yantuan.identity.queries import address_text, mask_phone, masked_name, phone_of
from yantuan.kernel.clock import china_text
from yantuan.kernel.errors import Invalid
from yantuan.kernel.money import yuan_text
from yantuan.kernel.sheets.writing import Cell, Fen
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.states import LabelTexts
from yantuan.stores.distance import about_m

_METHODS: Final = {"wechatpay": "微信支付", "offline": "线下付款", "zero": "无需付款"}
_DELIVERIES: Final = {"courier": "快递", "pickup": "自提"}


View = Literal["lines", "orders"]
"""One row per line of an order, or one per order."""
Need = Literal["", "person", "payment", "offers", "costs", "events", "distance"]
"""What a column must know beyond orders, lines and parcels; read only for sheets that have such a column."""
_BETWEEN: Final = "；"


@dataclass(frozen=True, slots=True)
class About:
    """What is known of an offer: cost of one piece in fen (None: not kept), category in its sale, whether it is a gift."""

    cost: int | None
    category: str
    gift: bool


@dataclass(slots=True)
class More:
    """What some columns need besides, of a portion of orders; empty where no column asks for it."""

    nicknames: dict[int, str] = field(default_factory=dict)
    """By person."""
    payments: dict[int, tuple[str, str]] = field(default_factory=dict)
    """By order: our number of its payment and WeChat Pay's."""
    offers: dict[int, About] = field(default_factory=dict)
    metres: dict[int, int] = field(default_factory=dict)
    """How far an order goes, of those brought by distance."""
    touched: dict[int, datetime] = field(default_factory=dict)
    """When something last happened to an order."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an order, or a whole order, with what its cells are made of."""

    order: Order
    lines: Sequence[OrderLine]
    texts: LabelTexts
    parcels: Sequence[tuple[str, str]]
    """Carrier and number of each parcel."""
    full: bool
    """Whether name, phone and address may be seen whole."""
    more: More
    whole: bool
    """Of a whole order."""

    def total(self, units: Callable[[OrderLine], int]) -> int:
        return sum(units(line) for line in self.lines)

    def texts_of(self, text: Callable[[OrderLine], str]) -> str:
        return _BETWEEN.join(filter(None, map(text, self.lines)))


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    zh: str
    en: str
    width: int
    """In characters."""
    cell: Callable[[Row], Cell]
    need: Need = ""


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


def _goods(row: Row) -> str:
    if not row.whole:
        return row.lines[0].title
    return row.texts_of(lambda one: f"{one.title} {one.sku_name}".strip() + f"×{one.quantity}")


def _price(row: Row) -> Cell:
    if len(row.lines) == 1:
        return Fen(row.lines[0].price_fen)
    return row.texts_of(lambda one: yuan_text(one.price_fen))


def _sum(fen: Callable[[OrderLine], int]) -> Callable[[Row], Cell]:
    return lambda row: Fen(row.total(fen))


def _count(units: Callable[[OrderLine], int]) -> Callable[[Row], Cell]:
    return lambda row: row.total(units)


def _kept(line: OrderLine) -> int:
    """Pieces not given back."""
    return line.quantity - line.refunded_quantity


def _goods_left(line: OrderLine) -> int:
    return line.amount_fen - line.discount_share_fen - line.refunded_goods_fen


def _about(row: Row, line: OrderLine) -> About:
    return row.more.offers.get(line.offer_id, _NOTHING)


def _cost(row: Row) -> Cell:
    if len(row.lines) == 1:
        cost = _about(row, row.lines[0]).cost
        return "" if cost is None else Fen(cost)
    costs = [_about(row, one).cost for one in row.lines]
    return _BETWEEN.join("-" if one is None else yuan_text(one) for one in costs)


def _costs(row: Row) -> int | None:
    """Of the pieces not given back; None where a cost isn't kept."""
    costs = [(_about(row, one).cost, _kept(one)) for one in row.lines]
    return (
        None if any(cost is None for cost, _ in costs) else sum((cost or 0) * units for cost, units in costs)
    )


def _cost_total(row: Row) -> Cell:
    costs = _costs(row)
    return "" if costs is None else Fen(costs)


def _profit(row: Row) -> Cell:
    costs = _costs(row)
    return "" if costs is None else Fen(row.total(_goods_left) - costs)


def _deductions(order: Order) -> str:
    return _BETWEEN.join(f"{one['text']} {yuan_text(one['fen'])}" for one in order.deductions or [])


def _distance(row: Row) -> Cell:
    metres = row.more.metres.get(row.order.id)
    return "" if metres is None else about_m(metres)


def _time(moment: datetime | None) -> str:
    return china_text(moment) if moment else ""


def _point(row: Row, name: str) -> str:
    return str(row.order.pickup_snapshot.get(name, ""))


def _answers(order: Order) -> str:
    return "；".join(f"{one['label']}：{one['answer']}" for one in order.answers)


def _answer(place: int) -> Callable[[Row], Cell]:
    """What was answered to one question of the sale, by its place there; an answer to what is asked no more stands among all answers only."""

    def cell(row: Row) -> Cell:
        asked = row.order.group_buy.questions[place : place + 1]
        given = (one for one in row.order.answers if asked and one["label"] == asked[0]["label"])
        return next((one["answer"] or _PICTURE for one in given), "")

    return cell


_PICTURE: Final = "［图片］"
_QUESTIONS: Final = 8
"""As many as a sale may ask."""
_NOTHING: Final = About(None, "", False)
_ALL: Final[tuple[Column, ...]] = (
    Column("number", "跟团号", "Number", 8, lambda r: r.order.number),
    Column("order_id", "订单编号", "Order", 22, lambda r: str(r.order.id)),
    Column("sale", "团购", "Sale", 24, lambda r: r.order.group_buy.title),
    Column("placed_at", "下单时间", "Placed", 20, lambda r: china_text(r.order.placed_at)),
    Column("paid_at", "付款时间", "Paid at", 20, lambda r: _time(r.order.paid_at)),
    Column("payment", "付款", "Payment", 10, lambda r: r.texts.payment),
    Column("delivery", "配送", "Delivery", 10, lambda r: r.texts.delivery),
    Column("aftersale", "售后", "After-sales", 10, lambda r: r.texts.aftersale),
    Column("pay_way", "付款方式", "Paid by", 10, lambda r: _METHODS.get(r.order.payment_method, r.order.payment_method)),
    Column("way", "配送方式", "Sent by", 8, lambda r: _DELIVERIES.get(r.order.delivery_method, r.order.delivery_method)),
    Column("goods", "商品", "Goods", 24, _goods),
    Column("sku", "规格", "Variant", 14, lambda r: r.texts_of(lambda one: one.sku_name)),
    Column("sku_code", "商品编码", "Code", 14, lambda r: r.texts_of(lambda one: one.sku_code)),
    Column("price", "单价（元）", "Price (CNY)", 10, _price),
    Column("quantity", "数量", "Pieces", 6, _count(lambda one: one.quantity)),
    Column("shipped", "已发货", "Shipped", 7, _count(lambda one: one.shipped_quantity)),
    Column("picked", "已自提", "Picked up", 7, _count(lambda one: one.picked_quantity)),
    Column("refunded", "已退", "Given back", 6, _count(lambda one: one.refunded_quantity)),
    Column("amount", "小计（元）", "Amount (CNY)", 10, _sum(lambda one: one.amount_fen)),
    Column("freight", "运费分摊（元）", "Freight share (CNY)", 12, _sum(lambda one: one.freight_share_fen)),
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
    Column("line_id", "子单号", "Line", 22, lambda r: r.texts_of(lambda one: str(one.id))),
    Column("to_ship", "待发件数", "To ship", 8, _count(lambda one: max(0, one.quantity - one.shipped_quantity - one.refunded_quantity))),
    Column("discount", "优惠分摊（元）", "Discount share (CNY)", 12, _sum(lambda one: one.discount_share_fen)),
    Column("goods_paid", "实收商品金额（元）", "Goods paid (CNY)", 14, _sum(lambda one: one.amount_fen - one.discount_share_fen)),
    Column("goods_back", "已退商品金额（元）", "Goods refunded (CNY)", 14, _sum(lambda one: one.refunded_goods_fen)),
    Column("goods_left", "可退商品金额（元）", "Goods refundable (CNY)", 14, _sum(_goods_left)),
    Column("freight_back", "已退运费（元）", "Freight refunded (CNY)", 12, _sum(lambda one: one.refunded_freight_fen)),
    Column("freight_left", "可退运费（元）", "Freight refundable (CNY)", 12, _sum(lambda one: one.freight_share_fen - one.refunded_freight_fen)),
    Column("province", "省", "Province", 10, lambda r: r.order.province),
    Column("city", "市", "City", 10, lambda r: r.order.city),
    Column("district", "区", "District", 10, lambda r: r.order.district),
    Column("detail", "详细地址", "Street", 30, lambda r: _hidden(r, r.order.detail)),
    Column("building", "楼栋", "Building", 8, lambda r: r.order.building),
    Column("unit", "单元", "Unit", 8, lambda r: r.order.unit),
    Column("room", "房号", "Room", 8, lambda r: _hidden(r, r.order.room)),
    Column("point", "自提点名称", "Pick-up point", 20, lambda r: _point(r, "name")),
    Column("point_address", "自提点地址", "Point's address", 30, lambda r: _point(r, "address")),
    Column("point_id", "自提点编号", "Point's id", 22, lambda r: str(r.order.pickup_point_id or "")),
    Column("point_contact", "自提联系人", "Point's contact", 12, lambda r: _point(r, "contact_name")),
    Column("point_phone", "自提电话", "Point's phone", 14, lambda r: _point(r, "contact_phone")),
    Column("to_pick", "待自提件数", "To pick up", 8, lambda r: r.total(lambda one: max(0, _kept(one) - one.picked_quantity)) if r.order.delivery_method == "pickup" else 0),
    Column("nickname", "团员昵称", "Buyer", 14, lambda r: r.more.nicknames.get(r.order.person_id, ""), "person"),
    Column("payment_no", "支付单号", "Payment number", 30, lambda r: r.more.payments.get(r.order.id, ("", ""))[0], "payment"),
    Column("transaction", "微信支付单号", "WeChat Pay's number", 30, lambda r: r.more.payments.get(r.order.id, ("", ""))[1], "payment"),
    Column("category", "商品分类", "Category", 12, lambda r: _BETWEEN.join(dict.fromkeys(filter(None, (_about(r, one).category for one in r.lines)))), "offers"),
    Column("gift", "赠品", "Gift", 6, lambda r: _BETWEEN.join(f"{one.title}×{one.quantity}" if r.whole else "是" for one in r.lines if _about(r, one).gift), "offers"),
    Column("order_goods", "订单商品金额（元）", "Order's goods (CNY)", 12, lambda r: Fen(r.order.goods_fen)),
    Column("order_discount", "订单优惠（元）", "Order's discounts (CNY)", 12, lambda r: Fen(r.order.discount_fen)),
    Column("deductions", "优惠明细", "Discounts", 24, lambda r: _deductions(r.order)),
    Column("order_freight", "订单运费（元）", "Order's freight (CNY)", 12, lambda r: Fen(r.order.freight_fen)),
    Column("distance", "直线距离（米）", "Straight line (m)", 12, _distance, "distance"),
    Column("shipped_at", "发货时间", "Shipped at", 20, lambda r: _time(r.order.shipped_at)),
    Column("received_at", "收货时间", "Received at", 20, lambda r: _time(r.order.received_at)),
    Column("closed_at", "取消时间", "Cancelled at", 20, lambda r: _time(r.order.closed_at)),
    Column("touched_at", "更新时间", "Last change", 20, lambda r: _time(r.more.touched.get(r.order.id)), "events"),
    *(Column(f"answer_{n + 1}", f"自定义项{n + 1}", f"Answer {n + 1}", 16, _answer(n)) for n in range(_QUESTIONS)),
    # Of today: an order does not keep what its goods cost.
    Column("cost", "成本价（元）", "Cost (CNY)", 10, _cost, "costs"),
    Column("cost_total", "成本合计（元）", "Costs (CNY)", 12, _cost_total, "costs"),
    Column("profit", "商品毛利（元）", "Margin on goods (CNY)", 12, _profit, "costs"),
)  # fmt: skip
COLUMNS: Final = {column.key: column for column in _ALL}
COSTS: Final = frozenset(column.key for column in _ALL if column.need == "costs")
"""Only for those who may see what goods cost."""
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
            "goods_paid", "goods_back", "freight_back", "total", "paid", "refunded_money", "aftersale", "payment_no", "transaction")),
)  # fmt: skip


def columns_of(keys: Sequence[str], *, costs: bool = True) -> list[Column]:
    """These columns in their order. Raises Invalid `columns_unfit` for none, one named twice, an unknown one or, without `costs`, one of COSTS."""
    known = set(COLUMNS) if costs else set(COLUMNS) - COSTS
    if not keys or len(set(keys)) != len(keys) or not set(keys) <= known:
        raise Invalid(
            "columns_unfit",
            "请至少选一列，每列只能选一次",
            "Choose at least one column, each of them once.",
            field="columns",
        )
    return [COLUMNS[key] for key in keys]
