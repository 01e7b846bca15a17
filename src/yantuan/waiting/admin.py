"""The operator's view of waiting lists."""

from __future__ import annotations

from django.contrib import admin

from yantuan.kernel import desk
from yantuan.waiting.models import Wish
from yantuan.waiting.states import LABELS


@admin.register(Wish)
class WishAdmin(desk.DeskAdmin):
    heading = "候补"
    columns = (
        desk.column("offer", "商品", lambda row: f"{row.offer.product.title} {row.offer.sku.name}".strip()),
        desk.column("quantity", "件数"),
        desk.state(
            "state",
            "状态",
            LABELS,
            {
                "waiting": "wait",
                "offered": "good",
                "taken": "plain",
                "left": "plain",
                "passed": "plain",
                "ended": "plain",
            },
        ),
        desk.column("lined_up_at", "排队时间"),
        desk.column("until", "留到"),
        desk.link(
            "orders_order_changelist",
            "订单",
            lambda row: str(row.order_id or ""),
            lambda row: f"q={row.order_id or ''}",
        ),
    )
    list_filter = (desk.choose("state", "状态", list(LABELS.items())),)
    list_select_related = ("offer__product", "offer__sku")
    ordering = ("-id",)
