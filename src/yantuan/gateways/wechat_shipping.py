"""Shipping information of a mini-program's payments (发货信息管理): without it the money of an order stays frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayUnavailable
from yantuan.gateways.wechat_api import PROVIDER, text_of
from yantuan.gateways.wechat_app import AppClient
from yantuan.kernel import clock

_PATH = "/wxa/sec/order"
EXPRESS, SELF_PICKUP = 1, 4
UNIFIED, SPLIT = 1, 2
MOST_PARCELS = 15
LONGEST_DESC = 120

RefusalKind = Literal[
    "not_visible",
    "finished",
    "chance_used",
    "not_shippable",
    "unchanged",
    "openid",
    "upload_time",
    "not_shipped",
    "received_early",
    "reminded",
    "not_express",
    "bad_day",
    "invalid",
]
"""What a refusal means for us; `invalid`: our request breaks a rule, so that a repeat would be refused again."""

_KINDS: Mapping[str, RefusalKind] = {
    "10060001": "not_visible",
    "10060002": "finished",
    "10060003": "chance_used",
    "10060004": "not_shippable",
    "10060023": "unchanged",
    "10060028": "not_shipped",
    "10060029": "received_early",
    "10060030": "reminded",
    "10060031": "openid",
    "10060032": "not_express",
    "268485216": "upload_time",
    "268546001": "bad_day",
    "268546002": "not_visible",
}
_INVALID = frozenset(
    str(code)
    for code in (
        *range(10060005, 10060010), 10060011, 10060013, 10060014, 10060020, 10060024, 10060025, 10060026,
        *range(268485194, 268485198), 268485224, *range(268485226, 268485229), 268485253, 268546000,
    )
)  # fmt: skip
_SYSTEM = frozenset({"10060012", "10060019"})


class ShippingRefused(GatewayRefused):
    """A refusal of the shipping interfaces, with what it means."""

    def __init__(self, code: str, message: str, kind: RefusalKind) -> None:
        super().__init__(PROVIDER, code, message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class ParcelInfo:
    """One entry of `shipping_list`. `express_company` is a delivery_id of `delivery_list`; contacts are masked."""

    item_desc: str
    tracking_no: str = ""
    express_company: str = ""
    receiver_contact: str = ""


@dataclass(frozen=True, slots=True)
class ShippingUpload:
    """Everything shipped of one payment up to now. `all_delivered` False: more parcels follow (SPLIT only)."""

    transaction_id: str
    openid: str
    logistics_type: int
    delivery_mode: int
    parcels: tuple[ParcelInfo, ...]
    upload_time: datetime
    all_delivered: bool = True


@dataclass(frozen=True, slots=True)
class ShippingOrder:
    """A payment as the platform's shipping desk sees it.

    `state`: 1 to ship, 2 shipped, 3 received, 4 done, 5 refunded, 6 money to be settled. `parcels`: (carrier, number).
    """

    transaction_id: str
    openid: str
    state: int
    finished: bool
    reshipped: bool
    parcels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DeliveryCompany:
    """A carrier the platform knows."""

    delivery_id: str
    name: str


class ShippingGateway(Protocol):
    """What the product needs of the shipping desk. Every method may raise the GatewayError family."""

    @property
    def appid(self) -> str: ...
    def upload(self, upload: ShippingUpload) -> None: ...
    def get_order(self, transaction_id: str) -> ShippingOrder: ...
    def notify_confirm_receive(self, transaction_id: str, received_at: datetime) -> None: ...
    def is_trade_managed(self) -> bool: ...
    def delivery_list(self) -> list[DeliveryCompany]: ...
    def set_msg_jump_path(self, path: str) -> None: ...
    def report_presale(self, transaction_id: str, ships_at: datetime) -> None: ...


class ShippingClient(AppClient):
    """Thread-safe; make one per mini-program and keep it."""

    def upload(self, upload: ShippingUpload) -> None:
        """Tell what was shipped. The same again is no error. Raises ShippingRefused, GatewayInvalid (nothing was sent)."""
        check_upload(upload)
        try:
            # A call that may have arrived is repeated by the caller's own schedule, with a later upload_time.
            self._call("/upload_shipping_info", upload_body(upload), repeatable=False)
        except ShippingRefused as refusal:
            if refusal.kind != "unchanged":
                raise

    def get_order(self, transaction_id: str) -> ShippingOrder:
        """The platform's own view. Raises ShippingRefused `not_visible`."""
        answer = self._call("/get_order", {"transaction_id": transaction_id})
        order = answer.get("order")
        if not isinstance(order, dict):
            raise GatewayUnavailable(PROVIDER, "order is missing", http_status=200)
        return _read_order(order)

    def notify_confirm_receive(self, transaction_id: str, received_at: datetime) -> None:
        """Let the platform remind the buyer to confirm, once, after the carrier's signing. Raises ShippingRefused."""
        payload = {"transaction_id": transaction_id, "received_time": int(received_at.timestamp())}
        self._call("/notify_confirm_receive", payload, repeatable=False)

    def is_trade_managed(self) -> bool:
        """Whether this mini-program's payments need shipping information at all."""
        answer = self._call("/is_trade_managed", {"appid": self._settings.appid})
        managed = answer.get("is_trade_managed")
        if not isinstance(managed, bool):
            raise GatewayUnavailable(PROVIDER, "is_trade_managed is missing", http_status=200)
        return managed

    def delivery_list(self) -> list[DeliveryCompany]:
        """Every carrier whose code may be uploaded (more than a thousand)."""
        answer = self._tokened.call(
            "POST", "/cgi-bin/express/delivery/open_msg/get_delivery_list", payload={}, repeatable=True
        )
        rows = answer.get("delivery_list")
        if not isinstance(rows, list):
            raise GatewayUnavailable(PROVIDER, "delivery_list is missing", http_status=200)
        return [
            DeliveryCompany(text_of(row, "delivery_id"), text_of(row, "delivery_name"))
            for row in rows
            if isinstance(row, dict)
        ]

    def set_msg_jump_path(self, path: str) -> None:
        """Which page of the mini-program the platform's shipping messages open."""
        self._call("/set_msg_jump_path", {"path": path})

    def report_presale(self, transaction_id: str, ships_at: datetime) -> None:
        """Tell that a paid order is on pre-sale and leaves by `ships_at`, 15 to 330 days after the payment; again is no error.

        Raises ShippingRefused: `bad_day`, or `not_visible` where the desk has no such payment to be shipped.
        """
        payload = {"order_id": transaction_id, "type": 1, "delay_to": int(ships_at.timestamp())}
        self._call("/opspecialorder", payload)

    def _call(self, path: str, payload: Mapping[str, Any], *, repeatable: bool = True) -> dict[str, Any]:
        try:
            return self._tokened.call("POST", _PATH + path, payload=payload, repeatable=repeatable)
        except GatewayRefused as refusal:
            code = refusal.provider_code
            if code in _SYSTEM:
                raise GatewayUnavailable(
                    PROVIDER, "system busy", http_status=200, provider_code=code
                ) from refusal
            if code in _KINDS or code in _INVALID:
                kind = _KINDS.get(code, "invalid")
                raise ShippingRefused(code, refusal.provider_message, kind) from refusal
            raise


