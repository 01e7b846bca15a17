"""WeChat Pay APIv3, direct merchant and partner mode: clients, notices, records."""

from yantuan.gateways.wechatpay.bills import BillRow, TradeBill
from yantuan.gateways.wechatpay.client import PayGateway, WeChatPayClient
from yantuan.gateways.wechatpay.models import (
    NOT_FOUND_CODES,
    NUMBER_USED_CODES,
    ORDER_CLOSED_CODES,
    ORDER_PAID_CODES,
    CloseOutcome,
    H5Prepay,
    JsapiPrepay,
    NativePrepay,
    PayParams,
    PrepayOrder,
    RefundOrder,
    RefundResult,
    RefundState,
    TradeState,
    Transaction,
)
from yantuan.gateways.wechatpay.notice import (
    Notice,
    NoticeRefused,
    RefundNotice,
    TransactionNotice,
    UnknownNotice,
)
from yantuan.gateways.wechatpay.settings import SubMerchant, WeChatPaySettings

__all__ = [
    "NOT_FOUND_CODES",
    "NUMBER_USED_CODES",
    "ORDER_CLOSED_CODES",
    "ORDER_PAID_CODES",
    "BillRow",
    "CloseOutcome",
    "H5Prepay",
    "JsapiPrepay",
    "NativePrepay",
    "Notice",
    "NoticeRefused",
    "PayGateway",
    "PayParams",
    "PrepayOrder",
    "RefundNotice",
    "RefundOrder",
    "RefundResult",
    "RefundState",
    "SubMerchant",
    "TradeBill",
    "TradeState",
    "Transaction",
    "TransactionNotice",
    "UnknownNotice",
    "WeChatPayClient",
    "WeChatPaySettings",
]
