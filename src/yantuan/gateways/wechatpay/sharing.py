"""Profit sharing (分账) for a direct merchant or a partner's sub-merchant: /v3/profitsharing.

Every writing verb carries our own number and may be repeated with the same record after an unknown result; the same
number with other facts is refused. Sharing is asynchronous: accepted is not done, ask again.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any, NoReturn, Protocol
from urllib.parse import quote, urlencode

from yantuan.gateways.errors import GatewayInvalid
from yantuan.gateways.wechatpay.bodies import encode
from yantuan.gateways.wechatpay.client import WeChatPayClient
from yantuan.gateways.wechatpay.fields import Fields, Malformed
from yantuan.gateways.wechatpay.line import Line, Sealer
from yantuan.gateways.wechatpay.settings import SubMerchant
from yantuan.gateways.wechatpay.sharing_bill import ShareBillRow, parse_share_bill
from yantuan.gateways.wechatpay.sharing_models import (
    Receiver,
    ReceiverType,
    Relation,
    ReturnResult,
    ShareOrder,
    SharePart,
    ShareResult,
    ShareReturn,
    Unfreeze,
)

BASE = "/v3/profitsharing"
MAX_PARTS = 50
DESCRIPTION_CHARS = 80
_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")


class SharingGateway(Protocol):
    """What the trade needs of profit sharing. Every method may raise the GatewayError family (see `share_trouble`)."""

    def add_receiver(self, receiver: Receiver) -> None: ...
    def delete_receiver(self, receiver_type: ReceiverType, account: str) -> None: ...
    def share(self, order: ShareOrder) -> ShareResult: ...
    def query_share(self, out_order_no: str, transaction_id: str) -> ShareResult | None: ...
    def unfreeze(self, wish: Unfreeze) -> ShareResult: ...
    def take_back(self, wish: ShareReturn) -> ReturnResult: ...
    def query_return(self, out_return_no: str, out_order_no: str) -> ReturnResult | None: ...
    def unsplit_fen(self, transaction_id: str) -> int: ...
    def max_ratio(self) -> int: ...
    def share_bill(self, day: date) -> tuple[ShareBillRow, ...]: ...


class SharingClient:
    """Thread-safe. `appid` is the merchant's (a partner's own) app, to which personal receivers' openids belong."""

    def __init__(self, pay: WeChatPayClient, *, appid: str) -> None:
        self._pay = pay
        self._line: Line = pay.line
        self._sub: SubMerchant | None = pay.sub_merchant
        self._appid = appid

    def add_receiver(self, receiver: Receiver) -> None:
        """Let somebody receive. Adding the same one again is fine; the name is sealed."""
        _check_receiver(receiver)
        body = self._apps() | {"type": receiver.type.value, "account": receiver.account}
        sealer = self._line.sealer() if receiver.name else None
        if sealer:
            body["name"] = sealer.seal(receiver.name)
        body["relation_type"] = receiver.relation.value
        if receiver.custom_relation:
            body["custom_relation"] = receiver.custom_relation
        self._line.ask(
            "POST", f"{BASE}/receivers/add", nothing, encode(body), serial=sealer.serial if sealer else ""
        )

    def delete_receiver(self, receiver_type: ReceiverType, account: str) -> None:
        """Let somebody receive no more; parts on their way to them may be CLOSED for NO_RELATION."""
        body = self._apps() | {"type": receiver_type.value, "account": account}
        self._line.ask("POST", f"{BASE}/receivers/delete", nothing, encode(body))

    def share(self, order: ShareOrder) -> ShareResult:
        """Ask to share a paid order, or ask again. The money is there only when a part says SUCCESS."""
        check_number("out_order_no", order.out_order_no)
        if not 1 <= len(order.parts) <= MAX_PARTS:
            _refuse("receivers", f"1 to {MAX_PARTS} parts")
        body = self._apps() | {"transaction_id": order.transaction_id, "out_order_no": order.out_order_no}
        sealer = self._line.sealer() if any(part.name for part in order.parts) else None
        body["receivers"] = [_part(part, sealer) for part in order.parts]
        body["unfreeze_unsplit"] = order.unfreeze_rest
        serial = sealer.serial if sealer else ""
        return self._line.ask("POST", f"{BASE}/orders", ShareResult.read, encode(body), serial=serial)

    def query_share(self, out_order_no: str, transaction_id: str) -> ShareResult | None:
        """The share (or unfreeze) request under our number, or None if the platform never heard of it."""
        number = quote(check_number("out_order_no", out_order_no), safe="")
        query = urlencode({"transaction_id": transaction_id} | self._party())
        return self._line.find(f"{BASE}/orders/{number}?{query}", ShareResult.read)

    def unfreeze(self, wish: Unfreeze) -> ShareResult:
        """Set free what is left of an order."""
        check_number("out_order_no", wish.out_order_no)
        body = self._party() | {
            "transaction_id": wish.transaction_id,
            "out_order_no": wish.out_order_no,
            "description": fit_words(wish.description),
        }
        return self._line.ask("POST", f"{BASE}/orders/unfreeze", ShareResult.read, encode(body))

    def take_back(self, wish: ShareReturn) -> ReturnResult:
        """Take shared money back from a merchant. Do it before refunding an order that was shared."""
        check_number("out_return_no", wish.out_return_no)
        check_number("out_order_no", wish.out_order_no)
        check_amount(wish.amount_fen)
        body = self._party() | {
            "out_order_no": wish.out_order_no,
            "out_return_no": wish.out_return_no,
            "return_mchid": wish.return_mchid,
            "amount": wish.amount_fen,
            "description": fit_words(wish.description),
        }
        return self._line.ask("POST", f"{BASE}/return-orders", ReturnResult.read, encode(body))

    def query_return(self, out_return_no: str, out_order_no: str) -> ReturnResult | None:
        """The return under our number, or None if the platform never heard of it."""
        number = quote(check_number("out_return_no", out_return_no), safe="")
        query = urlencode({"out_order_no": out_order_no} | self._party())
        return self._line.find(f"{BASE}/return-orders/{number}?{query}", ReturnResult.read)

    def unsplit_fen(self, transaction_id: str) -> int:
        """Fen of an order that could still be shared."""
        target = f"{BASE}/transactions/{quote(transaction_id, safe='')}/amounts"
        return self._line.ask("GET", target, lambda value: whole(value, "unsplit_amount"))

    def max_ratio(self) -> int:
        """What of an order this sub-merchant lets be shared in all, in ten-thousandths (3000 = 30 %)."""
        if self._sub is None:
            _refuse("sub_mchid", "only a partner can ask")
        target = f"{BASE}/merchant-configs/{quote(self._sub.sub_mchid, safe='')}"
        return self._line.ask("GET", target, lambda value: whole(value, "max_ratio"))

    def share_bill(self, day: date) -> tuple[ShareBillRow, ...]:
        """What was shared and came back on a China date (after 10:00 the next day), at most three months ago.

        Raises GatewayRefused STATEMENT_CREATING while it is being made.
        """
        query = urlencode(self._party() | {"bill_date": day.isoformat(), "tar_type": "GZIP"})
        content = self._pay.bill_file(f"{BASE}/bills?{query}")
        return parse_share_bill(day, content) if content is not None else ()

    # Inside

    def _party(self) -> dict[str, Any]:
        return {"sub_mchid": self._sub.sub_mchid} if self._sub else {}

    def _apps(self) -> dict[str, Any]:
        sub_appid = {"sub_appid": self._sub.sub_appid} if self._sub and self._sub.sub_appid else {}
        return self._party() | {"appid": self._appid} | sub_appid


