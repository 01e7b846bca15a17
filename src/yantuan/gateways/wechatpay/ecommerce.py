"""Profit sharing of a platform of 收付通: /v3/ecommerce/profitsharing. The same verbs and records as `SharingClient`.

Receivers belong to the platform, not to one sub-merchant, and the platform itself need not be added. An order shared one
way must never be shared the other way.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

from yantuan.gateways.errors import GatewayInvalid
from yantuan.gateways.wechatpay.bodies import encode
from yantuan.gateways.wechatpay.client import WeChatPayClient
from yantuan.gateways.wechatpay.line import Line, Sealer
from yantuan.gateways.wechatpay.sharing import (
    MAX_PARTS,
    check_amount,
    check_number,
    fit_words,
    nothing,
    whole,
)
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

BASE = "/v3/ecommerce/profitsharing"
USUAL_RATIO = 3000
"""30 %, the platform's default; a contract may allow more, and WeChat Pay holds to it (RATIO_RULE_LIMIT)."""
_RELATIONS = frozenset(
    {Relation.SUPPLIER, Relation.DISTRIBUTOR, Relation.SERVICE_PROVIDER, Relation.PLATFORM, Relation.OTHERS}
)


class EcommerceSharingClient:
    """Thread-safe; a `SharingGateway`. `appid` is the platform's app."""

    def __init__(self, pay: WeChatPayClient, *, appid: str) -> None:
        if pay.sub_merchant is None or not pay.sub_merchant.ecommerce:
            raise ValueError("a platform shares the orders of its sub-merchants")
        self._pay = pay
        self._line: Line = pay.line
        self._sub_mchid = pay.sub_mchid
        self._appid = appid

    def add_receiver(self, receiver: Receiver) -> None:
        """Let somebody receive of any sub-merchant's orders. Adding the same one again is fine."""
        if receiver.relation not in _RELATIONS:
            _refuse("relation_type", "one of 收付通's own relations")
        body = {"appid": self._appid, "type": receiver.type.value, "account": receiver.account}
        sealer = None
        if receiver.name and receiver.type is ReceiverType.MERCHANT:
            body["name"] = receiver.name
        elif receiver.name:
            sealer = self._line.sealer()
            body["encrypted_name"] = sealer.seal(receiver.name)
        body["relation_type"] = receiver.relation.value
        serial = sealer.serial if sealer else ""
        self._line.ask("POST", f"{BASE}/receivers/add", nothing, encode(body), serial=serial)

    def delete_receiver(self, receiver_type: ReceiverType, account: str) -> None:
        """Let somebody receive no more."""
        body = {"appid": self._appid, "type": receiver_type.value, "account": account}
        self._line.ask("POST", f"{BASE}/receivers/delete", nothing, encode(body))

    def share(self, order: ShareOrder) -> ShareResult:
        """Ask to share a paid order, or ask again."""
        check_number("out_order_no", order.out_order_no)
        if not 1 <= len(order.parts) <= MAX_PARTS:
            _refuse("receivers", f"1 to {MAX_PARTS} parts")
        sealer = self._line.sealer() if any(part.name for part in order.parts) else None
        body = {
            "appid": self._appid,
            "sub_mchid": self._sub_mchid,
            "transaction_id": order.transaction_id,
            "out_order_no": order.out_order_no,
            "receivers": [_part(part, sealer) for part in order.parts],
            "finish": order.unfreeze_rest,
        }
        serial = sealer.serial if sealer else ""
        return self._line.ask("POST", f"{BASE}/orders", ShareResult.read, encode(body), serial=serial)

    def query_share(self, out_order_no: str, transaction_id: str) -> ShareResult | None:
        """The share request under our number, or None if the platform never heard of it."""
        asked = {
            "sub_mchid": self._sub_mchid,
            "transaction_id": transaction_id,
            "out_order_no": check_number("out_order_no", out_order_no),
        }
        return self._line.find(f"{BASE}/orders?{urlencode(asked)}", ShareResult.read)

    def unfreeze(self, wish: Unfreeze) -> ShareResult:
        """End the sharing of an order: what is left goes to the sub-merchant. The answer tells no state."""
        check_number("out_order_no", wish.out_order_no)
        body = {
            "sub_mchid": self._sub_mchid,
            "transaction_id": wish.transaction_id,
            "out_order_no": wish.out_order_no,
            "description": fit_words(wish.description),
        }
        return self._line.ask(
            "POST",
            f"{BASE}/finish-order",
            lambda value: ShareResult.read({"status": "PROCESSING", **value}),
            encode(body),
        )

    def take_back(self, wish: ShareReturn) -> ReturnResult:
        """Take shared money back from a merchant."""
        check_number("out_return_no", wish.out_return_no)
        check_amount(wish.amount_fen)
        body = {
            "sub_mchid": self._sub_mchid,
            "out_order_no": check_number("out_order_no", wish.out_order_no),
            "out_return_no": wish.out_return_no,
            "return_mchid": wish.return_mchid,
            "amount": wish.amount_fen,
            "description": fit_words(wish.description),
        }
        return self._line.ask("POST", f"{BASE}/returnorders", ReturnResult.read, encode(body))

    def query_return(self, out_return_no: str, out_order_no: str) -> ReturnResult | None:
        """The return under our number, or None if the platform never heard of it."""
        asked = {
            "sub_mchid": self._sub_mchid,
            "out_order_no": out_order_no,
            "out_return_no": check_number("out_return_no", out_return_no),
        }
        return self._line.find(f"{BASE}/returnorders?{urlencode(asked)}", ReturnResult.read)

    def unsplit_fen(self, transaction_id: str) -> int:
        """Fen of an order that could still be shared."""
        target = f"{BASE}/orders/{quote(transaction_id, safe='')}/amounts"
        return self._line.ask("GET", target, lambda value: whole(value, "unsplit_amount"))

    def max_ratio(self) -> int:
        """The most that may be shared, in ten-thousandths: 收付通 doesn't tell, so the share every platform begins with."""
        return USUAL_RATIO

    def share_bill(self, day: date) -> tuple[ShareBillRow, ...]:
        """As `SharingClient.share_bill`; a platform fetches it under the same address as a partner."""
        query = urlencode({"sub_mchid": self._sub_mchid, "bill_date": day.isoformat(), "tar_type": "GZIP"})
        content = self._pay.bill_file(f"/v3/profitsharing/bills?{query}")
        return parse_share_bill(day, content) if content is not None else ()


def _part(part: SharePart, sealer: Sealer | None) -> dict[str, Any]:
    check_amount(part.amount_fen)
    entry: dict[str, Any] = {
        "type": part.type.value,
        "receiver_account": part.account,
        "amount": part.amount_fen,
    }
    if sealer and part.name:
        entry["receiver_name"] = sealer.seal(part.name)
    return entry | {"description": fit_words(part.description)}


def _refuse(field: str, rule: str) -> NoReturn:
    raise GatewayInvalid("wechatpay", field, rule)
