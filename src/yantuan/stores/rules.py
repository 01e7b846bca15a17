"""Pure decisions of a store: freight and what its settings must hold together."""

from __future__ import annotations

from typing import Literal, Protocol

from yantuan.kernel.errors import Invalid
from yantuan.kernel.money import price_text

DeliveryMethod = Literal["courier", "pickup"]
PaymentMethod = Literal["wechatpay", "offline"]

MAX_STORES = 10
"""Stores one leader may open."""
MAX_PICKUP_POINTS = 50
"""Pick-up points a store keeps at the same time."""


class FreightTerms(Protocol):
    """What freight is computed from; a Store row or a snapshot of one."""

    @property
    def freight_kind(self) -> str: ...
    @property
    def freight_fen(self) -> int: ...
    @property
    def free_above_fen(self) -> int: ...


def freight_fen(terms: FreightTerms, goods_fen: int, delivery_method: str) -> int:
    """Freight in fen for goods worth `goods_fen`; picking up is free. Raises ValueError for another delivery method."""
    if delivery_method == "pickup":
        return 0
    if delivery_method != "courier":
        raise ValueError(f"no such delivery method: {delivery_method}")
    if terms.freight_kind == "free_above" and goods_fen >= terms.free_above_fen:
        return 0
    return terms.freight_fen


def freight_text(terms: FreightTerms) -> str:
    """How a buyer reads the courier freight: `包邮`, `运费 ¥8.00`, `运费 ¥8.00，满 ¥99.00 包邮`."""
    if terms.freight_fen == 0 or (terms.freight_kind == "free_above" and terms.free_above_fen == 0):
        return "包邮"
    text = f"运费 {price_text(terms.freight_fen)}"
    if terms.freight_kind == "free_above":
        text += f"，满 {price_text(terms.free_above_fen)} 包邮"
    return text


def freight_text_en(terms: FreightTerms) -> str:
    """The same in English: `Free delivery`, `Delivery ¥8.00`, `Delivery ¥8.00, free from ¥99.00`."""
    if terms.freight_fen == 0 or (terms.freight_kind == "free_above" and terms.free_above_fen == 0):
        return "Free delivery"
    text = f"Delivery {price_text(terms.freight_fen)}"
    if terms.freight_kind == "free_above":
        text += f", free from {price_text(terms.free_above_fen)}"
    return text


def payment_methods(*, wechatpay: bool, offline: bool, provider_ready: bool) -> list[PaymentMethod]:
    """Ways a buyer can pay: WeChat Pay only where this instance is connected to it."""
    methods: list[PaymentMethod] = []
    if wechatpay and provider_ready:
        methods.append("wechatpay")
    if offline:
        methods.append("offline")
    return methods


def provider_ready(pay_route: str, operator_ready: bool) -> bool:
    """Whether WeChat Pay can be offered: by the store's own account, or the operator's where that one may serve it."""
    return pay_route == "own" or (pay_route == "operator" and operator_ready)


def check_settings(*, courier: bool, pickup: bool, wechatpay: bool, offline: bool) -> None:
    """Raise Invalid when nothing could be delivered (`delivery_missing`) or paid (`payment_missing`)."""
    if not (courier or pickup):
        raise Invalid(
            "delivery_missing",
            "快递和自提至少开启一种",
            "Enable courier or pick-up.",
            field="courier_enabled",
        )
    if not (wechatpay or offline):
        raise Invalid(
            "payment_missing",
            "微信支付和线下付款至少开启一种",
            "Enable WeChat Pay or offline payment.",
            field="wechatpay_enabled",
        )
