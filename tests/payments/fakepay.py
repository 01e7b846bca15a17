"""A payment provider in memory, for stories of many steps: the same promises as the real one, no wire, moods on demand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import connection

from yantuan.gateways.errors import GatewayRefused, GatewayUnavailable
from yantuan.gateways.wechatpay import (
    CloseOutcome,
    H5Prepay,
    NativePrepay,
    RefundResult,
    Transaction,
)
from yantuan.kernel import clock

Mood = Literal["fine", "silent", "forgetful"]
"""`silent`: nothing is done and no answer comes. `forgetful`: the work is done, the answer is lost."""


@dataclass
class FakeProvider:
    """What `PayGateway` promises, as far as these tests use it. `depth` is the transaction depth the test itself stands at."""

    depth: int
    mood: Mood = "fine"
    next_refund_fails: str = ""
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)

    def _called(self) -> None:
        assert len(connection.savepoint_ids) + len(connection.atomic_blocks) == self.depth, (
            "a call within a transaction"
        )
        if self.mood == "silent":
            raise GatewayUnavailable("wechatpay", "ReadTimeout")

    def _answered(self) -> None:
        if self.mood == "forgetful":
            raise GatewayUnavailable("wechatpay", "answer lost")

    def _prepay(self, body: bytes) -> str:
        self._called()
        wanted = json.loads(body)
        number = wanted["out_trade_no"]
        expire = datetime.fromisoformat(wanted["time_expire"])
        assert expire >= clock.now() + timedelta(seconds=60), "time_expire too near"
        known = self.orders.setdefault(
            number, {"body": body, "state": "NOTPAY", "expire": expire, "wanted": wanted}
        )
        self._lapse()
        if known["state"] == "CLOSED":
            raise GatewayRefused("wechatpay", "ORDER_CLOSED", "closed")
        if known["state"] != "NOTPAY":
            raise GatewayRefused("wechatpay", "ORDERPAID", "paid")
        assert known["body"] == body, "the same number with other parameters"
        self._answered()
        return number

    def prepay_native(self, body: bytes) -> NativePrepay:
        return NativePrepay(
            f"weixin://wxpay/bizpayurl?pr={self._prepay(body)}", clock.now() + timedelta(hours=2)
        )

    def prepay_h5(self, body: bytes) -> H5Prepay:
        return H5Prepay(f"https://pay.example/{self._prepay(body)}", clock.now() + timedelta(minutes=5))

    def _lapse(self) -> None:
        for order in self.orders.values():
            if order["state"] == "NOTPAY" and order["expire"] <= clock.now():
                order["state"] = "CLOSED"

    def pay(self, number: str) -> bool:
        """The buyer pays in the cashier; False if it can't be paid any more."""
        self._lapse()
        order = self.orders.get(number)
        if order is None or order["state"] != "NOTPAY":
            return False
        order.update(state="SUCCESS", at=clock.now(), transaction_id=f"4200{number}")
        return True

    def shown(self, number: str) -> Transaction:
        order = self.orders[number]
        told = {k: order["wanted"][k] for k in ("appid", "mchid", "out_trade_no", "amount")}
        told["trade_state"] = order["state"]
        if "at" in order:
            told |= {"transaction_id": order["transaction_id"], "success_time": order["at"].isoformat()}
        return Transaction.read(told)

    def query_by_out_trade_no(self, number: str) -> Transaction | None:
        self._called()
        self._answered()
        self._lapse()
        return self.shown(number) if number in self.orders else None

    def close(self, number: str) -> CloseOutcome:
        self._called()
        order = self.orders.get(number)
        if order is None:
            return CloseOutcome.NOT_FOUND
        if order["state"] in ("SUCCESS", "REFUND"):
            return CloseOutcome.PAID
        order["state"] = "CLOSED"
        self._answered()
        return CloseOutcome.CLOSED

    def refund(self, body: bytes) -> RefundResult:
        self._called()
        wanted = json.loads(body)
        order = next(o for o in self.orders.values() if o.get("transaction_id") == wanted["transaction_id"])
        number = wanted["out_refund_no"]
        known = self.refunds.get(number)
        if known is None:
            taken = sum(r["fen"] for r in self.refunds.values() if r["order"] is order)
            assert (
                taken + wanted["amount"]["refund"]
                <= wanted["amount"]["total"]
                == order["wanted"]["amount"]["total"]
            )
            known = self.refunds[number] = {"body": body, "fen": wanted["amount"]["refund"], "order": order}
            known["state"] = "PROCESSING"
        assert known["body"] == body, "the same refund with other parameters"
        if known["state"] in ("ABNORMAL", "CLOSED"):
            known["state"] = "PROCESSING"
        if self.next_refund_fails and known["state"] == "PROCESSING":
            known["state"], self.next_refund_fails = self.next_refund_fails, ""
        order["state"] = "REFUND"
        self._answered()
        return self._refund_shown(number)

    def query_refund(self, number: str) -> RefundResult | None:
        self._called()
        self._answered()
        known = self.refunds.get(number)
        if known is None:
            return None
        if known["state"] == "PROCESSING":
            known["state"] = "SUCCESS"
        return self._refund_shown(number)

    def _refund_shown(self, number: str) -> RefundResult:
        known = self.refunds[number]
        amount = {
            "refund": known["fen"],
            "total": known["order"]["wanted"]["amount"]["total"],
            "currency": "CNY",
        }
        told = {
            "out_refund_no": number,
            "refund_id": f"5030{number}",
            "status": known["state"],
            "amount": amount,
        }
        return RefundResult.read(told)

    def kept(self) -> int:
        """Fen that buyers paid and did not get back."""
        paid = sum(o["wanted"]["amount"]["total"] for o in self.orders.values() if "at" in o)
        return paid - sum(r["fen"] for r in self.refunds.values() if r["state"] == "SUCCESS")
