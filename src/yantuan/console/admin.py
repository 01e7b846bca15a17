"""Tables of the libraries: background tasks and operator accounts, read-only like all others."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_tasks_db.models import DBTaskResult

from yantuan.kernel import desk

# The libraries' own pages would let operators type into accounts and read authenticator secrets.
for model in (Group, User, TOTPDevice, DBTaskResult):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

_TASK_WORDS = {"READY": "等待", "RUNNING": "进行中", "FAILED": "失败", "SUCCESSFUL": "完成"}
_TASK_TONES = {"READY": "wait", "RUNNING": "wait", "FAILED": "bad", "SUCCESSFUL": "good"}


@admin.register(DBTaskResult)
class TaskAdmin(desk.DeskAdmin):
    heading = "后台任务"
    section = "系统"
    columns = (
        desk.column("task_path", "任务"),
        desk.state("status", "状态", _TASK_WORDS, _TASK_TONES),
        desk.column("enqueued_at", "排队时间"),
        desk.column("started_at", "开始"),
        desk.column("finished_at", "结束"),
    )
    details = (
        desk.column("id", "编号"),
        *columns,
        desk.pretty("args_kwargs", "参数"),
        desk.pretty("traceback", "错误"),
    )
    ordering = ("-enqueued_at",)
    list_filter = (desk.choose("status", "状态", list(_TASK_WORDS.items())),)

    def name_of(self, row: Any) -> str:
        return "后台任务"


@admin.register(User)
class OperatorAdmin(desk.DeskAdmin):
    heading = "运营账号"
    section = "系统"
    columns = (
        desk.column("username", "用户名"),
        desk.column("active", "状态", lambda row: "正常" if row.is_active else "已停用"),
        desk.column(
            "totp",
            "动态码",
            lambda row: "已设置" if row.totpdevice_set.filter(confirmed=True).exists() else "未设置",
        ),
        desk.column("last_login", "上次登录"),
        desk.column("date_joined", "创建时间"),
    )
    search_fields = ("username",)
    search_help_text = "按用户名查找"

    def name_of(self, row: User) -> str:
        return f"运营账号 {row.get_username()}"
