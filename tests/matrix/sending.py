"""What is sent to each operation: which row of the shop its address names, and a body a person could have sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

import factories as make
from idcards import id_number
from matrix.sent import Body, Sent
from matrix.sent import at as _at
from matrix.sent import fixed as _fixed
from matrix.sent import nothing as _nothing
from matrix.town import Caller, Side, Town
from yantuan.gate.rules import china_day
from yantuan.kernel.clock import now


def _coupon(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    start = now()
    return {
        "group_buy_id": None, "kind": "fixed", "minus_fen": 500, "percent_off": 0, "cap_fen": 0, "threshold_fen": 3000,
        "audience": "all", "code": "SPRING", "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(days=7)).isoformat(), "per_person": 1, "total": 10, "budget_fen": 0,
    }  # fmt: skip


def _coupon_change(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {
        "ends_at": (now() + timedelta(days=3)).isoformat(), "total": 50, "budget_fen": 90000, "stopped": False,
    }  # fmt: skip


def _address(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {
        "name": "王五", "phone": "13700000005", "province": "上海市", "city": "上海市", "district": "浦东新区",
        "detail": "枫林路 88 弄", "building": "2", "room": "302", "is_default": True,
    }  # fmt: skip


def _readdress(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    recipient = {name: value for name, value in _address(side, me, town).items() if name != "is_default"}
    return {"recipient": recipient, "seen": 0}


def _certification(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {
        "kind": "person", "legal_name": "林小满", "id_number": id_number(), "category": "水果",
        "paper_media_ids": [str(me.own.get("paper", 1))],
    }  # fmt: skip


def _store(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {"name": "新的卖场", "courier_enabled": True, "freight_fen": 600, "offline_enabled": False}


def _product(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {
        "title": "新鲜草莓", "picture_media_ids": [str(side.data["product_picture"])],
        "skus": [{"price_fen": 1990, "cost_fen": 777, "stock": 5}],
    }  # fmt: skip


def _product_change(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    kept = [{"id": str(sku), "name": f"{n}号", "price_fen": 3990} for n, sku in enumerate(side.data["skus"])]
    return _product(side, me, town) | {"skus": kept}


def _sale(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return dict(side.data["sale_public"])


def _extend(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {"ends_at": (now() + timedelta(days=6)).isoformat()}


def _quote(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    lines = [{"offer_id": str(offer), "quantity": 1} for offer in side.data["offers"]]
    return {"group_buy_id": str(side.ids["group_buy_id"]), "lines": lines, "delivery_method": "courier"}


def order(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    """A checkout of everything in the side's sale, to the caller's own address."""
    where = str(me.own.get("address", 1))
    return _quote(side, me, town) | {
        "address_id": where, "expected_total_fen": 3990 + 2510 + 800, "payment_method": "offline",
    }  # fmt: skip


def claim(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {
        "kind": "refund_only", "reason": "spoiled", "description": "坏了一串", "amount_fen": 3990,
        "media_ids": [str(me.own.get("evidence", 1))],
        "lines": [{"order_line_id": str(side.data["received_line"]), "quantity": 1}],
    }  # fmt: skip


def _upload(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {"purpose": "avatar", "file": SimpleUploadedFile("a.png", make.png(), "image/png")}


def _sheet(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    text = f"订单号,快递公司,运单号\n{side.ids.get('paid_order_id', 1)},圆通,YT1234567890123\n"
    return {"file": SimpleUploadedFile("a.csv", text.encode(), "text/csv")}


def _goods_sheet(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("a.csv", "商品名称,团购价,库存\n梨,5,9\n".encode(), "text/csv")}


def _at_member(body: Body | None = None) -> Sent:
    return Sent({"member_id": "buyer_member_id"}, body)


def _batch(side: Side) -> dict[str, Any]:
    return {"offer_ids": [str(i) for i in side.data["offers"]], "percent": 10}


def _proxy(side: Side) -> dict[str, Any]:
    lines = [{"offer_id": str(side.data["offers"][0]), "quantity": 1}]
    return {
        "pickup_point_id": str(side.ids["point_id"]),
        "people": [{"name": "王姐", "number": 99_999, "lines": lines, "expected_total_fen": 1}],
    }


def _count(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    lines = [{"offer_id": str(offer), "came": 2, "damaged": 1} for offer in side.data["offers"]]
    return {"base": 1, "lines": lines}


def _pass(side: Side, me: Caller, town: Town) -> dict[str, Any]:
    return {
        "order_ids": [str(side.ids["to_pick_order_id"])],
        "friend": "李阿姨",
        "day": str(china_day(now())),
    }


_GATE_ENTRIES = _fixed(
    token="none",
    entries=[{"key": "entry-0001", "order_id": "1", "kind": "hand_out", "at": "2026-05-12T10:00:00Z"}],
)
_AT_POINT = {"point_id": "point_id", "group_buy_id": "group_buy_id"}
_MEMBER = {"store_id": "store_id", "member_id": "member_id"}

SENT: dict[str, Sent] = {
    "send_sms_code": Sent({}, _fixed(phone="13700000001")),
    "sign_in_by_phone": Sent({}, _fixed(phone="13700000001", code="123456", agreed=True)),
    "sign_in_by_mini": Sent({}, _fixed(js_code="x")),
    "start_wechat_sign_in": Sent({}, query="return_to=/"),
    "finish_wechat_sign_in": Sent({}, query="code=x&state=y"),
    "bind_phone": Sent({}, _fixed(phone="13700000001", code="123456")),
    "bind_wechat_phone": Sent({}, _fixed(code="0a1b2c")),
    "read_desk_sign_in": Sent({"code": "=12345678"}),
    "confirm_desk_sign_in": Sent({"code": "=12345678"}),
    "send_step_up_code": Sent({}),
    "step_up": Sent({}, _fixed(code="123456")),
    "sign_out": Sent({}),
    "list_my_sessions": Sent({}),
    "revoke_my_session": _at("session_id"),
    "list_my_addresses": Sent({}),
    "add_my_address": Sent({}, _address),
    "read_my_address": Sent({}, _fixed(text="张三 15012345678 浙江省杭州市西湖区文三路1号")),
    "change_my_address": _at("address_id", _address),
    "delete_my_address": _at("address_id"),
    "get_me": Sent({}),
    "update_me": Sent({}, _fixed(nickname="新名字")),
    "get_instance": Sent({}),
    "demo_sign_in": Sent({}, _fixed(role="leader")),
    "upload_picture": Sent({}, _upload, form=True),
    "view_private_picture": _at("media_id"),
    "join_as_leader": Sent(
        {}, lambda side, me, town: {"code": town.code, "display_name": "我", "agreed": True}
    ),
    "view_my_leader": Sent({}),
    "send_certification": Sent({}, _certification),
    "list_stores": Sent({}),
    "create_store": Sent({}, _store),
    "read_store": _at("store_id"),
    "update_store": _at("store_id", _store),
    "read_pay_ways": _at("store_id"),
    "set_merchant_account": _at("store_id", _fixed(mchid="1900000109", apiv3_key="too short")),
    "check_merchant_account": _at("store_id"),
    "remove_merchant_account": _at("store_id"),
    "save_merchant_application": _at("store_id", _fixed(short_name="阿禾果园")),
    "send_merchant_application": _at("store_id"),
    "read_profit_sharing": _at("store_id"),
    "agree_profit_sharing": _at("store_id", _fixed(rate_bp=500), terms_id="terms_id"),
    "decline_profit_sharing": _at("store_id", terms_id="terms_id"),
    "end_profit_sharing": _at("store_id", terms_id="terms_id"),
    "add_pickup_point": _at("store_id", _fixed(name="西门", address="枫林路西门")),
    "update_pickup_point": _at("point_id", _fixed(name="西门", address="枫林路西门")),
    "archive_pickup_point": _at("point_id"),
    "list_products": _at("store_id"),
    "create_product": _at("store_id", _product),
    "read_product": _at("product_id"),
    "update_product": _at("product_id", _product_change),
    "archive_product": _at("product_id"),
    "restore_product": _at("old_product_id"),
    "change_sku_stock": _at("sku_id", _fixed(delta=5)),
    "list_group_buys": _at("store_id"),
    "create_group_buy": _at("store_id", _sale),
    "read_supplier": _at("store_id", _fixed(text="脐橙 5斤 39.9元")),
    "read_shelf": _at("store_id"),
    "read_group_buy": _at("group_buy_id"),
    "update_group_buy": _at("draft_id", _sale),
    "delete_group_buy": _at("draft_id"),
    "publish_group_buy": _at("draft_id"),
    "close_group_buy": _at("group_buy_id"),
    "extend_group_buy": _at("group_buy_id", _extend),
    "copy_group_buy": _at("group_buy_id"),
    "preview_group_buy": _at("group_buy_id"),
    "change_offer_stock": _at("offer_id", _fixed(delta=-5)),
    "line_up": _at("offer_id", _fixed(quantity=1)),
    "list_my_wishes": _at("group_buy_id"),
    "leave_line": _at("wish_id"),
    "read_group_buy_page": _at("code"),
    "read_joined": _at("code"),
    "read_store_page": _at("store_code"),
    "quote_order": Sent({}, _quote),
    "list_coupons": _at("store_id"),
    "issue_coupon": _at("store_id", _coupon),
    "change_coupon": _at("coupon_id", _coupon_change),
    "list_sale_coupons": _at("code"),
    "read_my_parcel": _at("code"),
    "list_store_coupons": _at("store_code"),
    "list_sale_teams": _at("code"),
    "read_team": _at("team_code"),
    "list_teams": _at("group_buy_id"),
    "claim_coupon": _at("coupon_id"),
    "redeem_coupon": _at("store_code", _fixed(code="NOBODY")),
    "place_order": Sent({}, order),
    "list_my_orders": Sent({}),
    "read_my_order": _at("paid_order_id"),
    "list_store_orders": _at("store_id"),
    "count_store_orders": _at("store_id"),
    "read_store_order": _at("paid_order_id"),
    "write_order_note": _at("paid_order_id", _fixed(private_note="老客户")),
    "reveal_recipient": _at("paid_order_id"),
    "read_my_order_address": _at("paid_order_id"),
    "change_my_order_address": _at("paid_order_id", _readdress),
    "read_order_address": _at("paid_order_id"),
    "change_order_address": _at("paid_order_id", _readdress),
    "pay_order": _at("unpaid_order_id", _fixed(channel="h5")),
    "refresh_payment": _at("unpaid_order_id"),
    "cancel_order": _at("unpaid_order_id", _fixed(reason="拍错了")),
    "send_payment_proof": _at(
        "unpaid_order_id", lambda side, me, town: {"media_id": str(me.own.get("proof", 1))}
    ),
    "confirm_payment_proof": _at("proof_id"),
    "reject_payment_proof": _at("proof_id", _fixed(reason="没有到账")),
    "refund_order": _at("paid_order_id", _fixed(reason="缺货")),
    "confirm_offline_refund": _at("refund_id"),
    "retry_refund": _at("refund_id"),
    "list_carriers": Sent({}, query="number=YT1234567890123"),
    "list_packed_with": _at("paid_order_id"),
    "ship_order": _at("paid_order_id", _fixed(carrier="YTO", tracking_no="YT1234567890123")),
    "correct_shipment": _at("shipment_id", _fixed(carrier="ZTO", tracking_no="ZT1234567890123")),
    "withdraw_shipment": _at("shipment_id"),
    "check_group_buy": _at("group_buy_id"),
    "send_goods_import": Sent({"store_id": "store_id"}, _goods_sheet, form=True),
    "list_goods_imports": _at("store_id"),
    "download_goods_template": _at("store_id"),
    "read_goods_import": _at("goods_import_id"),
    "list_goods_import_rows": _at("goods_import_id"),
    "confirm_goods_import": _at("goods_import_id", _fixed()),
    "discard_goods_import": _at("goods_import_id"),
    "send_ship_import": Sent({"store_id": "store_id"}, _sheet, form=True),
    "list_ship_imports": _at("store_id"),
    "download_ship_template": _at("store_id"),
    "read_ship_import": _at("import_id"),
    "list_ship_import_rows": _at("import_id"),
    "download_ship_import_problems": _at("import_id"),
    "confirm_ship_import": _at("import_id", _fixed(accept=[])),
    "discard_ship_import": _at("import_id"),
    "read_ship_import_undo": _at("booked_import_id"),
    "undo_ship_import": _at("booked_import_id"),
    "read_my_tracking": _at("shipped_order_id"),
    "look_at_my_tracking": _at("shipped_order_id"),
    "read_tracking": _at("shipped_order_id"),
    "load_gate_list": _at("group_buy_id"),
    "send_gate_entries": _at("store_id", _GATE_ENTRIES),
    "find_pickup_orders": _at("store_id", _fixed(text="1")),
    "hand_out_order": _at("to_pick_order_id", _nothing),
    "undo_hand_out": _at("picked_order_id"),
    "read_pickup_code": _at("to_pick_order_id"),
    "confirm_receipt": _at("shipped_order_id"),
    "retry_shipping_info": _at("paid_order_id"),
    "correct_shipping_info": _at("paid_order_id"),
    "mark_goods_arrived": _at("to_pick_order_id"),
    "confirmed_at_wechat": _at("shipped_order_id"),
    "read_aftersale_options": _at("received_order_id"),
    "open_aftersale": _at("received_order_id", claim),
    "list_my_aftersales": Sent({}),
    "read_my_aftersale": _at("requested_case_id"),
    "withdraw_aftersale": _at("requested_case_id"),
    "accept_aftersale_offer": _at("offered_case_id"),
    "send_return_parcel": _at("awaiting_case_id", _fixed(carrier_name="中通", tracking_no="ZT7700001")),
    "escalate_aftersale": _at("refused_case_id", _fixed(escalation="请平台看看照片")),
    "list_store_aftersales": _at("store_id"),
    "read_aftersale_as_leader": _at("requested_case_id"),
    "agree_aftersale": _at("requested_case_id", _nothing),
    "offer_aftersale": _at("requested_case_id", _fixed(amount_fen=100, answer="先退一元")),
    "refuse_aftersale": _at("requested_case_id", _fixed(answer="照片不清楚")),
    "receive_aftersale_return": _at("returning_case_id", _fixed(restock=True)),
    "list_messages": Sent({}),
    "count_unread": Sent({}),
    "mark_messages_read": Sent({}, _fixed(role="buyer", up_to="1")),
    "list_subscribe_templates": Sent({}),
    "add_subscribe_consent": Sent({}, _fixed(template_id="none", accepted=True)),
    "list_channels": _at("store_id"),
    "save_channel": _at("store_id", _fixed(enabled=True, target="a@example.com"), kind="=email"),
    "test_channel": _at("store_id", None, kind="=email"),
    "list_deliveries": _at("store_id"),
    "read_notice_hours": _at("store_id"),
    "save_notice_hours": _at("store_id", _fixed(quiet_from=1350, quiet_to=450)),
    "share_group_buy": _at("group_buy_id", _fixed(kind="poster", label="三群")),
    "list_group_buy_shares": _at("group_buy_id"),
    "share_store": _at("store_id", _fixed(kind="link")),
    "list_store_shares": _at("store_id"),
    "open_share": _at("token"),
    "make_mini_links": _at("token"),
    "read_point_sign": _at("point_id"),
    "read_order_sign": _at("paid_order_id"),
    "read_pickup_here": Sent({"scene_id": "=d1.0000000000"}),
    "prepare_live_card": Sent({"code": "=nothing"}),
    "read_scene": Sent({"scene_id": "=gnothing"}),
    "sign_page": Sent({}, query="url=http://127.0.0.1:8000/"),
    "read_summary": _at("store_id"),
    "read_statement": Sent({"store_id": "store_id"}, query="first=2026-01-01&last=2026-01-31"),
    "read_export_columns": _at("store_id"),
    "choose_export_columns": _at("store_id", _fixed(columns=["number", "name"])),
    "request_export": _at("store_id", _fixed(tab="all")),
    "list_exports": _at("store_id"),
    "read_export": _at("export_id"),
    "download_export": _at("export_id"),
    "read_jielong": _at("group_buy_id", _fixed(text="小王: +1")),
    "write_jielong": _at("group_buy_id"),
    "read_picking": _at("group_buy_id"),
    "read_dashboard": Sent({"store_id": "store_id"}, query="length=month"),
    "read_sale_statement": _at("group_buy_id"),
    "list_statement_entries": Sent({"group_buy_id": "group_buy_id", "stream": "=offline_in"}),
    "download_statement_sheet": _at("group_buy_id"),
    "download_statement_paper": _at("group_buy_id"),
    "read_allowance": _at("store_id"),
    "save_allowance": _at(
        "store_id",
        _fixed(
            enabled=True,
            month_fen=10000,
            claim_fen=1000,
            percent=30,
            reasons=["spoiled"],
            needs_picture=True,
            claims_per_buyer=2,
        ),
    ),
    "list_bags": _at("group_buy_id"),
    "download_picking_sheet": _at("group_buy_id"),
    "download_picking_paper": _at("group_buy_id"),
    "list_divisions": Sent({}, query="province=浙江省"),
    "read_last_pickup": Sent({}),
    "read_members_head": _at("store_id"),
    "list_members": _at("store_id"),
    "download_members": _at("store_id"),
    "save_member_levels": _at("store_id", _fixed(steps=[{"name": "老客", "orders": 3, "paid_fen": 0}])),
    "read_member": _at_member(),
    "write_member": _at_member(_fixed(note="爱吃甜的", tags=["老客"])),
    "block_member": _at_member(_fixed(reason="多次拒收")),
    "unblock_member": _at_member(),
    "preview_member_merge": Sent({"member_id": "buyer_member_id", "other_id": "other_member_id"}),
    "merge_members": _at_member(lambda side, me, town: {"other_id": str(side.ids["other_member_id"])}),
    "unmerge_member": _at_member(),
    "preview_batch_refund": _at("group_buy_id", lambda side, me, town: _batch(side)),
    "start_batch_refund": _at(
        "group_buy_id", lambda side, me, town: {**_batch(side), "reason": "坏果较多", "expected_total_fen": 1}
    ),
    "list_batch_refunds": _at("group_buy_id"),
    "read_batch_refund": Sent({"batch_id": "batch_id"}),
    "list_batch_refund_items": Sent({"batch_id": "batch_id"}),
    "stop_batch_refund": Sent({"batch_id": "batch_id"}),
    "place_proxy_orders": _at("group_buy_id", lambda side, me, town: _proxy(side)),
    "list_proxy_orders": _at("group_buy_id"),
    "record_proxy_order_paid": _at("unpaid_order_id"),
    "cancel_proxy_order": _at("unpaid_order_id"),
    "open_pay_link": Sent({"token": "=nobodys"}),
    "pay_by_link": Sent({"token": "=nobodys", "order_id": "unpaid_order_id"}, _fixed(channel="h5")),
    "claim_by_link": Sent({"token": "=nobodys"}),
    "undo_proxy_claim": Sent({"claim_id": "claim_id"}),
    "refresh_by_link": Sent({"token": "=nobodys", "order_id": "unpaid_order_id"}),
    "public_group_buy_forming": _at("code"),
    "read_settling": _at("group_buy_id"),
    "list_settlements": _at("group_buy_id"),
    "retry_settling": _at("group_buy_id"),
    "list_weighing": _at("group_buy_id"),
    "send_weighing": _at(
        "group_buy_id",
        lambda side, me, town: {"entries": [{"line_id": str(side.data["paid_line"]), "grams": 100}]},
    ),
    "list_staff": _at("store_id"),
    "invite_staff": _at("store_id", _fixed(rights=["orders"], note="小张")),
    "cancel_staff_invite": Sent({"store_id": "store_id", "invite_id": "staff_invite_id"}),
    "change_staff": Sent(_MEMBER, _fixed(rights=["pickup"], note="门口")),
    "revoke_staff": Sent(_MEMBER),
    "list_staff_acts": _at("store_id"),
    "read_staff_invite": Sent({"token": "=nobodys"}),
    "accept_staff_invite": Sent({"token": "=nobodys"}),
    "leave_store": _at("store_id"),
    "list_hosts": _at("store_id"),
    "invite_host": _at("point_id", _fixed(note="东门老周")),
    "cancel_host_invite": Sent({"store_id": "store_id", "invite_id": "host_invite_id"}),
    "revoke_host": Sent({"store_id": "store_id", "host_id": "host_id"}),
    "read_host_invite": Sent({"token": "=nobodys"}),
    "accept_host_invite": Sent({"token": "=nobodys"}),
    "leave_point": _at("point_id"),
    "list_point_sales": _at("point_id"),
    "read_arrival": Sent(_AT_POINT),
    "count_arrival": Sent(_AT_POINT, _count),
    "tell_arrival": Sent(_AT_POINT, _fixed(counts=1, people=1)),
    "load_point_list": Sent(_AT_POINT),
    "remind_uncollected": Sent(_AT_POINT),
    "read_uncollected_rule": _at("code"),
    "read_own_uncollected_rule": _at("group_buy_id"),
    "set_uncollected_rule": _at("group_buy_id", _fixed(days=2, then="refund")),
    "list_uncollected": _at("group_buy_id"),
    "refund_uncollected": _at(
        "group_buy_id",
        lambda side, me, town: {
            "order_ids": [str(side.ids["to_pick_order_id"])],
            "reason": "过期未取",
            "expected_total_fen": 1,
        },
    ),
    "make_pickup_pass": Sent({}, _pass),
    "list_pickup_passes": Sent({}),
    "revoke_pickup_pass": Sent({"pass_id": "pass_id"}),
    "preview_shortage": Sent(_AT_POINT, _nothing),
    "refund_shortage": Sent(_AT_POINT, _fixed(counts=1, reason="到货缺货", expected_total_fen=1)),
    "send_point_entries": _at("point_id", _GATE_ENTRIES),
}
"""Operation id → what is sent."""
