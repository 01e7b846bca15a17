"""Which right each of a leader's operations needs. An operation that is not named here is the leader's alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Right = Literal["orders", "shipping", "pickup", "aftersales", "money", "data", "goods"]
RIGHTS: Final[tuple[Right, ...]] = get_args(Right)

LABELS: Final[dict[Right, tuple[str, str]]] = {
    "orders": ("订单", "Orders"),
    "shipping": ("发货", "Shipping"),
    "pickup": ("核销", "Pick-up"),
    "aftersales": ("售后", "After-sales"),
    "money": ("账目（只看）", "Money (read only)"),
    "data": ("数据与导出", "Figures and exports"),
    "goods": ("商品与团购", "Goods and sales"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Any one of `rights` opens the operation; the words name it in the log of what helpers did."""

    rights: tuple[Right, ...]
    zh: str = ""
    en: str = ""


def _reads(rights: tuple[Right, ...], *names: str) -> dict[str, Rule]:
    return {name: Rule(rights) for name in names}


_ORDERS: Final[tuple[Right, ...]] = ("orders", "shipping", "pickup", "aftersales")
_HANDS: Final[tuple[Right, ...]] = ("shipping", "pickup")

OPERATIONS: Final[dict[str, Rule]] = {
    **_reads(RIGHTS, "read_store"),
    **_reads(("goods", *_ORDERS), "list_group_buys", "read_group_buy", "read_shelf", "list_teams"),
    **_reads(("goods",), "list_products", "read_product", "preview_group_buy", "check_group_buy"),
    "create_product": Rule(("goods",), "新建商品", "Add a product"),
    "update_product": Rule(("goods",), "修改商品", "Change a product"),
    "archive_product": Rule(("goods",), "归档商品", "Archive a product"),
    "restore_product": Rule(("goods",), "恢复商品", "Restore a product"),
    "send_goods_import": Rule(("goods",), "上传商品表", "Upload a sheet of goods"),
    "confirm_goods_import": Rule(("goods",), "确认导入商品", "Take goods from a sheet"),
    "discard_goods_import": Rule(("goods",), "放弃商品表", "Discard a sheet of goods"),
    **_reads(("goods",), "list_goods_imports", "download_goods_template", "read_goods_import", "list_goods_import_rows"),
    "change_sku_stock": Rule(("goods",), "调整库存", "Change stock"),
    "create_group_buy": Rule(("goods",), "新建团购", "Write a sale"),
    "read_supplier": Rule(("goods",), "读取供货文字", "Read a supplier's text"),
    "update_group_buy": Rule(("goods",), "修改团购", "Change a sale"),
    "delete_group_buy": Rule(("goods",), "删除草稿", "Delete a draft"),
    "publish_group_buy": Rule(("goods",), "发布团购", "Publish a sale"),
    "close_group_buy": Rule(("goods",), "截单", "Close a sale"),
    "extend_group_buy": Rule(("goods",), "延长团购", "Extend a sale"),
    "copy_group_buy": Rule(("goods",), "复制团购", "Copy a sale"),
    "change_offer_stock": Rule(("goods",), "调整团内库存", "Change a sale's stock"),
    **_reads(("goods",), "list_coupons"),
    "issue_coupon": Rule(("goods",), "发放优惠券", "Issue a coupon"),
    "change_coupon": Rule(("goods",), "修改优惠券", "Change a coupon"),
    "share_group_buy": Rule(("goods",), "生成团购分享", "Make a share of a sale"),
    "share_store": Rule(("goods",), "生成卖场分享", "Make a share of the store"),
    "make_mini_links": Rule(("goods",), "生成小程序链接", "Make mini-program links"),
    **_reads(("goods", "money"), "list_group_buy_shares", "list_store_shares"),
    **_reads(_HANDS, "read_point_sign", "read_order_sign"),
    **_reads(_ORDERS, "list_store_orders", "count_store_orders", "read_store_order"),
    "write_order_note": Rule(_ORDERS, "写备注", "Write a note"),
    **_reads(_HANDS, "read_order_address"),
    "change_order_address": Rule(_HANDS, "修改收货信息", "Change where an order goes"),
    "reveal_recipient": Rule(_HANDS, "查看完整收货信息", "Reveal a recipient"),
    "remind_unpaid_order": Rule(("orders",), "提醒付款", "Remind of the payment"),
    "confirm_payment_proof": Rule(("orders",), "确认收款", "Confirm a payment"),
    "reject_payment_proof": Rule(("orders",), "退回付款凭证", "Reject a proof of payment"),
    "read_jielong": Rule(("orders",), "读取接龙", "Read a 接龙"),
    "write_jielong": Rule(("orders",), "生成接龙文案", "Write a 接龙"),
    **_reads(("orders",), "list_proxy_orders"),
    "place_proxy_orders": Rule(("orders",), "代下单", "Order for neighbours"),
    "record_proxy_order_paid": Rule(("orders",), "登记代下单已收款", "Record a payment"),
    "undo_proxy_claim": Rule(("orders",), "撤回认领", "Undo a claim"),
    "cancel_proxy_order": Rule(("orders",), "取消代下单", "Cancel a proxy order"),
    **_reads(_ORDERS, "read_tracking", "read_picking", "list_bags"),
    **_reads(_HANDS, "download_picking_sheet", "download_picking_paper"),
    **_reads(("shipping",), "list_packed_with"),
    "ship_order": Rule(("shipping",), "发货", "Ship"),
    "correct_shipment": Rule(("shipping",), "修改物流", "Correct a parcel"),
    "withdraw_shipment": Rule(("shipping",), "撤回发货", "Withdraw a parcel"),
    "send_ship_import": Rule(("shipping",), "上传发货表", "Upload a shipping sheet"),
    "confirm_ship_import": Rule(("shipping",), "确认批量发货", "Confirm a shipping sheet"),
    "discard_ship_import": Rule(("shipping",), "放弃发货表", "Discard a shipping sheet"),
    "undo_ship_import": Rule(("shipping",), "撤回批量发货", "Undo a shipping sheet"),
    **_reads(
        ("shipping",), "list_ship_imports", "download_ship_template", "read_ship_import", "list_ship_import_rows",
        "download_ship_import_problems", "read_ship_import_undo",
    ),
    "retry_shipping_info": Rule(("shipping",), "重传发货信息", "Send shipping info again"),
    "correct_shipping_info": Rule(("shipping",), "更正发货信息", "Correct shipping info"),
    "mark_goods_arrived": Rule(("pickup",), "登记到货", "Mark goods as arrived"),
    "find_pickup_orders": Rule(("pickup",), "查找自提订单", "Find pick-up orders"),
    "hand_out_order": Rule(("pickup",), "核销", "Hand out"),
    "load_gate_list": Rule(("pickup",), "下载核销名单", "Load the gate's list"),
    "send_gate_entries": Rule(("pickup",), "同步核销", "Send in what the gate did"),
    **_reads(("pickup",), "list_point_sales", "read_arrival"),
    "count_arrival": Rule(("pickup",), "清点到货", "Count an arrival"),
    "tell_arrival": Rule(("pickup",), "通知到货", "Tell buyers of an arrival"),
    "remind_uncollected": Rule(("pickup",), "提醒来取", "Remind those who have not come"),
    **_reads(("goods", "aftersales"), "read_own_uncollected_rule"),
    "set_uncollected_rule": Rule(("goods",), "修改未取规则", "Change the rule of goods not fetched"),
    **_reads(("aftersales",), "list_uncollected"),
    "refund_uncollected": Rule(("aftersales",), "未取退款", "Refund goods not fetched"),
    "load_point_list": Rule(("pickup",), "下载自提点名单", "Load a point's list"),
    "send_point_entries": Rule(("pickup",), "同步自提点核销", "Send in what a point's gate did"),
    "undo_hand_out": Rule(("pickup",), "撤回核销", "Undo a hand-out"),
    **_reads(("aftersales",), "list_store_aftersales", "read_aftersale_as_leader", "read_allowance"),
    "agree_aftersale": Rule(("aftersales",), "同意售后", "Agree to a claim"),
    "offer_aftersale": Rule(("aftersales",), "提出部分退款", "Offer a part"),
    "refuse_aftersale": Rule(("aftersales",), "拒绝售后", "Refuse a claim"),
    "receive_aftersale_return": Rule(("aftersales",), "确认收到退货", "Receive a return"),
    "refund_order": Rule(("aftersales",), "主动退款", "Refund"),
    **_reads(("aftersales",), "list_batch_refunds", "read_batch_refund", "list_batch_refund_items"),
    "preview_batch_refund": Rule(("aftersales",), "预览批量退款", "Preview refunds of a batch"),
    "preview_shortage": Rule(("aftersales",), "预览缺货退款", "Preview refunds of a shortage"),
    "refund_shortage": Rule(("aftersales",), "缺货退款", "Refund a shortage"),
    "start_batch_refund": Rule(("aftersales",), "批量退款", "Refund a batch"),
    "stop_batch_refund": Rule(("aftersales",), "停止批量退款", "Stop refunding a batch"),
    **_reads(("orders", "aftersales"), "read_settling", "list_settlements"),
    "retry_settling": Rule(("aftersales",), "重试截单退款", "Try settling refunds again"),
    **_reads((*_HANDS, "aftersales"), "list_weighing"),
    "send_weighing": Rule(("aftersales",), "称重退差", "Settle by real weight"),
    "confirm_offline_refund": Rule(("aftersales",), "确认线下退款", "Confirm an offline refund"),
    "retry_refund": Rule(("aftersales",), "重试退款", "Try a refund again"),
    # A helper who opens sales chooses whom by tag; the head tells only how many have each.
    **_reads(("orders", "data", "goods"), "read_members_head"),
    **_reads(("orders", "data"), "list_members", "read_member", "preview_member_merge"),
    "write_member": Rule(("orders",), "写团员备注和标签", "Note and tags of a member"),
    "block_member": Rule(("orders",), "拉黑团员", "Block a member"),
    "unblock_member": Rule(("orders",), "取消拉黑", "Unblock a member"),
    "merge_members": Rule(("orders",), "合并团员", "Merge members"),
    "unmerge_member": Rule(("orders",), "撤销合并", "Undo a merge"),
    **_reads(("data",), "download_members"),
    **_reads(("money",), "read_summary", "read_statement", "read_sale_statement", "list_statement_entries",
              "download_statement_sheet", "download_statement_paper"),
    "request_export": Rule(("data",), "导出订单", "Export orders"),
    **_reads(("data",), "read_dashboard", "list_exports", "read_export", "download_export"),
    "choose_export_columns": Rule(("data",), "选择导出列", "Choose export columns"),
    **_reads(("data",), "read_export_columns"),
}  # fmt: skip


def opens(operation: str) -> tuple[Right, ...]:
    """The rights any one of which opens an operation; none for the leader's own."""
    rule = OPERATIONS.get(operation)
    return rule.rights if rule else ()


def words(operation: str) -> tuple[str, str]:
    """How the log names an operation, in Chinese and English."""
    rule = OPERATIONS.get(operation)
    return (rule.zh, rule.en) if rule and rule.zh else ("其他操作", "Another operation")
