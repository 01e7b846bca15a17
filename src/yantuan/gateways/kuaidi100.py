"""kuaidi100: query and subscription, and what it pushes. MD5 signatures over exactly the text that is sent."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from yantuan.gateways.couriers import (
    AccountRefused,
    CarrierMismatch,
    CourierService,
    Ended,
    NumberLocked,
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
    GatewayInvalid,
    GatewayRefused,
    GatewayThrottled,
    GatewayUnavailable,
    GatewayUnverified,
)

PROVIDER: Final = "kuaidi100"
SHORTEST, LONGEST = 6, 32
"""Characters of a number kuaidi100 takes."""

_EXACT: Final[Mapping[str, Status]] = {
    "0": "in_transit", "1": "picked_up", "2": "exception", "3": "signed", "4": "returned", "5": "delivering",
    "6": "returned", "7": "in_transit", "8": "in_transit", "14": "exception",
    "101": "created", "102": "created", "103": "picked_up", "401": "exception", "501": "at_station",
}  # fmt: skip
_FAMILY: Final[Mapping[str, Status]] = {
    "1": "picked_up", "2": "exception", "3": "signed", "4": "returned", "5": "delivering", "6": "returned",
}  # fmt: skip
_WORDS: Final[Mapping[str, Status]] = {
    "揽收": "picked_up", "在途": "in_transit", "干线": "in_transit", "转运": "in_transit", "派件": "delivering",
    "投柜或驿站": "at_station", "签收": "signed", "本人签收": "signed", "代签": "signed", "疑难": "exception",
    "退回": "returned", "退签": "returned", "拒签": "exception", "转投": "in_transit",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kuaidi100Settings:
    """One account. `callback_url` is where pushes are wanted; `salt` signs them and is a secret of ours."""

    base_url: str
    customer: str
    key: str = field(repr=False)
    callback_url: str = ""
    salt: str = field(default="", repr=False)


def md5_upper(text: str) -> str:
    """MD5 of the text's UTF-8, upper-case hex: the service's signature, not our idea of safety."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def status_of(code: str) -> Status:
    """A state or status code in our words; unknown ones are `in_transit`, for the parcel surely is somewhere."""
    code = code.strip()
    if code in _EXACT:
        return _EXACT[code]
    return _FAMILY.get(code[0], "in_transit") if len(code) == 3 and code.isdigit() else "in_transit"


class Kuaidi100Client(CourierService):
    """Thread-safe; make one and keep it."""

    provider = PROVIDER

    def __init__(self, settings: Kuaidi100Settings, *, transport: httpx.BaseTransport | None = None) -> None:
        super().__init__(settings.base_url, transport)
        self._settings = settings

    def query(self, parcel: Parcel) -> Trace:
        """Never repeated once it may have arrived: a second question within thirty minutes locks the number.

        Raises ParcelUnknown, PhoneMismatch, CarrierMismatch, NumberLocked, AccountRefused, GatewayThrottled, GatewayUnavailable.
        """
        _check(parcel)
        asked = {"com": parcel.carrier, "num": parcel.number, "resultv2": "4", "show": "0", "order": "desc"}
        if parcel.phone_tail:
            asked["phone"] = parcel.phone_tail
        param = json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
        sign = md5_upper(param + self._settings.key + self._settings.customer)
        form = {"customer": self._settings.customer, "param": param, "sign": sign}
        value = self._send("/poll/query.do", form, repeatable=False)
        if str(value.get("status", "")) != "200" or "data" not in value:
            code = str(value.get("returnCode", value.get("status", "")))
            raise _query_refusal(code, str(value.get("message", ""))[:500])
        try:
            return read_result(value)
        except ValueError as error:
            raise GatewayUnavailable(PROVIDER, "no trace", http_status=200) from error

    def subscribe(self, parcel: Parcel, token: str) -> None:
        """Already subscribed (501) is success. Raises CarrierMismatch, AccountRefused, GatewayRefused, GatewayUnavailable."""
        _check(parcel)
        parameters = {
            "callbackurl": f"{self._settings.callback_url}?{urlencode({'t': token})}",
            "salt": self._settings.salt,
            "resultv2": "4",
        }
        if parcel.phone_tail:
            parameters["phone"] = parcel.phone_tail
        asked = {
            "company": parcel.carrier,
            "number": parcel.number,
            "key": self._settings.key,
            "parameters": parameters,
        }
        form = {"schema": "json", "param": json.dumps(asked, ensure_ascii=False, separators=(",", ":"))}
        value = self._send("/poll", form, repeatable=True)
        code = str(value.get("returnCode", ""))
        if code not in ("200", "501"):
            raise _subscription_refusal(code, str(value.get("message", ""))[:500])

    def read_push(self, form: Mapping[str, str], token: str) -> list[Trace]:
        """See CourierGateway."""
        param = form.get("param", "")
        right = md5_upper(param + self._settings.salt)
        if not self._settings.salt or not hmac.compare_digest(
            form.get("sign", "").upper().encode(), right.encode()
        ):
            raise GatewayUnverified(PROVIDER, "wrong signature", status=403)
        value = loads(param)
        result = value.get("lastResult") if isinstance(value, dict) else None
        if not isinstance(result, dict):
            raise ValueError("no lastResult")
        return [read_result(result, ended=_ended(value), token=token)]


