"""The operator's view of people; phones stay masked."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from yantuan.identity.models import Channel, Person
from yantuan.kernel import desk


class ChannelInline(desk.DeskInline):
    model = Channel
    verbose_name = verbose_name_plural = "登录方式"
    columns = (
        desk.column("kind", "渠道", lambda row: {"mini": "小程序", "oa": "公众号"}.get(row.kind, row.kind)),
        desk.column("appid", "应用"),
        desk.column("openid", "openid", lambda row: f"…{row.openid[-6:]}"),
        desk.column("created_at", "加入时间"),
    )


@admin.register(Person)
class PersonAdmin(desk.DeskAdmin):
    columns = (
        desk.column("nickname", "昵称"),
        desk.column("phone_last4", "手机尾号"),
        desk.column("disabled", "状态", lambda row: "已停用" if row.disabled_at else "正常"),
        desk.column("created_at", "注册时间"),
    )
    details = (desk.column("id", "编号"), *columns, desk.column("agreed_terms_at", "同意协议"))
    search_fields = ("nickname", "=phone_last4", "=id")
    search_help_text = "按昵称、手机尾号或编号查找"
    list_filter = (desk.yes_no("disabled", "状态", "已停用", "正常", "disabled_at__isnull"),)
    inlines = (ChannelInline,)

    def name_of(self, row: Any) -> str:
        return f"用户 {row.nickname}"
