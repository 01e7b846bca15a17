"""The verbs of fulfilment, gathered from the files that hold them."""

from __future__ import annotations

from yantuan.fulfilment.handing import hand_out, undo_last
from yantuan.fulfilment.receiving import receive, receive_due
from yantuan.fulfilment.shipping import correct, settle_delivery, ship, withdraw

__all__ = [
    "correct",
    "hand_out",
    "receive",
    "receive_due",
    "settle_delivery",
    "ship",
    "undo_last",
    "withdraw",
]
