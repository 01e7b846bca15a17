"""The second person of a large export: the operator, with the dynamic code once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from unfold.widgets import UnfoldAdminTextareaWidget

from yantuan.kernel import desk, desk_code
from yantuan.kernel.actors import Actor
from yantuan.reports import exports
from yantuan.reports.models import OrderExport

_TONES = {"waiting_approval": "wait", "queued": "wait", "running": "wait", "done": "good", "failed": "bad"}
_WAITING = OrderExport.State.WAITING_APPROVAL


class ApproveForm(forms.Form):
    """Why so many people's data may leave, and who says so."""

    reason = forms.CharField(
        label="同意的理由",
        min_length=2,
        max_length=200,
        help_text="例如：已电话与团长核实，用于中秋团发货",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    code = desk_code.code_field("验证器上最新的一组动态码")


@admin.register(OrderExport)
class OrderExportAdmin(desk.DeskAdmin):
    columns = (
        desk.column("created_at", "申请时间"),
        desk.link(
            "stores_store_changelist", "卖场", lambda row: str(row.store_id), lambda row: f"q={row.store_id}"
        ),
        desk.column("orders_total", "订单数"),
        desk.state("state", "状态", dict(OrderExport.State.choices), _TONES),
        desk.column("full_phones", "完整手机号"),
    )
    details = (
        *columns,
        desk.column("tab", "订单分类"),
        desk.column("group_buy_id", "团购编号"),
        desk.column("person_id", "申请人编号"),
        desk.column("done_at", "生成时间"),
        desk.column("expires_at", "文件有效期"),
        desk.column("error", "问题"),
    )
    list_filter = (desk.choose("state", "状态", list(OrderExport.State.choices)),)
    search_fields = ("=id", "=store_id")
    search_help_text = "按导出编号或卖场编号查找"
    actions_detail = ("approve", "reject")

    def name_of(self, row: OrderExport) -> str:
        return f"订单导出 {row.pk}"

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = desk.row_or_none(OrderExport, object_id)
        return self.has_view_permission(request) and row is not None and row.state == _WAITING

    @desk.button("同意导出", "approve", icon="verified", needs="decide")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def work(values: dict[str, Any]) -> str:
            desk_code.check_code(request, values["code"])
            exports.start(int(object_id), self._actor(request), values["reason"])
            return "已同意，文件生成后团长可以下载"

        return self._decide(request, object_id, ApproveForm(desk.sent(request)), work, "同意导出")

    @desk.button("不同意", "reject", icon="block", needs="decide")
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def work(values: dict[str, Any]) -> str:
            exports.reject(int(object_id), self._actor(request), values["reason"])
            return "已拒绝这次导出"

        return self._decide(request, object_id, desk.ReasonForm(desk.sent(request)), work, "不同意导出")

    def _actor(self, request: HttpRequest) -> Actor:
        return Actor("operator", desk.operator_id(request))

    def _decide(
        self,
        request: HttpRequest,
        object_id: str,
        form: forms.Form,
        work: Callable[[dict[str, Any]], str],
        title: str,
    ) -> HttpResponse:
        row = desk.row_or_none(OrderExport, object_id)
        if row is None:
            raise Http404
        return desk.act_page(
            self,
            request,
            form,
            work,
            title=title,
            explain=f"卖场 {row.store_id} 的团长要导出 {row.orders_total} 个订单，其中待发货订单带完整的姓名、手机号和地址。",
            button="确定",
            back=self.page_of(row.id),
        )
