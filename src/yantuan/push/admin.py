"""The operator's view of what WeChat pushed; the text itself stays sealed."""

from __future__ import annotations

from django.contrib import admin

from yantuan.kernel import desk
from yantuan.push.models import PushMessage


def _outcome(row: PushMessage) -> str:
    if not row.handlers:
        return "仅留存"
    return "已处理" if row.handled_at else "处理中"


@admin.register(PushMessage)
class PushMessageAdmin(desk.DeskAdmin):
    columns = (
        desk.column("event", "事件"),
        desk.column("sent_at", "发出时间"),
        desk.column("received_at", "收到时间"),
        desk.column("seen", "次数"),
        desk.column("handlers", "处理", _outcome),
        desk.column("handled_at", "处理时间"),
    )
    details = columns
    search_fields = ("=event",)
    search_help_text = "按事件名查找"

    def name_of(self, row: PushMessage) -> str:
        return f"推送 {row.event}"
