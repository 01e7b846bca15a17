"""The operator's view of goods and stock; stock is changed by its own function only, never here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from yantuan.catalog.imports.codes import CODES
from yantuan.catalog.imports.models import GoodsImport, GoodsImportRow
from yantuan.catalog.imports.states import GOODS_IMPORT
from yantuan.catalog.models import Product, Sku, StockMovement, StockPool
from yantuan.kernel import desk


class SkuInline(desk.DeskInline):
    model = Sku
    verbose_name = verbose_name_plural = "规格"
    columns = (
        desk.column("name", "规格"),
        desk.column("code", "编码"),
        desk.money("price_fen", "价格"),
        desk.column("limit_per_person", "每人限购"),
        desk.link("catalog_stockpool_changelist", "库存", lambda row: "查看", lambda row: f"q={row.pool_id}"),
    )


@admin.register(Product)
class ProductAdmin(desk.DeskAdmin):
    columns = (
        desk.column("title", "商品"),
        desk.column("store__name", "卖场"),
        desk.column("archived", "状态", lambda row: "已下架" if row.archived_at else "在库"),
        desk.column("updated_at", "更新时间"),
    )
    details = (desk.column("id", "编号"), *columns, desk.column("description", "介绍"))
    list_select_related = ("store",)
    search_fields = ("title", "=id")
    search_help_text = "按商品名或编号查找"
    narrow_by = ("store",)
    inlines = (SkuInline,)

    def name_of(self, row: Product) -> str:
        return f"商品 {row.title}"


@admin.register(StockPool)
class StockPoolAdmin(desk.DeskAdmin):
    columns = (
        desk.column("id", "库存池"),
        desk.column("store_id", "卖场编号"),
        desk.column("total", "总数"),
        desk.column("available", "可售"),
        desk.column("held", "占用"),
        desk.column("sold", "已售"),
        desk.link(
            "catalog_stockmovement_changelist", "变动", lambda row: "查看", lambda row: f"pool_id={row.pk}"
        ),
    )
    search_fields = ("=id", "=store_id")
    search_help_text = "按库存池或卖场编号查找"


@admin.register(StockMovement)
class StockMovementAdmin(desk.DeskAdmin):
    heading = "库存变动"
    columns = (
        desk.column("created_at", "时间"),
        desk.column("pool_id", "库存池"),
        desk.column("kind", "变动", lambda row: row.get_kind_display()),
        desk.column("quantity", "数量"),
        desk.column("order_line_id", "订单行"),
        desk.column("actor", "谁", lambda row: f"{row.actor_kind} {row.actor_id or ''}"),
    )
    list_filter = (desk.choose("kind", "变动", StockMovement.Kind.choices),)
    search_fields = ("=pool_id", "=order_line_id")
    search_help_text = "按库存池或订单行编号查找"
    narrow_by = ("pool_id",)

    def name_of(self, row: Any) -> str:
        return f"库存变动 {row.pk}"


class GoodsImportRowInline(desk.DeskInline):
    model = GoodsImportRow
    verbose_name = verbose_name_plural = "行"
    columns = (
        desk.column("row", "行"),
        desk.column("title", "商品"),
        desk.column("spec", "规格"),
        desk.column("problems", "问题", lambda row: "；".join(CODES[code].zh for code, _ in row.problems)),
        desk.column("result", "结果"),
    )


@admin.register(GoodsImport)
class GoodsImportAdmin(desk.DeskAdmin):
    heading = "商品导入"
    columns = (
        desk.column("title", "表格"),
        desk.state("state", "状态", GOODS_IMPORT.labels, {"booked": "good", "preview": "wait"}),
        desk.column("rows_total", "行数"),
        desk.column("created_at", "上传时间"),
        desk.column("done_at", "处理完"),
    )
    details = (desk.column("id", "编号"), *columns)
    list_filter = (desk.choose("state", "状态", list(GOODS_IMPORT.labels.items())),)
    search_fields = ("=id", "title")
    search_help_text = "按编号或文件名查找"
    inlines = (GoodsImportRowInline,)

    def name_of(self, row: GoodsImport) -> str:
        return f"商品导入 {row.title}"
