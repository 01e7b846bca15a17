"""The operator's view of shares: how often opened, never by whom."""

from __future__ import annotations

from django.contrib import admin

from yantuan.kernel import desk
from yantuan.sharing.models import LiveCard, Share


@admin.register(Share)
class ShareAdmin(desk.DeskAdmin):
    heading = "分享"
    columns = (
        desk.column("created_at", "时间"),
        desk.column("store__name", "卖场"),
        desk.column("kind", "方式", lambda row: row.get_kind_display()),
        desk.column("label", "备注"),
        desk.column("opens", "打开次数"),
        desk.column("group_buy_id", "团购编号"),
    )
    list_select_related = ("store",)
    list_filter = (desk.choose("kind", "方式", Share.Kind.choices),)
    search_fields = ("label", "store__name")
    search_help_text = "按备注或卖场名查找"

    def name_of(self, row: Share) -> str:
        return f"分享 {row.label or row.pk}"


@admin.register(LiveCard)
class LiveCardAdmin(desk.DeskAdmin):
    heading = "动态卡片"
    columns = (
        desk.column("created_at", "时间"),
        desk.column("group_buy_id", "团购编号"),
        desk.state(
            "state",
            "状态",
            dict(LiveCard.State.choices),
            {"asking": "wait", "live": "good", "closed": "plain", "lost": "plain", "refused": "bad"},
        ),
        desk.column("members", "人数", lambda row: f"{row.members}/{row.room}"),
        desk.column("expires_at", "有效至"),
        desk.column("error", "原因"),
    )
    list_filter = (desk.choose("state", "状态", LiveCard.State.choices),)

    def name_of(self, row: LiveCard) -> str:
        return f"团购 {row.group_buy_id} 的动态卡片"
