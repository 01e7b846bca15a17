"""The operator's view of coupons: what was issued and what it cost its leader."""

from __future__ import annotations

from django.contrib import admin

from yantuan.kernel import desk
from yantuan.promotions.models import Coupon
from yantuan.promotions.rules import title_of


@admin.register(Coupon)
class CouponAdmin(desk.DeskAdmin):
    heading = "优惠券"
    columns = (
        desk.column("created_at", "时间"),
        desk.column("store__name", "卖场"),
        desk.column("kind", "名称", lambda row: title_of(row)[0]),
        desk.column("audience", "谁能领", lambda row: row.get_audience_display()),
        desk.column("claimed", "已领"),
        desk.column("used", "已用"),
        desk.money("used_fen", "共减"),
        desk.column("ends_at", "结束"),
        desk.column("stopped_at", "停用"),
    )
    list_select_related = ("store",)
    list_filter = (
        desk.choose("kind", "种类", Coupon.Kind.choices),
        desk.choose("audience", "谁能领", Coupon.Audience.choices),
    )
    search_fields = ("code", "store__name")
    search_help_text = "按口令或卖场名查找"

    def name_of(self, row: Coupon) -> str:
        return f"优惠券 {title_of(row)[0]}"
