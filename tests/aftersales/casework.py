"""Cases in every state, reached through the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fulfilment.tradeworld import Caller, Shop, Trade
from yantuan.aftersales.actions import decide_silent
from yantuan.aftersales.models import AfterSale
from yantuan.kernel import outbox
from yantuan.kernel.clock import frozen

ADDRESS = {"return_name": "李团长", "return_phone": "13900001111", "return_address": "杭州市文三路 1 号"}
PARCEL = {"carrier_name": "中通快递", "tracking_no": "75123456789012"}
OPERATOR = 42


@dataclass
class Case:
    """One case with its order."""

    id: int
    trade: Trade

    @property
    def row(self) -> AfterSale:
        return AfterSale.objects.get(id=self.id)

    @property
    def state(self) -> str:
        return self.row.state

    @property
    def boss(self) -> Caller:
        return self.trade.shop.boss

    def buyer(self, step: str, body: Any = None) -> Any:
        return self.trade.buyer.ok("POST", f"/aftersales/{self.id}/{step}", body)

    def leader(self, step: str, body: Any = None) -> Any:
        return self.boss.ok("POST", f"/leader/aftersales/{self.id}/{step}", body if body is not None else {})

    def paid_back(self) -> None:
        self.trade.finish_refunds()


def claim_body(
    trade: Trade, *pieces: dict[str, Any], kind: str = "refund_only", amount: int | None = None, **more: Any
) -> dict[str, Any]:
    """A claim of the pieces (one of the first line if none) for their full goods price."""
    chosen = list(pieces) or [trade.piece()]
    prices = {str(line.id): line.price_fen for line in trade.lines}
    full = sum(prices[piece["order_line_id"]] * piece["quantity"] for piece in chosen)
    return {
        "kind": kind,
        "reason": "changed_mind",
        "lines": chosen,
        "amount_fen": full if amount is None else amount,
        **more,
    }


def claim(trade: Trade, *pieces: dict[str, Any], **more: Any) -> Case:
    body = claim_body(trade, *pieces, **more)
    detail = trade.buyer.ok("POST", f"/orders/{trade.id}/aftersales", body)
    return Case(int(detail["id"]), trade)


def case_in(shop: Shop, state: str, kind: str) -> Case:
    """A case of this kind led into this state by the people who may."""
    trade = shop.order(2)
    if kind == "return_refund" or state in ("awaiting_return", "returning"):
        trade.ship(number=f"YT{trade.id % 10**13:013d}")
    case = claim(trade, kind=kind)
    if state == "offered":
        case.leader("offer", {"amount_fen": 1000, "answer": "坏了一半"})
    elif state in ("refused", "escalated", "closed"):
        case.leader("refuse", {"answer": "照片看不出问题"})
        if state == "escalated":
            case.buyer("escalate", {"escalation": "请看照片"})
        if state == "closed":
            from_silence(case)
    elif state in ("awaiting_return", "returning") and kind == "return_refund":
        case.leader("agree", ADDRESS)
        if state == "returning":
            case.buyer("return-parcel", PARCEL)
    elif state in ("agreed", "refunded"):
        _agree(case, kind)
        if state == "refunded":
            case.paid_back()
    elif state == "withdrawn":
        case.buyer("withdraw")
    outbox.drain()
    assert case.state == state, (case.state, state)
    return case


def _agree(case: Case, kind: str) -> None:
    case.leader("agree", ADDRESS)
    if kind == "return_refund":
        case.leader("receive-return")


def from_silence(case: Case) -> int:
    """Let the case's time come."""
    due = case.row.due_at
    assert due is not None
    with frozen(due):
        return decide_silent()
