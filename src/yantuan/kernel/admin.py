"""The operator's view of events, timed work and the audit chain."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from yantuan.kernel import audit, desk
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict
from yantuan.kernel.models import AuditEntry, OutboxEvent, TimedRun

_EVENT_TONES = {"pending": "wait", "done": "good", "dead": "bad"}
ACTORS = {"buyer": "团员", "leader": "团长", "operator": "运营", "provider": "服务商", "system": "系统"}


def revive(event_id: int, operator_id: int) -> None:
    """Let the worker try a dead event again, from the first attempt. Raises Conflict `not_dead`."""
    with transaction.atomic():
        changed = OutboxEvent.objects.filter(id=event_id, state="dead").update(
            state="pending", attempts=0, available_at=now()
        )
        if not changed:
            raise Conflict("not_dead", "这个事件不在「已放弃」状态", "The event is not dead.")
        audit.record(Actor("operator", operator_id), "outbox.retry", "outbox_event", event_id)


@admin.register(OutboxEvent)
class OutboxEventAdmin(desk.DeskAdmin):
    section = "系统"
    columns = (
        desk.column("topic", "事件"),
        desk.state("state", "状态", dict(OutboxEvent.State.choices), _EVENT_TONES),
        desk.column("attempts", "尝试次数"),
        desk.column("available_at", "下次处理"),
        desk.column("created_at", "产生时间"),
        desk.column("last_error", "最近错误", lambda row: row.last_error[:80]),
    )
    details = (
        desk.column("id", "编号"),
        *columns[:5],
        desk.column("done_at", "完成时间"),
        desk.column("store_id", "卖场编号"),
        desk.pretty("payload", "内容"),
        desk.pretty("last_error", "最近错误"),
    )
    list_filter = (desk.choose("state", "状态", OutboxEvent.State.choices),)
    search_fields = ("topic",)
    search_help_text = "按事件名查找"
    actions_detail = ("retry_event",)

    @desk.button("重新处理", "retry", needs="retry_event")
    def retry_event(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def work(values: dict[str, Any]) -> str:
            revive(int(object_id), desk.operator_id(request))
            return "已重新排队，稍后自动处理"

        return desk.act_page(
            self,
            request,
            desk.ConfirmForm(desk.sent(request)),
            work,
            title="重新处理这个事件？",
            explain="事件会从第一次尝试重新开始；处理是防重复的，不会做两遍。",
            back=self.page_of(object_id),
        )

    def has_retry_event_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        event = desk.row_or_none(OutboxEvent, object_id)
        return self.has_view_permission(request) and event is not None and event.state == "dead"


@admin.register(AuditEntry)
class AuditEntryAdmin(desk.DeskAdmin):
    section = "系统"
    columns = (
        desk.column("seq", "序号"),
        desk.column("at", "时间"),
        desk.column(
            "actor", "谁", lambda row: f"{ACTORS.get(row.actor_kind, row.actor_kind)} {row.actor_id or ''}"
        ),
        desk.column("action", "做了什么"),
        desk.column("target", "对象", lambda row: f"{row.target_kind} {row.target_id or ''}"),
        desk.column("reason", "原因"),
    )
    details = (
        *columns,
        desk.column("store_id", "卖场编号"),
        desk.pretty("data", "细节"),
        desk.column("prev_hash", "上一条校验"),
        desk.column("hash", "本条校验"),
    )
    ordering = ("-seq",)
    search_fields = ("action", "=target_id", "=actor_id")
    search_help_text = "按动作名、对象编号或操作人编号查找"
    list_filter = (desk.choose("actor_kind", "谁", list(ACTORS.items())),)


@admin.register(TimedRun)
class TimedRunAdmin(desk.DeskAdmin):
    section = "系统"
    columns = (
        desk.column("name", "任务"),
        desk.column("started_at", "上次开始"),
        desk.column("finished_at", "上次完成"),
        desk.column("next_at", "下次"),
        desk.column("last_error", "最近错误", lambda row: row.last_error[:80]),
    )
    details = (*columns[:4], desk.pretty("last_error", "最近错误"))
    ordering = ("name",)

    def name_of(self, row: Any) -> str:
        return str(row.name)