def check_upload(upload: ShippingUpload) -> None:
    """Raise GatewayInvalid where the platform's written rules would refuse it."""

    def need(good: bool, field: str, rule: str) -> None:
        if not good:
            raise GatewayInvalid(PROVIDER, field, rule)

    express = upload.logistics_type == EXPRESS
    need(bool(upload.transaction_id), "transaction_id", "is required")
    need(bool(upload.openid), "openid", "is required")
    need(1 <= len(upload.parcels) <= MOST_PARCELS, "shipping_list", f"1 to {MOST_PARCELS} entries")
    split = upload.delivery_mode == SPLIT
    need(split or len(upload.parcels) == 1, "shipping_list", "unified delivery has one entry")
    need(split or upload.all_delivered, "is_all_delivered", "only split delivery has more to come")
    need(express or not split, "delivery_mode", "only express can be split")
    for parcel in upload.parcels:
        need(1 <= len(parcel.item_desc) <= LONGEST_DESC, "item_desc", f"1 to {LONGEST_DESC} characters")
        if express:
            need(1 <= len(parcel.tracking_no) <= 128, "tracking_no", "1 to 128 characters")
            need(1 <= len(parcel.express_company) <= 128, "express_company", "1 to 128 characters")
            contact = parcel.express_company != "SF" or bool(parcel.receiver_contact)
            need(contact, "contact", "SF needs a masked phone")


def upload_body(upload: ShippingUpload) -> dict[str, Any]:
    """The JSON of `upload_shipping_info`."""
    body: dict[str, Any] = {
        "order_key": {"order_number_type": 2, "transaction_id": upload.transaction_id},
        "logistics_type": upload.logistics_type,
        "delivery_mode": upload.delivery_mode,
        "shipping_list": [_parcel_body(parcel, upload.logistics_type) for parcel in upload.parcels],
        "upload_time": upload.upload_time.astimezone(clock.CHINA).isoformat(timespec="milliseconds"),
        "payer": {"openid": upload.openid},
    }
    if upload.delivery_mode == SPLIT:
        body["is_all_delivered"] = upload.all_delivered
    return body


def _parcel_body(parcel: ParcelInfo, logistics_type: int) -> dict[str, Any]:
    body: dict[str, Any] = {"item_desc": parcel.item_desc}
    if logistics_type == EXPRESS:
        body |= {"tracking_no": parcel.tracking_no, "express_company": parcel.express_company}
        if parcel.receiver_contact:
            body["contact"] = {"receiver_contact": parcel.receiver_contact}
    return body


def _read_order(order: Mapping[str, Any]) -> ShippingOrder:
    shipping = order.get("shipping")
    if not isinstance(shipping, dict):
        shipping = {}
    state = order.get("order_state")
    if isinstance(state, bool) or not isinstance(state, int) or not 1 <= state <= 6:
        raise GatewayUnavailable(PROVIDER, "order_state is missing", http_status=200)
    rows = shipping.get("shipping_list")
    parcels = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return ShippingOrder(
        transaction_id=text_of(order, "transaction_id"),
        openid=text_of(order, "openid", required=False),
        state=state,
        finished=shipping.get("finish_shipping") is True,
        reshipped=shipping.get("finish_shipping_count") == 2,
        parcels=tuple(
            (str(row.get("express_company", "")), str(row.get("tracking_no", ""))) for row in parcels
        ),
    )


def moment_of(seconds: int | None) -> datetime | None:
    """A Unix time of the platform's events; None for absent or zero."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
