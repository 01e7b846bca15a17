"""The operator's view of payments, refunds and what providers told us, with the raw texts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from yantuan.kernel import desk
from yantuan.payments.models import OfflineProof, PaymentAttempt, ProviderNotice, Refund, RefundLine


def _order_link() -> Any:
    return desk.link(
        "orders_order_changelist", "订单", lambda row: str(row.order_id), lambda row: f"q={row.order_id}"
    )


@admin.register(PaymentAttempt)
class PaymentAttemptAdmin(desk.DeskAdmin):
    columns = (
        desk.column("out_trade_no", "商户单号"),
        _order_link(),
        desk.column("trade_type", "方式"),
        desk.money("amount_fen", "应付"),
        desk.money("paid_fen", "实付"),
        desk.state(
            "state",
            "状态",
            dict(PaymentAttempt.State.choices),
            {"created": "plain", "prepaid": "wait", "succeeded": "good", "closed": "plain"},
        ),
        desk.column("extra", "多付", lambda row: "是，自动退回" if row.extra else "否"),
        desk.column("created_at", "创建时间"),
    )
    details = (
        *columns,
        desk.column("transaction_id", "微信单号"),
        desk.column("mchid", "商户号"),
        desk.column("appid", "应用"),
        desk.column("prepay_id", "预支付"),
        desk.column("success_at", "付款时间"),
        desk.column("closed_at", "关闭时间"),
        desk.column("polls", "查询次数"),
        desk.column("next_poll_at", "下次查询"),
        desk.link(
            "payments_providernotice_changelist",
            "支付通知",
            lambda row: "查看",
            lambda row: f"q={row.out_trade_no}",
        ),
        desk.pretty("request_body", "发出的请求"),
    )
    list_filter = (desk.choose("state", "状态", PaymentAttempt.State.choices),)
    search_fields = ("=out_trade_no", "=transaction_id", "=order__id")
    search_help_text = "按商户单号、微信单号或订单号查找"
    narrow_by = ("order",)

    def name_of(self, row: PaymentAttempt) -> str:
        return f"支付单 {row.out_trade_no}"


@admin.register(OfflineProof)
class OfflineProofAdmin(desk.DeskAdmin):
    heading = "线下付款凭证"
    columns = (
        desk.column("created_at", "提交时间"),
        _order_link(),
        desk.money("amount_fen", "金额"),
        desk.state(
            "state",
            "状态",
            dict(OfflineProof.State.choices),
            {"sent": "wait", "confirmed": "good", "rejected": "bad"},
        ),
        desk.column("flags", "提醒", lambda row: "、".join(str(flag) for flag in row.flags)),
        desk.column("reason", "原因"),
        desk.column("decided_at", "处理时间"),
    )
    list_filter = (desk.choose("state", "状态", OfflineProof.State.choices),)
    search_fields = ("=order__id",)
    search_help_text = "按订单号查找"
    narrow_by = ("order",)

    def name_of(self, row: OfflineProof) -> str:
        return f"线下付款凭证 {row.pk}"


class RefundLineInline(desk.DeskInline):
    model = RefundLine
    verbose_name = verbose_name_plural = "退款明细"
    columns = (
        desk.column("order_line__title", "商品"),
        desk.column("quantity", "件数"),
        desk.money("goods_fen", "货款"),
        desk.money("freight_fen", "运费"),
    )


@admin.register(Refund)
class RefundAdmin(desk.DeskAdmin):
    columns = (
        desk.column("out_refund_no", "退款单号"),
        _order_link(),
        desk.column("cause", "原因", lambda row: row.get_cause_display()),
        desk.money("amount_fen", "金额"),
        desk.state(
            "state",
            "状态",
            dict(Refund.State.choices),
            {
                "created": "wait",
                "processing": "wait",
                "succeeded": "good",
                "abnormal": "bad",
                "closed": "bad",
            },
        ),
        desk.column("tries", "尝试次数"),
        desk.column("last_error", "最近错误", lambda row: row.last_error[:60]),
        desk.column("created_at", "创建时间"),
    )
    details = (
        *columns[:6],
        desk.column("reason", "说明"),
        desk.column("restock", "退回库存", lambda row: "是" if row.restock else "否"),
        desk.column("provider_refund_id", "微信退款单号"),
        desk.column("next_try_at", "下次尝试"),
        desk.column("last_error", "最近错误"),
        columns[7],
        desk.column("done_at", "完成时间"),
        desk.link(
            "payments_providernotice_changelist",
            "退款通知",
            lambda row: "查看",
            lambda row: f"q={row.out_refund_no}",
        ),
    )
    list_filter = (
        desk.choose("state", "状态", Refund.State.choices),
        desk.choose("cause", "原因", Refund.Cause.choices),
    )
    search_fields = ("=out_refund_no", "=provider_refund_id", "=order__id")
    search_help_text = "按退款单号、微信退款单号或订单号查找"
    narrow_by = ("order",)
    inlines = (RefundLineInline,)

    def name_of(self, row: Refund) -> str:
        return f"退款单 {row.out_refund_no}"


@admin.register(ProviderNotice)
class ProviderNoticeAdmin(desk.DeskAdmin):
    columns = (
        desk.column("received_at", "收到时间"),
        desk.column("event_type", "事件"),
        desk.column("business_no", "单号"),
        desk.state(
            "outcome",
            "结果",
            dict(ProviderNotice.Outcome.choices),
            {"waiting": "wait", "applied": "good", "repeated": "plain", "unmatched": "bad"},
        ),
        desk.column("seen", "收到次数"),
        desk.column("problem", "问题"),
        desk.column("handled_at", "处理时间"),
    )
    details = (
        desk.column("notice_id", "通知编号"),
        *columns,
        desk.pretty("resource", "解密后的内容"),
        desk.pretty("body", "原始报文"),
        desk.pretty("headers", "报文头"),
    )
    list_filter = (desk.choose("outcome", "结果", ProviderNotice.Outcome.choices),)
    search_fields = ("=business_no", "=notice_id")
    search_help_text = "按单号或通知编号查找"

    def name_of(self, row: ProviderNotice) -> str:
        return f"支付通知 {row.notice_id}"
