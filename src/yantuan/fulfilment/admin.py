"""The operator's view of parcels and hand-outs."""

from __future__ import annotations

from django.contrib import admin

from yantuan.fulfilment.imports.codes import CODES
from yantuan.fulfilment.imports.states import IMPORT
from yantuan.fulfilment.imports.template import RESULTS
from yantuan.fulfilment.models import PickupCheck, ShipImport, ShipImportRow, Shipment, ShipmentLine
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


@admin.register(ShipImport)
class ShipImportAdmin(desk.DeskAdmin):
    heading = "批量发货"
    columns = (
        desk.column("title", "表格"),
        desk.state("state", "状态", IMPORT.labels, {"booked": "good", "refused": "bad", "preview": "wait"}),
        desk.column("rows_total", "行数"),
        desk.link(
            "fulfilment_shipimportrow_changelist", "逐行", lambda row: "查看", lambda row: f"batch={row.pk}"
        ),
        desk.column("created_at", "上传时间"),
        desk.column("done_at", "处理完"),
        desk.column("undone_at", "撤回时间"),
    )
    details = (
        desk.column("id", "编号"),
        *columns,
        desk.column("error", "没有读取的原因", lambda row: row.error.get("zh", "")),
    )
    list_filter = (desk.choose("state", "状态", list(IMPORT.labels.items())),)
    search_fields = ("=id", "title")
    search_help_text = "按编号或文件名查找"

    def name_of(self, row: ShipImport) -> str:
        return f"批量发货 {row.title}"


@admin.register(ShipImportRow)
class ShipImportRowAdmin(desk.DeskAdmin):
    heading = "批量发货的行"
    columns = (
        desk.column("row", "行"),
        desk.link(
            "orders_order_changelist",
            "订单",
            lambda row: str(row.order_id or row.said),
            lambda row: f"q={row.order_id or row.said}",
        ),
        desk.column("carrier_name", "快递公司"),
        desk.column("tracking_no", "运单号"),
        desk.column("problems", "问题", lambda row: "；".join(CODES[code].zh for code, _ in row.problems)),
        desk.column("result", "结果", lambda row: RESULTS[row.result]),
    )
    details = (desk.column("id", "编号"), *columns, desk.column("refusal", "原因代码"))
    search_fields = ("=order_id", "=tracking_no")
    search_help_text = "按订单号或运单号查找"
    narrow_by = ("batch",)

    def name_of(self, row: ShipImportRow) -> str:
        return f"第 {row.row} 行"
