"""kdniao: query and subscription, and what it pushes. The signature is encoded once, by the form."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import unquote

import httpx

from yantuan.gateways.couriers import (
    AccountRefused,
    CarrierMismatch,
    CourierService,
    Parcel,
    ParcelUnknown,
    PhoneMismatch,
    Status,
    Step,
    Trace,
    china_moment,
    loads,
    plain,
    with_state,
)
from yantuan.gateways.errors import (
    GatewayError,
    GatewayRefused,
    GatewayThrottled,
    GatewayUnavailable,
    GatewayUnverified,
)

PROVIDER: Final = "kdniao"
TARGET: Final = "/Ebusiness/EbusinessOrderHandle.aspx"
PUSHES: Final = ("101", "102")
_TYPES: Final = {"free": ("1002", "1008"), "plus": ("8001", "8008")}
"""RequestType of query and subscription, by plan."""

_EXACT: Final[Mapping[str, Status]] = {
    "0": "created", "10": "created", "1": "picked_up", "2": "in_transit", "3": "signed", "4": "exception",
    "201": "in_transit", "202": "delivering", "211": "at_station", "404": "returned", "406": "returned",
    "407": "returned", "412": "at_station",
}  # fmt: skip
_FAMILY: Final[Mapping[str, Status]] = {
    "1": "picked_up", "2": "in_transit", "3": "signed", "4": "exception",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KdniaoSettings:
    """One account; `plan` decides which kinds of request it may send. Where pushes go is set in kdniao's console."""

    base_url: str
    business_id: str
    app_key: str = field(repr=False)
    plan: Literal["free", "plus"] = "free"


def data_sign(text: str, app_key: str) -> str:
    """base64 of the lower-case hex MD5 over text and key, not yet encoded for a form."""
    digest = hashlib.md5((text + app_key).encode(), usedforsecurity=False).hexdigest()
    return base64.b64encode(digest.encode()).decode()


def status_of(code: str) -> Status:
    """A State, StateEx or Action in our words; unknown ones are `in_transit`."""
    code = code.strip()
    if code in _EXACT:
        return _EXACT[code]
    return _FAMILY.get(code[:1], "in_transit") if len(code) == 3 else "in_transit"


class KdniaoClient(CourierService):
    """Thread-safe; make one and keep it."""

    provider = PROVIDER

    def __init__(self, settings: KdniaoSettings, *, transport: httpx.BaseTransport | None = None) -> None:
        super().__init__(settings.base_url, transport)
        self._settings = settings

    def query(self, parcel: Parcel) -> Trace:
        """Raises ParcelUnknown while there is no trace, else by the sentence it gives, or GatewayUnavailable."""
        value = self._call(_TYPES[self._settings.plan][0], parcel, "", repeatable=False)
        try:
            trace = read_trace(value)
        except ValueError as error:
            raise GatewayUnavailable(PROVIDER, "no trace", http_status=200) from error
        if not trace.steps:
            raise ParcelUnknown(
                PROVIDER, str(value.get("State", "0")), str(value.get("Reason") or "暂无轨迹信息")
            )
        return trace

    def subscribe(self, parcel: Parcel, token: str) -> None:
        """`token` travels as OrderCode and comes back with every push."""
        self._call(_TYPES[self._settings.plan][1], parcel, token, repeatable=True)

    def read_push(self, form: Mapping[str, str], token: str) -> list[Trace]:
        """See CourierGateway; one push may tell of many numbers, each with its own token."""
        text, sign = form.get("RequestData", ""), form.get("DataSign", "")
        if "%" in sign:
            # Some senders encode the signature once more than the form does.
            sign = unquote(sign)
        right = data_sign(text, self._settings.app_key)
        if not self._settings.app_key or not hmac.compare_digest(sign.encode(), right.encode()):
            raise GatewayUnverified(PROVIDER, "wrong signature", status=403)
        value = loads(text)
        if not isinstance(value, dict) or str(value.get("EBusinessID", "")) != self._settings.business_id:
            raise GatewayUnverified(PROVIDER, "another account's push", status=403)
        rows = value.get("Data")
        if form.get("RequestType") not in PUSHES or not isinstance(rows, list):
            raise ValueError("no Data")
        return [read_trace(row) for row in rows if isinstance(row, dict) and row.get("Success") is not False]

    def _call(self, kind: str, parcel: Parcel, token: str, *, repeatable: bool) -> dict[str, Any]:
        asked = {"ShipperCode": parcel.carrier, "LogisticCode": parcel.number}
        if token:
            asked = {"OrderCode": token, **asked}
        if parcel.phone_tail:
            asked["CustomerName"] = parcel.phone_tail
        text = json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
        form = {
            "RequestData": text,
            "EBusinessID": self._settings.business_id,
            "RequestType": kind,
            "DataSign": data_sign(text, self._settings.app_key),
            "DataType": "2",
        }
        value = self._send(TARGET, form, repeatable=repeatable, needs="Success")
        if value.get("Success") is not True:
            raise _refusal(
                str(value.get("ResultCode") or value.get("Code") or ""), str(value.get("Reason") or "")[:500]
            )
        return value


def read_trace(value: dict[str, Any]) -> Trace:
    """A query's answer, or one entry of a push. Lines without a readable time are left out; ValueError for another shape."""
    rows = value.get("Traces") or []
    if not isinstance(rows, list):
        raise ValueError("Traces is not a list")
    state = status_of(str(value.get("StateEx") or value.get("State") or "0"))
    steps = [step for row in rows if isinstance(row, dict) and (step := _step(row)) is not None]
    told = with_state(steps, state) if state != "created" else tuple(steps)
    return Trace(
        carrier=plain(value.get("ShipperCode")),
        number=plain(value.get("LogisticCode")),
        status=state,
        steps=told,
        token=str(value.get("OrderCode") or ""),
    )


def _step(row: dict[str, Any]) -> Step | None:
    at = china_moment(str(row.get("AcceptTime", "")))
    text = plain(row.get("AcceptStation"))
    if at is None or not text:
        return None
    code = str(row.get("Action") or "")
    return Step(at, text, status_of(code) if code else "in_transit", plain(row.get("Location")))


_REASONS: Final[tuple[tuple[tuple[str, ...], type[GatewayRefused]], ...]] = (
    (("频繁", "并发", "超频"), GatewayThrottled),
    (
        ("套餐", "余额", "次数", "未开通", "验证不通过", "签名", "商户", "EBusinessID", "AppKey"),
        AccountRefused,
    ),
    (("手机", "CustomerName"), PhoneMismatch),
    (("快递公司", "ShipperCode", "单号", "LogisticCode", "不支持"), CarrierMismatch),
)
"""kdniao says what is wrong in a sentence; these words tell the kinds apart, in this order."""


def _refusal(code: str, reason: str) -> GatewayError:
    if "系统" in reason or "服务器" in reason:
        return GatewayUnavailable(PROVIDER, "server trouble", http_status=200, provider_code=code)
    kind = next((kind for words, kind in _REASONS if any(word in reason for word in words)), GatewayRefused)
    return kind(PROVIDER, code, reason)
