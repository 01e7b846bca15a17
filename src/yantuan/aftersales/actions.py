"""The verbs of after-sales, gathered from the files that hold them."""

from __future__ import annotations

from yantuan.aftersales.answering import agree, offer, receive_return, refuse
from yantuan.aftersales.buying import accept_offer, escalate, send_return, withdraw
from yantuan.aftersales.claiming import claim
from yantuan.aftersales.deciding import decide_silent, operator_decide
from yantuan.aftersales.refunding import close_emptied, refund_done

__all__ = [
    "accept_offer",
    "agree",
    "claim",
    "close_emptied",
    "decide_silent",
    "escalate",
    "offer",
    "operator_decide",
    "receive_return",
    "refund_done",
    "refuse",
    "send_return",
    "withdraw",
]