def _check(parcel: Parcel) -> None:
    if not SHORTEST <= len(parcel.number) <= LONGEST:
        raise GatewayInvalid(PROVIDER, "number", f"{SHORTEST} to {LONGEST} characters")


def _ended(push: dict[str, Any]) -> Ended:
    return {"shutdown": "signed", "abort": "gave_up"}.get(str(push.get("status", "")), "")  # type: ignore[return-value]


def read_result(value: dict[str, Any], *, ended: Ended = "", token: str = "") -> Trace:
    """A query's answer, or the `lastResult` of a push. Lines without a readable time are left out; ValueError for another shape."""
    rows = value.get("data") or []
    if not isinstance(rows, list):
        raise ValueError("data is not a list")
    state = status_of(str(value.get("state", "")))
    steps = [step for row in rows if isinstance(row, dict) and (step := _step(row)) is not None]
    told = with_state(steps, state)
    return Trace(
        carrier=plain(value.get("com")),
        number=plain(value.get("nu")),
        status=state if told else "created",
        steps=told,
        ended=ended,
        token=token,
    )


def _step(row: dict[str, Any]) -> Step | None:
    at = china_moment(str(row.get("ftime") or row.get("time") or ""))
    text = plain(row.get("context"))
    if at is None or not text:
        return None
    code = str(row.get("statusCode") or "")
    status = status_of(code) if code else _WORDS.get(str(row.get("status", "")), "in_transit")
    return Step(at, text, status, plain(row.get("areaName")))


def _query_refusal(code: str, message: str) -> GatewayError:
    if "锁单" in message:
        return NumberLocked(PROVIDER, code, message)
    if code == "501":
        return GatewayUnavailable(PROVIDER, "server trouble", http_status=200, provider_code=code)
    kinds: Mapping[str, type[GatewayRefused]] = {
        "400": CarrierMismatch, "408": PhoneMismatch, "500": ParcelUnknown, "502": GatewayThrottled,
        "503": AccountRefused, "600": AccountRefused, "601": AccountRefused,
    }  # fmt: skip
    return kinds.get(code, GatewayRefused)(PROVIDER, code, message)


def _subscription_refusal(code: str, message: str) -> GatewayError:
    if code in ("500", "502"):
        return GatewayUnavailable(PROVIDER, "server trouble", http_status=200, provider_code=code)
    kinds: Mapping[str, type[GatewayRefused]] = {
        "600": AccountRefused, "601": AccountRefused, "408": PhoneMismatch,
        "700": CarrierMismatch, "701": CarrierMismatch, "702": CarrierMismatch,
    }  # fmt: skip
    return kinds.get(code, GatewayRefused)(PROVIDER, code, message)
