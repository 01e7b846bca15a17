"""The operator's view of group sales."""

from __future__ import annotations

from django.contrib import admin

from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.kernel import desk


class OfferInline(desk.DeskInline):
    model = Offer
    verbose_name = verbose_name_plural = "团内商品"
    columns = (
        desk.column("product__title", "商品"),
        desk.column("sku__name", "规格"),
        desk.money("price_fen", "团购价"),
        desk.column("limit_per_person", "每人限购"),
        desk.column("own_stock", "库存", lambda row: "独立" if row.own_stock else "共用"),
        desk.column("pool_id", "库存池"),
    )


@admin.register(GroupBuy)
class GroupBuyAdmin(desk.DeskAdmin):
    columns = (
        desk.column("title", "团购"),
        desk.column("store__name", "卖场"),
        desk.column("kind", "类型", lambda row: row.get_kind_display()),
        desk.state(
            "state",
            "状态",
            dict(GroupBuy.State.choices),
            {"draft": "plain", "published": "good", "closed": "wait"},
        ),
        desk.column("starts_at", "开始"),
        desk.column("ends_at", "截止"),
    )
    details = (
        desk.column("id", "编号"),
        desk.column("code", "链接码"),
        *columns,
        desk.column("published_at", "发布时间"),
        desk.column("closed_at", "截单时间"),
        desk.link("orders_order_changelist", "订单", lambda row: "查看", lambda row: f"group_buy={row.pk}"),
        desk.pretty("blocks", "介绍内容"),
    )
    list_select_related = ("store",)
    list_filter = (
        desk.choose("state", "状态", GroupBuy.State.choices),
        desk.choose("kind", "类型", GroupBuy.Kind.choices),
    )
    search_fields = ("title", "=code", "=id")
    search_help_text = "按标题、链接码或编号查找"
    narrow_by = ("store",)
    inlines = (OfferInline,)

    def name_of(self, row: GroupBuy) -> str:
        return f"团购 {row.title}"
