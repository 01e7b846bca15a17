"""Columns whose names look personal and that are not, each with what it is."""

from __future__ import annotations

from typing import Final

from yantuan.kernel.personal import Harmless

HARMLESS: Final = (
    Harmless("auth.Permission", ("name",), "名称"),
    Harmless("auth.Group", ("name",), "名称"),
    Harmless("django_tasks_database.DBTaskResult", ("return_value",), "任务的返回值，只有件数"),
    Harmless("kernel.TimedRun", ("name",), "定时任务的名称"),
    Harmless("identity.OAuthState", ("return_to",), "登录后回到的页面"),
    Harmless("stores.Store", ("name", "cover_media_id"), "卖场的名称和封面"),
    Harmless("catalog.Product", ("description", "picture_media_ids"), "商品的介绍和图片"),
    Harmless("catalog.Sku", ("name",), "规格名"),
    Harmless(
        "catalog.GoodsImport", ("title", "file_key", "picture_media_id"), "供货商的商品表，没有买家资料"
    ),
    Harmless("groupbuys.GroupBuy", ("cover_media_id",), "团购封面"),
    Harmless("orders.OrderLine", ("sku_name", "picture_media_id", "snapshot_hash"), "下单时的商品"),
    Harmless("payments.Refund", ("request_body",), "退款的单号、金额和原因"),
    Harmless("splits.SplitReturn", ("out_return_no",), "分账回退单号"),
    Harmless("fulfilment.Shipment", ("carrier_name", "note"), "快递公司、包裹备注"),
    Harmless("fulfilment.ShipImportRow", ("carrier_name",), "快递公司"),
    Harmless("tracking.TraceStep", ("key",), "轨迹的摘要"),
    Harmless("aftersales.AfterSale", ("return_carrier_name", "return_tracking_no"), "退货的快递单号"),
    Harmless("sharing.Share", ("token",), "分享链接里的短码，公开"),
    Harmless("sharing.LiveCard", ("room",), "动态消息显示的人数上限"),
    Harmless("reports.OrderExport", ("full_phones",), "含完整手机号的订单数"),
    Harmless("gate.GateEntry", ("key",), "手机为每次核销编的号，随机"),
    Harmless("hosts.ArrivalCount", ("note",), "清点到货的说明"),
    Harmless("shipinfo.PlatformFact", ("name",), "微信规则的名称"),
    Harmless("health.Alarm", ("name", "text"), "告警"),
)