def _part(part: SharePart, sealer: Sealer | None) -> dict[str, Any]:
    check_amount(part.amount_fen)
    entry: dict[str, Any] = {"type": part.type.value, "account": part.account}
    if sealer and part.name:
        entry["name"] = sealer.seal(part.name)
    return entry | {"amount": part.amount_fen, "description": fit_words(part.description)}


def _check_receiver(receiver: Receiver) -> None:
    if receiver.type is ReceiverType.MERCHANT and not receiver.name:
        _refuse("name", "a merchant's full registered name is required")
    if (receiver.relation is Relation.CUSTOM) != bool(receiver.custom_relation):
        _refuse("custom_relation", "with relation CUSTOM, and only then")
    if len(receiver.custom_relation) > 10:
        _refuse("custom_relation", "at most 10 characters")


def check_amount(fen: int) -> None:
    """Raise GatewayInvalid unless there is something to move."""
    if fen < 1:
        _refuse("amount", "at least 1 fen")


def check_number(field: str, number: str) -> str:
    """The number itself if the platform would take it. Raises GatewayInvalid."""
    if not _NUMBER.fullmatch(number):
        _refuse(field, "1 to 64 of 0-9A-Za-z_-|*@")
    return number


def fit_words(text: str) -> str:
    """A description the platform takes: no control characters, at most 80 characters, never empty."""
    plain = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs"))
    return plain.strip()[:DESCRIPTION_CHARS] or "分账"


def whole(value: Any, name: str) -> int:
    """A whole number of an answer. Raises Malformed."""
    found = Fields(value).fen(name)
    if found is None:
        raise Malformed(f"{name} is missing")
    return found


def nothing(value: Any) -> None:
    """Read an answer that tells nothing we need."""
    return


def _refuse(field: str, rule: str) -> NoReturn:
    raise GatewayInvalid("wechatpay", field, rule)
