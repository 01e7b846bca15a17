"""The operator's view of after-sales."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from yantuan.aftersales import actions
from yantuan.aftersales.models import AfterSale, AfterSaleLine
from yantuan.aftersales.reasons import REASONS
from yantuan.aftersales.states import CASE
from yantuan.kernel import desk, desk_code
from yantuan.kernel.config import config
from yantuan.kernel.money import parse_yuan, price_text
from yantuan.media.desk import show, strip

_TONES = {"escalated": "bad", "refunded": "good", "requested": "wait", "returning": "wait", "agreed": "wait"}


_REASONS = {reason.code: reason.label for reason in REASONS}


def _pictures(row: AfterSale) -> Any:
    first = reverse("admin:aftersales_aftersale_picture", args=[row.pk, 0])
    return strip(first.removesuffix("0/"), len(row.media_ids))


class DecisionForm(forms.Form):
    """What the platform decides."""

    amount = forms.CharField(
        label="退给团员的金额（元）",
        max_length=12,
        help_text="例如 39.90；填 0 表示不退",
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
    )
    words = forms.CharField(
        label="处理理由",
        min_length=2,
        max_length=300,
        help_text="双方都会看到",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    code = desk_code.code_field("退款金额较大时需要再填一次验证器上的动态码")


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
        desk.state("state", "状态", CASE.labels, _TONES),
        desk.column("due_at", "处理期限"),
        desk.column("created_at", "申请时间"),
    )
    details = (
        *columns,
        desk.column("reason", "原因", lambda row: _REASONS.get(row.reason, row.reason)),
        desk.column("pictures", "图片", _pictures),
        desk.column("description", "团员说明"),
        desk.column("answer", "团长答复"),
        desk.column("escalation", "申请介入的理由"),
        desk.column("return_carrier_name", "退货快递"),
        desk.column("return_tracking_no", "退货单号"),
        desk.column("decision", "平台决定"),
        desk.column("settled_at", "完结时间"),
    )
    list_filter = (desk.choose("state", "状态", list(CASE.labels.items())),)
    search_fields = ("=id", "=order__id", "=store_id")
    search_help_text = "按售后单号、订单号或卖场编号查找"
    narrow_by = ("order",)
    inlines = (AfterSaleLineInline,)
    actions_detail = ("decide",)

    def name_of(self, row: AfterSale) -> str:
        return f"售后单 {row.pk}"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.picture)
        own = path("<int:pk>/pictures/<int:number>/", view, name="aftersales_aftersale_picture")
        return [own, *super().get_urls()]

    def picture(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """One private picture of the case."""
        row = desk.row_or_none(AfterSale, pk)
        if row is None:
            raise Http404
        return show(request, row.media_ids, number, "aftersale.picture", "aftersale", row.id)

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = desk.row_or_none(AfterSale, object_id)
        return self.has_view_permission(request) and row is not None and row.state == "escalated"

    @desk.button("平台裁定", "decide", icon="gavel", needs="decide")
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = desk.row_or_none(AfterSale, object_id)
        if row is None:
            raise Http404

        def work(values: dict[str, Any]) -> str:
            amount = parse_yuan(values["amount"])
            if 0 < config().stepup_refund_fen < amount:
                desk_code.check_code(request, values["code"])
            actions.operator_decide(row.id, amount, values["words"], desk.operator_id(request))
            return f"已裁定：退 {price_text(amount)}" if amount else "已裁定：不退款"

        return desk.act_page(
            self,
            request,
            DecisionForm(desk.sent(request)),
            work,
            title=f"裁定售后单 {row.pk}",
            explain=f"团员申请 {price_text(row.requested_fen)}。裁定后不能更改，退款自动原路退回。",
            button="确定裁定",
            back=self.page_of(row.id),
        )
