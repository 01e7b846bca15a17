"""The operator's view of stores and their pick-up points."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from yantuan.kernel import desk
from yantuan.leaders.rules import checked_reason
from yantuan.stores import actions
from yantuan.stores.models import PickupPoint, Store


class PickupPointInline(desk.DeskInline):
    model = PickupPoint
    verbose_name = verbose_name_plural = "自提点"
    columns = (
        desk.column("name", "名称"),
        desk.column("address", "地址"),
        desk.column("hours", "时间"),
        desk.column("archived", "状态", lambda row: "已停用" if row.archived_at else "使用中"),
    )


@admin.register(Store)
class StoreAdmin(desk.DeskAdmin):
    columns = (
        desk.column("name", "卖场"),
        desk.column("leader__display_name", "团长"),
        desk.column("code", "链接码"),
        desk.column("selling", "状态", lambda row: "已暂停" if row.suspended_at else "正常"),
        desk.column("pay_route", "微信收款", lambda row: row.get_pay_route_display()),
        desk.column("created_at", "开张时间"),
    )
    details = (
        desk.column("id", "编号"),
        *columns,
        desk.column("introduction", "简介"),
        desk.column("notice", "公告"),
        desk.column("aftersale_policy", "售后政策"),
        desk.column("suspended_at", "暂停时间"),
        desk.column("suspend_reason", "暂停原因"),
        desk.link("orders_order_changelist", "订单", lambda row: "查看", lambda row: f"store={row.pk}"),
        desk.link("groupbuys_groupbuy_changelist", "团购", lambda row: "查看", lambda row: f"store={row.pk}"),
    )
    list_select_related = ("leader",)
    list_filter = (
        desk.yes_no("suspended", "状态", "已暂停", "正常", "suspended_at__isnull"),
        desk.choose("pay_route", "微信收款", Store.PayRoute.choices),
    )
    search_fields = ("name", "=code", "leader__display_name", "=id")
    search_help_text = "按卖场名、团长、链接码或编号查找"
    narrow_by = ("leader",)
    inlines = (PickupPointInline,)
    actions_detail = ("suspend", "restore")

    def name_of(self, row: Store) -> str:
        return f"卖场 {row.name}"

    @desk.button("暂停卖场", "suspend", icon="pause", needs="suspend")
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._switch(request, object_id, stop=True)

    @desk.button("恢复卖场", "restore", icon="play_arrow", needs="restore")
    def restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._switch(request, object_id, stop=False)

    def has_suspend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = desk.row_or_none(Store, object_id)
        return self.has_view_permission(request) and row is not None and row.suspended_at is None

    def has_restore_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = desk.row_or_none(Store, object_id)
        return self.has_view_permission(request) and row is not None and row.suspended_at is not None

    def _switch(self, request: HttpRequest, object_id: str, *, stop: bool) -> HttpResponse:
        row = desk.row_or_none(Store, object_id)
        if row is None:
            raise Http404

        def work(values: dict[str, Any]) -> str:
            change = actions.suspend_store if stop else actions.restore_store
            change(row.id, checked_reason(values["reason"]), desk.operator_id(request))
            return "已暂停，立即停止销售" if stop else "已恢复"

        return desk.act_page(
            self,
            request,
            desk.ReasonForm(desk.sent(request)),
            work,
            title=f"{'暂停' if stop else '恢复'}卖场「{row.name}」",
            explain="暂停后立刻不能下单；已有订单仍可付款、发货和退款。" if stop else "",
            button="暂停" if stop else "恢复",
            back=self.page_of(row.id),
        )
