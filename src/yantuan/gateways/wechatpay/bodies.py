"""Request bodies as exact bytes. Store them before the call: a repeat must send the very same bytes."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

from yantuan.gateways.errors import GatewayInvalid
from yantuan.gateways.wechatpay.models import PrepayOrder, RefundOrder
from yantuan.gateways.wechatpay.settings import SubMerchant
from yantuan.kernel.clock import CHINA

DESCRIPTION_BYTES = 127
REASON_CHARS = 80
_TRADE_NO = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
_REFUND_NO = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")


_NOT_IN_NAMES = ("Cf", "Cs", "Co", "Cn", "So")


def encode(value: dict[str, Any]) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def fit_description(text: str) -> str:
    """Make any goods name acceptable: no control characters or emoji, at most 127 bytes, never empty."""
    spaced = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    plain = "".join(c for c in spaced if ord(c) <= 0xFFFF and unicodedata.category(c) not in _NOT_IN_NAMES)
    cut = " ".join(plain.split()).encode()[:DESCRIPTION_BYTES].decode(errors="ignore").strip()
    return cut or "商品"


def china_rfc3339(moment: datetime) -> str:
    """`2026-05-12T10:34:56+08:00`."""
    return moment.astimezone(CHINA).isoformat(timespec="seconds")


def jsapi_body(order: PrepayOrder, mchid: str, sub: SubMerchant | None = None) -> bytes:
    """Body of a JSAPI / mini-program prepay; with `sub` a partner's. Raises GatewayInvalid."""
    if not 0 < len(order.openid) <= 128:
        _refuse("openid", "1 to 128 characters")
    value = _prepay(order, mchid, sub) | {"payer": {_openid_name(order, sub): order.openid}}
    if order.payer_client_ip:
        value["scene_info"] = {"payer_client_ip": order.payer_client_ip}
    return encode(value)


def h5_body(order: PrepayOrder, mchid: str, sub: SubMerchant | None = None) -> bytes:
    """Body of an H5 prepay (a browser outside WeChat); with `sub` a partner's. Raises GatewayInvalid."""
    if not 0 < len(order.payer_client_ip) <= 45:
        _refuse("payer_client_ip", "the buyer's address is required")
    scene = {"payer_client_ip": order.payer_client_ip, "h5_info": {"type": order.h5_type}}
    return encode(_prepay(order, mchid, sub) | {"scene_info": scene})


def native_body(order: PrepayOrder, mchid: str, sub: SubMerchant | None = None) -> bytes:
    """Body of a Native (QR code) prepay; with `sub` a partner's. Raises GatewayInvalid."""
    value = _prepay(order, mchid, sub)
    if order.payer_client_ip:
        value["scene_info"] = {"payer_client_ip": order.payer_client_ip}
    return encode(value)


def refund_body(order: RefundOrder, sub: SubMerchant | None = None) -> bytes:
    """Body of a refund; with `sub` a partner's. Raises GatewayInvalid."""
    check_refund_no(order.out_refund_no)
    if bool(order.transaction_id) == bool(order.out_trade_no):
        _refuse("transaction_id", "either transaction_id or out_trade_no")
    if not 1 <= order.refund_fen <= order.total_fen:
        _refuse("amount.refund", "1 fen up to the order's total")
    named = {"transaction_id": order.transaction_id, "out_trade_no": order.out_trade_no}
    value: dict[str, Any] = {"sub_mchid": sub.sub_mchid} if sub else {}
    if sub and sub.ecommerce:
        value["sp_appid"] = sub.sp_appid
    value |= {name: text for name, text in named.items() if text}
    value["out_refund_no"] = order.out_refund_no
    reason = "".join(c for c in order.reason if unicodedata.category(c) not in ("Cc", "Cs"))[:REASON_CHARS]
    if reason:
        value["reason"] = reason
    if order.notify_url:
        value["notify_url"] = _notify_url(order.notify_url)
    value["amount"] = {"refund": order.refund_fen, "total": order.total_fen, "currency": "CNY"}
    return encode(value)


def _openid_name(order: PrepayOrder, sub: SubMerchant | None) -> str:
    if sub is None:
        return "openid"
    return "sub_openid" if order.appid == sub.sub_appid else "sp_openid"


def _parties(order: PrepayOrder, mchid: str, sub: SubMerchant | None) -> dict[str, Any]:
    """Who asks for the money: `order.appid` is the app whose openid pays, the partner's or the sub-merchant's."""
    if sub is None:
        return {"appid": order.appid, "mchid": mchid}
    named = {
        "sp_appid": sub.sp_appid if order.appid == sub.sub_appid else order.appid,
        "sp_mchid": mchid,
        "sub_appid": sub.sub_appid,
        "sub_mchid": sub.sub_mchid,
    }
    return {name: text for name, text in named.items() if text}


def _prepay(order: PrepayOrder, mchid: str, sub: SubMerchant | None) -> dict[str, Any]:
    check_trade_no(order.out_trade_no)
    if order.total_fen < 1:
        _refuse("amount.total", "at least 1 fen")
    if len(order.attach) > 128:
        _refuse("attach", "at most 128 characters")
    value = _parties(order, mchid, sub) | {
        "description": fit_description(order.description),
        "out_trade_no": order.out_trade_no,
    }
    if order.time_expire is not None:
        value["time_expire"] = china_rfc3339(order.time_expire)
    # Optional fields are left out rather than sent empty: the platform refuses null and "".
    if order.attach:
        value["attach"] = order.attach
    value["notify_url"] = _notify_url(order.notify_url)
    value["amount"] = {"total": order.total_fen, "currency": "CNY"}
    if order.profit_sharing:
        value["settle_info"] = {"profit_sharing": True}
    return value


def check_trade_no(number: str) -> str:
    """The number itself if WeChat Pay would take it as out_trade_no. Raises GatewayInvalid."""
    if not _TRADE_NO.fullmatch(number):
        _refuse("out_trade_no", "6 to 32 of 0-9A-Za-z_-|*")
    return number


def check_refund_no(number: str) -> str:
    """The number itself if WeChat Pay would take it as out_refund_no. Raises GatewayInvalid."""
    if not _REFUND_NO.fullmatch(number):
        _refuse("out_refund_no", "1 to 64 of 0-9A-Za-z_-|*@")
    return number


def _notify_url(url: str) -> str:
    parts = urlsplit(url)
    plain = parts.scheme in ("https", "http") and parts.netloc and not (parts.query or parts.fragment)
    if not plain or len(url) > 255:
        _refuse("notify_url", "an absolute address without query, at most 255 characters")
    return url


def _refuse(field: str, rule: str) -> NoReturn:
    raise GatewayInvalid("wechatpay", field, rule)
