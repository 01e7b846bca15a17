"""The operator's view of after-sales."""

from __future__ import annotations

from django.contrib import admin

from yantuan.aftersales.models import AfterSale, AfterSaleLine
from yantuan.kernel import desk

_STATES = {
    "requested": "待团长处理",
    "offered": "待团员确认",
    "awaiting_return": "待退货",
    "returning": "退货中",
    "agreed": "退款中",
    "refunded": "已退款",
    "refused": "已拒绝",
    "escalated": "平台介入",
    "withdrawn": "已撤回",
    "closed": "已关闭",
}
_TONES = {"escalated": "bad", "refunded": "good", "requested": "wait", "returning": "wait", "agreed": "wait"}


class AfterSaleLineInline(desk.DeskInline):
    model = AfterSaleLine
    verbose_name = verbose_name_plural = "申请的商品"
    columns = (
        desk.column("order_line__title", "商品"),
        desk.column("order_line__sku_name", "规格"),
        desk.column("quantity", "件数"),
        desk.money("goods_fen", "货款"),
        desk.money("freight_fen", "运费"),
    )


@admin.register(AfterSale)
class AfterSaleAdmin(desk.DeskAdmin):
    columns = (
        desk.column("id", "售后单号"),
        desk.link(
            "orders_order_changelist", "订单", lambda row: str(row.order_id), lambda row: f"q={row.order_id}"
        ),
        desk.column("kind", "类型", lambda row: row.get_kind_display()),
        desk.money("requested_fen", "申请金额"),
        desk.money("agreed_fen", "同意金额"),
        desk.state("state", "状态", _STATES, _TONES),
        desk.column("due_at", "处理期限"),
        desk.column("created_at", "申请时间"),
    )
    details = (
        *columns,
        desk.column("reason", "原因代码"),
        desk.column("description", "团员说明"),
        desk.column("answer", "团长答复"),
        desk.column("escalation", "申请介入的理由"),
        desk.column("return_carrier_name", "退货快递"),
        desk.column("return_tracking_no", "退货单号"),
        desk.column("decision", "平台决定"),
        desk.column("settled_at", "完结时间"),
    )
    list_filter = (desk.choose("state", "状态", list(_STATES.items())),)
    search_fields = ("=id", "=order__id", "=store_id")
    search_help_text = "按售后单号、订单号或卖场编号查找"
    narrow_by = ("order",)
    inlines = (AfterSaleLineInline,)

    def name_of(self, row: AfterSale) -> str:
        return f"售后单 {row.pk}"
