"""The operator's view of teams."""

from __future__ import annotations

from django.contrib import admin

from yantuan.kernel import desk
from yantuan.teams.models import Team
from yantuan.teams.states import LABELS


@admin.register(Team)
class TeamAdmin(desk.DeskAdmin):
    heading = "拼团"
    columns = (
        desk.column("code", "编号"),
        desk.column("group_buy", "团购", lambda row: row.group_buy.title),
        desk.state(
            "state", "状态", LABELS, {"forming": "wait", "formed": "good", "over": "plain", "kept": "good"}
        ),
        desk.column("taken", "已占名额", lambda row: f"{row.taken}/{row.size}"),
        desk.column("started_at", "开团时间"),
        desk.column("ends_at", "截止"),
        desk.column("settled_at", "结束时间"),
    )
    list_filter = (desk.choose("state", "状态", list(LABELS.items())),)
    list_select_related = ("group_buy",)
    ordering = ("-id",)
