"""What WeChat must know of shipped orders: without it the money of an order stays frozen there."""

from __future__ import annotations

from datetime import timedelta

from yantuan.kernel.config import config
from yantuan.reports.rules.base import Finding, Reader, first_id, rule

DAY = timedelta(days=1)
LOOK_BACK = timedelta(days=60)
"""Older payments have been settled by the calendar."""


@rule("W1", "S2", "小程序支付的订单发货后都告诉了微信，没有一直停在待上传的")
def wechat_knows_what_was_shipped(read: Reader) -> list[Finding]:
    stuck = read.probe(
        f"""
        SELECT id, transaction_id, problem, waiting_since FROM shipinfo_shippinginfo
        WHERE state = 'waiting' AND waiting_since < %s AND {read.of_store("store_id")}
        """,
        read.at(read.moment - DAY),
        expected="发货信息在一天内上传到微信",
        suggestion="看订单页「微信发货信息」里的原因；检查后台任务（worker）和小程序的 AppID、密钥、IP 白名单",
    )
    return stuck + (_never_told(read) if _managed(read) else [])


def _managed(read: Reader) -> bool:
    name = f"managed:{config().wechat_mini_appid}"
    rows = read.rows("SELECT value FROM shipinfo_platformfact WHERE name = %s", name)
    return bool(rows) and str(rows[0][0]).lower() == "true"


def _never_told(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT o.id, o.delivery, a.transaction_id FROM orders_order o
        JOIN payments_paymentattempt a ON a.order_id = o.id AND a.state = 'succeeded' AND a.extra = %s AND a.appid = %s
        LEFT JOIN shipinfo_shippinginfo i ON i.order_id = o.id
        WHERE o.id >= %s AND {read.orders("o.id")} AND i.id IS NULL AND o.payment IN ('paid', 'partly_refunded')
            AND (o.shipped_at < %s OR (o.delivery = 'picked' AND o.received_at < %s))
        """,
        False,
        config().wechat_mini_appid,
        first_id(read.moment - LOOK_BACK),
        read.at(read.moment - DAY),
        read.at(read.moment - DAY),
        expected="发货一天后，每笔小程序支付都有发货信息",
        suggestion="检查后台任务（worker）是否在运行；它每小时会补上漏掉的",
    )
