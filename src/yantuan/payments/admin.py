"""The operator's view of payments, refunds and what providers told us, with the raw texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from yantuan.kernel import desk
from yantuan.leaders.rules import checked_reason
from yantuan.merchants.models import MerchantAccount
from yantuan.payments import differences, reconcile
from yantuan.payments.models import (
    BillDifference,
    OfflineProof,
    PaymentAttempt,
    ProviderNotice,
    Refund,
    RefundLine,
)


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
        desk.column("sub_mchid", "子商户号"),
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


class DayFilter(admin.SimpleListFilter):
    """The days that have differences, newest first."""

    title = "账单日"
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        days = BillDifference.objects.order_by("-day").values_list("day", flat=True).distinct()[:31]
        return [(day.isoformat(), day.isoformat()) for day in days]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        try:
            return queryset.filter(day=date.fromisoformat(self.value() or ""))
        except ValueError:
            return queryset


class AccountFilter(admin.SimpleListFilter):
    """Whose bill it is: the operator's or a store's own account."""

    title = "收款账户"
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        rows = MerchantAccount.objects.filter(bill_differences__isnull=False).distinct()
        own = [
            (str(a.id), f"{a.store.name} {a.sub_mchid or a.mchid}")
            for a in rows.select_related("store")[:100]
        ]
        return [("operator", "平台"), *own]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        if value == "operator":
            return queryset.filter(account=None)
        return queryset.filter(account_id=int(value)) if value.isascii() and value.isdigit() else queryset


def _whose(row: BillDifference) -> str:
    if row.account is None:
        return "平台"
    return f"{row.account.store.name}（{row.account.sub_mchid or row.account.mchid}）"


def _bill_amount(row: BillDifference) -> str:
    line = row.bill_line
    return str(line.get("申请退款金额" if line.get("交易状态") == "REFUND" else "订单金额", ""))


def _ours(row: BillDifference) -> dict[str, Any]:
    """Our side of the number: the payment or refund as we have it, and the order's own word."""
    fields = ("out_trade_no", "state", "amount_fen", "transaction_id", "success_at", "order__payment")
    back = ("out_refund_no", "state", "amount_fen", "provider_refund_id", "done_at", "order__payment")
    found = PaymentAttempt.objects.filter(out_trade_no=row.number).values(*fields).first()
    return (
        found or Refund.objects.filter(out_refund_no=row.number).values(*back).first() or {"": "没有这个单号"}
    )


@admin.register(BillDifference)
class BillDifferenceAdmin(desk.DeskAdmin):
    columns = (
        desk.column("day", "账单日", order=False),
        desk.column("account", "收款账户", _whose),
        desk.column("number", "单号"),
        desk.column(
            "problem", "哪里不同", lambda row: differences.PROBLEMS.get(row.problem, row.problem), order=False
        ),
        desk.column("bill_amount", "账单金额（元）", _bill_amount),
        desk.link(
            "orders_order_changelist",
            "订单",
            lambda row: str(row.order_id or desk.EMPTY),
            lambda row: f"q={row.order_id or 0}",
        ),
        desk.state(
            "state",
            "状态",
            dict(BillDifference.State.choices),
            {"open": "bad", "gone": "plain", "settled": "good"},
        ),
    )
    details = (
        *columns,
        desk.column("reason", "处理说明"),
        desk.column("asked_at", "最近核对"),
        desk.column("decided_at", "处理时间"),
        desk.pretty("bill_line", "账单里的这一行"),
        desk.pretty("ours", "我们的记录", _ours),
    )
    list_filter = (
        DayFilter,
        AccountFilter,
        desk.choose("state", "状态", BillDifference.State.choices),
    )
    list_select_related = ("account__store",)
    search_fields = ("=number", "=order_id")
    search_help_text = "按商户单号、退款单号或订单号查找"
    ordering = ("-day", "-pk")
    actions_row = ("ask_again", "settle")
    actions_detail = ("ask_again", "settle")

    def name_of(self, row: BillDifference) -> str:
        return f"对账差异 {row.number}"

    @desk.button("再查一次", "ask-again", icon="sync", needs="open")
    def ask_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self._row(object_id)

        def work(values: dict[str, Any]) -> str:
            reconcile.reconcile(row.day, row.account_id)
            now_is = differences.note_asked(row, desk.operator_id(request))
            gone = now_is.state == BillDifference.State.GONE
            return "已重新核对：现在一致了" if gone else "已重新核对：差异仍在"

        return desk.act_page(
            self,
            request,
            desk.ConfirmForm(desk.sent(request)),
            work,
            title=f"再查一次：{row.number}",
            explain=f"重新下载 {row.day} 的账单，与支付单、退款单和订单再核对一遍。",
            button="重新核对",
            back=self.list_page(),
        )

    @desk.button("已处理", "settle", icon="task_alt", needs="open")
    def settle(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self._row(object_id)

        def work(values: dict[str, Any]) -> str:
            differences.settle(row.id, checked_reason(values["reason"]), desk.operator_id(request))
            return "已记为处理完"

        return desk.act_page(
            self,
            request,
            desk.ReasonForm(desk.sent(request)),
            work,
            title=f"已处理：{row.number}",
            explain=f"{differences.PROBLEMS.get(row.problem, row.problem)}。请写明查到了什么、怎样处理的。",
            button="记为已处理",
            back=self.list_page(),
        )

    def has_open_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if object_id is None:
            return self.has_view_permission(request)
        row = desk.row_or_none(BillDifference, object_id)
        return self.has_view_permission(request) and row is not None and row.state == "open"

    def _row(self, object_id: str) -> BillDifference:
        row = desk.row_or_none(BillDifference, object_id)
        if not isinstance(row, BillDifference):
            raise Http404
        return row
