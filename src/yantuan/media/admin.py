"""The operator's view of stored pictures: facts only, private ones are not shown here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.html import format_html

from yantuan.kernel import desk
from yantuan.media.models import Media
from yantuan.media.queries import public_url


def _preview(row: Any) -> Any:
    if row.private:
        return "（私密）"
    address = public_url(row.key, thumb=True)
    return format_html('<img src="{}" alt="" style="height:40px;border-radius:6px">', address)


@admin.register(Media)
class MediaAdmin(desk.DeskAdmin):
    columns = (
        desk.column("preview", "预览", _preview),
        desk.column("purpose", "用途", lambda row: row.get_purpose_display()),
        desk.column("owner_id", "上传者编号"),
        desk.column("size", "大小", lambda row: f"{row.width}×{row.height}，{row.size // 1024} KB"),
        desk.column("created_at", "上传时间"),
    )
    details = (desk.column("id", "编号"), *columns, desk.column("sha256", "SHA-256"))
    list_filter = (desk.choose("purpose", "用途", Media.Purpose.choices),)
    search_fields = ("=owner_id", "=id")
    search_help_text = "按上传者编号或图片编号查找"
