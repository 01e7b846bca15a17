"""The operator's view of orders: the three axes, what was promised, and the timeline. Nothing is changed here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from yantuan.identity.queries import masked_name
from yantuan.kernel import desk
from yantuan.orders.models import Order, OrderEvent, OrderLine
from yantuan.orders.parts import event_text
from yantuan.orders.states import AFTERSALE, DELIVERY, MACHINES, PAYMENT

_PAYMENT_TONES = {
    "unpaid": "wait",
    "awaiting_confirmation": "wait",
    "paid": "good",
    "partly_refunded": "plain",
    "refunded": "plain",
    "closed": "plain",
}
_DELIVERY_TONES = {
    "none": "wait",
    "part_shipped": "wait",
    "awaiting_pickup": "wait",
    "part_picked": "wait",
    "shipped": "good",
    "received": "good",
    "picked": "good",
}
_AFTERSALE_TONES = {"none": "plain", "open": "wait", "settled": "good"}
_METHODS = {"wechatpay": "微信支付", "offline": "线下付款", "zero": "无需支付"}
_WAYS = {"courier": "快递", "pickup": "自提"}
_ACTORS = {"buyer": "团员", "leader": "团长", "operator": "运营", "provider": "服务商", "system": "系统"}
_AXES = {"payment": "支付", "delivery": "配送", "aftersale": "售后", "note": "备注"}


class OrderLineInline(desk.DeskInline):
    model = OrderLine
    verbose_name = verbose_name_plural = "商品"
    ordering = ("position",)
    columns = (
        desk.column("title", "商品"),
        desk.column("sku_name", "规格"),
        desk.money("price_fen", "单价"),
        desk.column("quantity", "数量"),
        desk.money("amount_fen", "金额"),
        desk.money("freight_share_fen", "分摊运费"),
        desk.column("shipped", "已发 / 已提", lambda row: f"{row.shipped_quantity} / {row.picked_quantity}"),
        desk.column("refunded_quantity", "已退件数"),
        desk.money("refunded_goods_fen", "已退货款"),
    )


def _change(row: OrderEvent) -> str:
    machine = MACHINES.get(row.axis)
    if machine is None or not row.after:
        return row.event
    return f"{machine.labels.get(row.before, row.before)} → {machine.labels.get(row.after, row.after)}"


class OrderEventInline(desk.DeskInline):
    model = OrderEvent
    verbose_name = verbose_name_plural = "时间线"
    ordering = ("id",)
    columns = (
        desk.column("at", "时间"),
        desk.column("axis", "方面", lambda row: _AXES.get(row.axis, row.axis)),
        desk.column("event", "事件", lambda row: event_text(row.axis, row.event, row.data)),
        desk.column("change", "变化", _change),
        desk.column(
            "actor", "谁", lambda row: f"{_ACTORS.get(row.actor_kind, row.actor_kind)} {row.actor_id or ''}"
        ),
    )


@admin.register(Order)
class OrderAdmin(desk.DeskAdmin):
    columns = (
        desk.column("id", "订单号"),
        desk.column("number", "跟团号"),
        desk.column("store__name", "卖场"),
        desk.column("goods_text", "商品", lambda row: row.goods_text[:40]),
        desk.money("total_fen", "金额"),
        desk.state("payment", "支付", PAYMENT.labels, _PAYMENT_TONES),
        desk.state("delivery", "配送", DELIVERY.labels, _DELIVERY_TONES),
        desk.state("aftersale", "售后", AFTERSALE.labels, _AFTERSALE_TONES),
        desk.column("placed_at", "下单时间"),
    )
    details = (
        *columns[:3],
        desk.column("group_buy__title", "团购"),
        *columns[5:8],
        desk.column("method", "付款方式", lambda row: _METHODS.get(row.payment_method, row.payment_method)),
        desk.column("way", "配送方式", lambda row: _WAYS.get(row.delivery_method, row.delivery_method)),
        desk.column(
            "recipient",
            "收货人",
            lambda row: f"{masked_name(row.recipient_name)}（尾号 {row.phone_last4 or '无'}）",
        ),
        desk.money("goods_fen", "货款"),
        desk.money("freight_fen", "运费"),
        desk.money("discount_fen", "优惠"),
        desk.money("total_fen", "应付"),
        desk.money("paid_fen", "实付"),
        desk.money("refunded_fen", "已退"),
        desk.column("placed_at", "下单时间"),
        desk.column("paid_at", "付款时间"),
        desk.column("closed_at", "关闭时间"),
        desk.column("close_reason", "关闭原因"),
        desk.column("shipped_at", "发货时间"),
        desk.column("received_at", "收货时间"),
        desk.column("flags", "提醒", lambda row: "、".join(str(flag) for flag in row.flags)),
        desk.link(
            "payments_paymentattempt_changelist", "支付单", lambda row: "查看", lambda row: f"order={row.pk}"
        ),
        desk.link("payments_refund_changelist", "退款单", lambda row: "查看", lambda row: f"order={row.pk}"),
        desk.link(
            "aftersales_aftersale_changelist", "售后单", lambda row: "查看", lambda row: f"order={row.pk}"
        ),
        desk.link(
            "fulfilment_shipment_changelist", "包裹", lambda row: "查看", lambda row: f"order={row.pk}"
        ),
    )
    list_select_related = ("store", "group_buy")
    list_filter = (
        desk.choose("payment", "支付", list(PAYMENT.labels.items())),
        desk.choose("delivery", "配送", list(DELIVERY.labels.items())),
        desk.choose("aftersale", "售后", list(AFTERSALE.labels.items())),
    )
    search_fields = ("=id", "=phone_last4", "=store__code")
    search_help_text = "按订单号、手机尾号或卖场链接码查找"
    narrow_by = ("store", "group_buy", "person")
    inlines = (OrderLineInline, OrderEventInline)

    def name_of(self, row: Any) -> str:
        return f"订单 {row.pk}"
