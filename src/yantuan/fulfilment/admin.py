"""The operator's view of parcels and hand-outs."""

from __future__ import annotations

from django.contrib import admin

from yantuan.fulfilment.models import PickupCheck, Shipment, ShipmentLine
from yantuan.kernel import desk


class ShipmentLineInline(desk.DeskInline):
    model = ShipmentLine
    verbose_name = verbose_name_plural = "包裹里的商品"
    columns = (
        desk.column("order_line__title", "商品"),
        desk.column("order_line__sku_name", "规格"),
        desk.column("quantity", "件数"),
    )


@admin.register(Shipment)
class ShipmentAdmin(desk.DeskAdmin):
    heading = "包裹"
    columns = (
        desk.column("tracking_no", "运单号"),
        desk.column("carrier_name", "快递公司"),
        desk.link(
            "orders_order_changelist", "订单", lambda row: str(row.order_id), lambda row: f"q={row.order_id}"
        ),
        desk.column("state", "状态", lambda row: "已撤回" if row.withdrawn_at else "已发出"),
        desk.column("created_at", "发货时间"),
        desk.column("corrected_at", "修改时间"),
    )
    details = (desk.column("id", "编号"), *columns, desk.column("note", "备注"))
    search_fields = ("=tracking_no", "=order__id")
    search_help_text = "按运单号或订单号查找"
    narrow_by = ("order",)
    inlines = (ShipmentLineInline,)

    def name_of(self, row: Shipment) -> str:
        return f"包裹 {row.tracking_no}"


@admin.register(PickupCheck)
class PickupCheckAdmin(desk.DeskAdmin):
    heading = "自提核销"
    columns = (
        desk.column("created_at", "核销时间"),
        desk.link(
            "orders_order_changelist", "订单", lambda row: str(row.order_id), lambda row: f"q={row.order_id}"
        ),
        desk.column("order_line__title", "商品"),
        desk.column("quantity", "件数"),
        desk.column("actor_id", "核销人编号"),
        desk.column("undone_at", "撤销时间"),
    )
    list_select_related = ("order_line",)
    search_fields = ("=order__id",)
    search_help_text = "按订单号查找"
    narrow_by = ("order",)

    def name_of(self, row: PickupCheck) -> str:
        return f"自提核销 {row.pk}"
