"""The operator's view of what was sent to whom, and how it went."""

from __future__ import annotations

from django.contrib import admin

from yantuan.kernel import desk
from yantuan.notices.models import Delivery, ServiceCard

_STEPS = {0: "还没有", 1: "已支付", 2: "待发货", 3: "部分发货", 4: "已发货"}
_CHANNELS = [("wecom", "企业微信"), ("email", "邮件"), ("subscribe", "订阅消息")]


@admin.register(Delivery)
class DeliveryAdmin(desk.DeskAdmin):
    columns = (
        desk.column("created_at", "时间"),
        desk.column("channel", "渠道", lambda row: dict(_CHANNELS).get(row.channel, row.channel)),
        desk.column("title", "标题"),
        desk.state(
            "state",
            "状态",
            dict(Delivery.State.choices),
            {"waiting": "wait", "sent": "good", "gathered": "plain", "failed": "bad"},
        ),
        desk.column("tries", "尝试次数"),
        desk.column("error", "错误", lambda row: row.error[:60]),
        desk.column("sent_at", "送达时间"),
    )
    details = (
        *columns[:5],
        desk.column("recipient", "接收方编号"),
        desk.column("store_id", "卖场编号"),
        desk.column("body", "内容"),
        desk.column("error", "错误"),
        desk.column("event_key", "来源事件"),
        desk.column("into_id", "合并到"),
        desk.column("due_at", "计划时间"),
        columns[6],
    )
    list_filter = (
        desk.choose("state", "状态", Delivery.State.choices),
        desk.choose("channel", "渠道", _CHANNELS),
    )
    search_fields = ("title", "=store_id", "=order_id")
    search_help_text = "按标题、卖场编号或订单号查找"

    def name_of(self, row: Delivery) -> str:
        return f"消息 {row.title}"


@admin.register(ServiceCard)
class ServiceCardAdmin(desk.DeskAdmin):
    heading = "服务卡片"
    columns = (
        desk.column("paid_at", "支付时间"),
        desk.column("order_id", "订单号"),
        desk.column("kind", "卡片", lambda row: "自提" if row.kind == 2002 else "物流"),
        desk.column("shown", "买家看到", lambda row: _STEPS.get(row.shown, str(row.shown))),
        desk.state(
            "state",
            "状态",
            dict(ServiceCard.State.choices),
            {"waiting": "wait", "shown": "good", "over": "plain", "failed": "bad"},
        ),
        desk.column("tries", "尝试次数"),
        desk.column("error", "原因"),
    )
    list_filter = (desk.choose("state", "状态", ServiceCard.State.choices),)
    search_fields = ("=order_id", "=store_id")
    search_help_text = "按订单号或卖场编号查找"

    def name_of(self, row: ServiceCard) -> str:
        return f"订单 {row.order_id} 的服务卡片"
