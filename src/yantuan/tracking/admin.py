"""The operator's view of watched parcels and of what services pushed (never its text: there are people's phones in it)."""

from __future__ import annotations

from django.contrib import admin

from yantuan.fulfilment.carriers import carrier_name
from yantuan.kernel import desk
from yantuan.tracking import rules
from yantuan.tracking.models import CourierPush, TraceStep, Tracking


class TraceStepInline(desk.DeskInline):
    model = TraceStep
    verbose_name = verbose_name_plural = "轨迹"
    columns = (
        desk.column("at", "时间"),
        desk.column("text", "内容"),
        desk.column("status", "状态", lambda row: rules.LABELS.get(row.status, row.status)),
    )


@admin.register(Tracking)
class TrackingAdmin(desk.DeskAdmin):
    heading = "物流跟踪"
    columns = (
        desk.column("tracking_no", "运单号"),
        desk.column("carrier", "快递公司", lambda row: carrier_name(row.carrier, row.carrier)),
        desk.link(
            "orders_order_changelist", "订单", lambda row: str(row.order_id), lambda row: f"q={row.order_id}"
        ),
        desk.column("status", "物流状态", lambda row: rules.LABELS.get(row.status, row.status)),
        desk.state(
            "state",
            "订阅",
            dict(Tracking.State.choices),
            {"waiting": "wait", "watched": "good", "refused": "bad", "ended": "plain", "stopped": "plain"},
        ),
        desk.column("news_at", "最近更新"),
        desk.column("problem", "问题", lambda row: rules.PROBLEMS.get(row.problem, row.problem)),
    )
    details = (
        *columns,
        desk.column("provider", "查询服务"),
        desk.column("problem_text", "服务的答复"),
        desk.column("tries", "尝试次数"),
        desk.column("next_at", "下次动作"),
        desk.column("signed_at", "签收时间"),
        desk.column("gave_up_at", "停止等待"),
        desk.column("started_at", "开始时间"),
    )
    list_filter = (
        desk.choose("state", "订阅", Tracking.State.choices),
        desk.choose("alarm", "提醒", [choice for choice in Tracking.Alarm.choices if choice[0]]),
    )
    search_fields = ("=tracking_no", "=order__id")
    search_help_text = "按运单号或订单号查找"
    narrow_by = ("order",)
    inlines = (TraceStepInline,)

    def name_of(self, row: Tracking) -> str:
        return f"物流 {row.tracking_no}"


@admin.register(CourierPush)
class CourierPushAdmin(desk.DeskAdmin):
    heading = "物流推送"
    columns = (
        desk.column("received_at", "收到时间"),
        desk.column("provider", "查询服务"),
        desk.state(
            "outcome",
            "结果",
            dict(CourierPush.Outcome.choices),
            {"waiting": "wait", "applied": "good", "unmatched": "bad"},
        ),
        desk.column("seen", "次数"),
        desk.column("problem", "问题"),
        desk.column("handled_at", "处理时间"),
    )
    list_filter = (desk.choose("outcome", "结果", CourierPush.Outcome.choices),)

    def name_of(self, row: CourierPush) -> str:
        return f"物流推送 {row.pk}"
