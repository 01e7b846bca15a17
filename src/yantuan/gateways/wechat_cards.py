"""The card WeChat shows a buyer after a payment in the mini-program (服务卡片), from paid to handed over; no permit is needed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayUnavailable
from yantuan.gateways.wechat_api import PROVIDER
from yantuan.gateways.wechat_app import AppClient

ON_THE_WAY: Final = 2001
PICK_UP: Final = 2002
PAID: Final = 1
PREPARING: Final = 2
PART_SHIPPED: Final = 3
SHIPPED: Final = 4
STEPS: Final = {ON_THE_WAY: (PAID, PREPARING, PART_SHIPPED, SHIPPED), PICK_UP: (PAID, PREPARING)}
"""The steps whose meaning is documented where we could read it; WeChat knows further ones, and a guess could tell a buyer a wrong thing."""
CardRefusal = Literal["not_visible", "over", "unchanged", "locked", "invalid"]
_KINDS: Final[dict[str, CardRefusal]] = {
    "85437": "not_visible",
    "85436": "over",
    "85438": "over",
    "85448": "unchanged",
    "85449": "locked",
}
_INVALID: Final = frozenset(
    str(code)
    for code in (
        40003, 85433, 85434, 85435, *range(85439, 85448), 85461, 85462, 85470, 85471,
    )
)  # fmt: skip
_SYSTEM: Final = "85431"


class CardRefused(GatewayRefused):
    """WeChat takes no such card. `not_visible`: the payment is not known yet, try again after a minute."""

    def __init__(self, code: str, message: str, kind: CardRefusal) -> None:
        super().__init__(PROVIDER, code, message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Card:
    """One card at one step. `kind` is ON_THE_WAY or PICK_UP, `step` one of its STEPS (`cur_status`).

    `picture` is the https address of a picture everybody may fetch.
    """

    openid: str
    transaction_id: str
    kind: int
    step: int
    page: str
    title: str
    picture: str
    count: int
    paid_fen: int
    paid_at: datetime


class CardsGateway(Protocol):
    """What the product needs of service cards. Raises the GatewayError family."""

    def put(self, card: Card, *, first: bool) -> None: ...


class CardsClient(AppClient):
    """Thread-safe; make one per mini-program and keep it."""

    def put(self, card: Card, *, first: bool) -> None:
        """Show the card, or move it to its step. The same again is no error. Raises CardRefused, GatewayInvalid."""
        try:
            self._tokened.call("POST", "/wxa/set_user_notify", payload=_body(card, first), repeatable=True)
        except GatewayRefused as refusal:
            code = refusal.provider_code
            if code == _SYSTEM:
                raise GatewayUnavailable(
                    PROVIDER, "system busy", http_status=200, provider_code=code
                ) from refusal
            kind = _KINDS.get(code) or ("invalid" if code in _INVALID else None)
            if kind is None:
                raise
            if kind != "unchanged":
                raise CardRefused(code, refusal.provider_message, kind) from refusal


def _body(card: Card, first: bool) -> dict[str, Any]:
    _check(card)
    content: dict[str, Any] = {"cur_status": card.step, "wxa_path_query": card.page}
    if card.step in (PAID, PREPARING):
        product = {
            "product_img": card.picture,
            "product_name": card.title,
            "product_path_query": card.page,
        }
        content |= {"product_count": card.count, "product_list": {"info_list": [product]}}
    body: dict[str, Any] = {
        "openid": card.openid,
        "notify_type": card.kind,
        "notify_code": card.transaction_id,
        "content_json": json.dumps(content, ensure_ascii=False),
    }
    if first:
        check = {"pay_amount": card.paid_fen, "pay_time": int(card.paid_at.timestamp()), "pay_channel": 0}
        body["check_json"] = json.dumps(check)
    return body


def _check(card: Card) -> None:
    if card.kind not in STEPS:
        raise GatewayInvalid(PROVIDER, "notify_type", "2001 or 2002")
    if card.step not in STEPS[card.kind]:
        raise GatewayInvalid(PROVIDER, "cur_status", f"one of {STEPS[card.kind]}")
    if not card.picture.startswith("https://"):
        raise GatewayInvalid(PROVIDER, "product_img", "an https address")
    if not (card.page and card.title and card.count > 0):
        raise GatewayInvalid(PROVIDER, "content_json", "page, title and count are needed")
