"""The operator's view of stores the self-check has stopped, and the way back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from yantuan.kernel import desk
from yantuan.kernel.models import AuditEntry
from yantuan.leaders.rules import checked_reason
from yantuan.reports.models import HaltedStore
from yantuan.reports.stopping import release_store


class ReleaseForm(desk.ReasonForm):
    """Why it may go on; ticking the box says that what is still wrong is known."""

    in_spite = forms.BooleanField(label="仍要恢复：复查仍不一致，但我已核对", required=False)


def _findings(row: HaltedStore) -> str:
    told = AuditEntry.objects.filter(action="store.halt", target_kind="store", target_id=row.pk).order_by(
        "-seq"
    )
    return told.values_list("reason", flat=True).first() or ""


@admin.register(HaltedStore)
class HaltedStoreAdmin(desk.DeskAdmin):
    columns = (
        desk.column("name", "卖场"),
        desk.column("leader__display_name", "团长"),
        desk.column("halted_at", "停售时间"),
        desk.column("findings", "自检发现", _findings),
    )
    details = (
        *columns,
        desk.link("stores_store_changelist", "卖场", lambda row: "查看", lambda row: f"q={row.pk}"),
    )
    list_select_related = ("leader",)
    actions_detail = ("release",)

    def name_of(self, row: HaltedStore) -> str:
        return f"卖场 {row.name}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[HaltedStore]:
        rows: QuerySet[HaltedStore] = super().get_queryset(request).filter(halted_at__isnull=False)
        return rows

    @desk.button("解除停售", "release", icon="play_arrow", needs="release")
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = desk.row_or_none(HaltedStore, object_id)
        if row is None:
            raise Http404

        def work(values: dict[str, Any]) -> str:
            reason = checked_reason(values["reason"])
            release_store(row.id, reason, desk.operator_id(request), in_spite=values["in_spite"])
            return "已解除停售，等待的退款会自动继续"

        return desk.act_page(
            self,
            request,
            ReleaseForm(desk.sent(request)),
            work,
            title=f"解除停售：卖场「{row.name}」",
            explain="会先复查这个卖场的账目和库存；仍不一致时不会恢复，除非勾选「仍要恢复」。",
            button="复查并解除",
            back=self.list_page(),
        )

    def has_release_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = desk.row_or_none(HaltedStore, object_id)
        return self.has_view_permission(request) and row is not None and row.halted_at is not None
