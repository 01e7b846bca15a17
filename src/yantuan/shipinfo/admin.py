"""The operator's view of shipping information."""

from __future__ import annotations

from django.contrib import admin

from yantuan.kernel import desk
from yantuan.shipinfo.models import ShippingInfo
from yantuan.shipinfo.states import ADVICE, SHIPPING

_TONES = {
    "waiting": "wait",
    "changed": "wait",
    "sent": "wait",
    "carrier_unknown": "bad",
    "failed": "bad",
    "done": "good",
    "corrected": "good",
    "settled": "good",
}


@admin.register(ShippingInfo)
class ShippingInfoAdmin(desk.DeskAdmin):
    columns = (
        desk.column("transaction_id", "微信单号"),
        desk.link(
            "orders_order_changelist",
            "订单",
            lambda row: str(row.order_id),
            lambda row: f"q={row.order_id}",
        ),
        desk.state("state", "状态", dict(SHIPPING.labels), _TONES),
        desk.column("provider_code", "微信错误码"),
        desk.column("tries", "尝试"),
        desk.column("uploaded_at", "上传时间"),
        desk.column("settled_at", "结算时间"),
    )
    details = (
        *columns,
        desk.column("problem", "问题", lambda row: ADVICE.get(row.problem, row.problem)),
        desk.column("chance_used", "更正", lambda row: "已用" if row.chance_used else "未用"),
        desk.pretty("uploaded", "微信已知的包裹"),
        desk.column("arrived_at", "到货时间"),
        desk.column("confirmed_at", "微信确认收货"),
        desk.column("settles_at", "预计结算"),
        desk.column("next_try_at", "下次上传"),
        desk.column("next_ask_at", "下次查询"),
        desk.column("signed_at", "签收时间"),
        desk.column("late_told_at", "超时提醒"),
        desk.column("created_at", "创建时间"),
    )
    list_filter = (desk.choose("state", "状态", list(SHIPPING.labels.items())),)
    search_fields = ("=transaction_id", "=order__id", "=attempt__out_trade_no")
    search_help_text = "按微信单号、商户单号或订单号查找"

    def name_of(self, row: ShippingInfo) -> str:
        return f"发货信息 {row.transaction_id}"
