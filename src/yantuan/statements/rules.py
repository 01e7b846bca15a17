"""The arithmetic of a sale's statement: entries in, sums out. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

Method = Literal["wechatpay", "offline"]
Stream = Literal["wechatpay_in", "offline_in", "wechatpay_out", "offline_out", "shares", "share_returns"]
"""One list of the statement: money in and out by method, the agreed shares and what of them came back."""
METHODS: Final[tuple[Method, ...]] = ("wechatpay", "offline")
STREAMS: Final[tuple[Stream, ...]] = (
    "wechatpay_in", "offline_in", "wechatpay_out", "offline_out", "shares", "share_returns",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One movement of money. `fen` is never negative; which way it went says `stream`.

    `fee_fen` is what WeChat Pay kept (of a payment), below zero what it gave back (with a refund); `estimated` until its
    bill has said so.
    """

    stream: Stream
    id: int
    order_id: int
    number: int
    """跟团号."""
    at: datetime | None
    fen: int
    fee_fen: int = 0
    estimated: bool = False
    provider_no: str = ""
    text: str = ""
    text_en: str = ""


@dataclass
class Sums:
    """Totals of one method, or of all; amounts in fen."""

    payments: int = 0
    paid_fen: int = 0
    refunds: int = 0
    refunded_fen: int = 0
    fees_fen: int = 0
    estimates: int = 0
    """Payments and refunds whose fee no bill has named yet."""
    estimated_fen: int = 0
    """Their part of `fees_fen`."""
    shares_fen: int = 0
    """Shared under the leader's agreement, less what came back."""

    @property
    def net_fen(self) -> int:
        """What is the leader's."""
        return self.paid_fen - self.refunded_fen - self.fees_fen - self.shares_fen

    def take(self, entry: Entry) -> None:
        """Count one entry."""
        if entry.stream in ("wechatpay_in", "offline_in"):
            self.payments += 1
            self.paid_fen += entry.fen
        elif entry.stream in ("wechatpay_out", "offline_out"):
            self.refunds += 1
            self.refunded_fen += entry.fen
        else:
            self.shares_fen += entry.fen if entry.stream == "shares" else -entry.fen
        self.fees_fen += entry.fee_fen
        if entry.estimated:
            self.estimates += 1
            self.estimated_fen += entry.fee_fen


def method_of(stream: Stream) -> Method:
    """By which way a list's money went; shares are taken out of WeChat's."""
    return "offline" if stream in ("offline_in", "offline_out") else "wechatpay"


@dataclass
class Totals:
    """A sale's money by method, and all together."""

    methods: dict[Method, Sums] = field(default_factory=lambda: {method: Sums() for method in METHODS})
    whole: Sums = field(default_factory=Sums)


def total(entries: Iterable[Entry]) -> Totals:
    """Add everything up."""
    found = Totals()
    for entry in entries:
        found.methods[method_of(entry.stream)].take(entry)
        found.whole.take(entry)
    return found
