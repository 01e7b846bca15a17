"""Bodies of a sale's statement."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema

from yantuan.kernel.http import IdOut
from yantuan.statements.rules import Entry, Method, Stream, Sums


class StatementSums(Schema):
    """Money of one way of paying, or of all: net = paid − refunded − fees − shares."""

    payments: int
    paid_fen: int
    refunds: int
    refunded_fen: int
    fees_fen: int
    estimates: int
    """Fees among these that no bill has named yet; `estimated_fen` of `fees_fen` is reckoned."""
    estimated_fen: int
    shares_fen: int
    net_fen: int


class StatementMethod(StatementSums):
    method: Method


class SaleStatementOut(Schema):
    """对账单 of one sale, over its whole life."""

    group_buy_id: IdOut
    code: str
    title: str
    counted_at: datetime
    whole: StatementSums
    methods: list[StatementMethod]
    refunding_fen: int
    """On its way back now, not yet in `refunded_fen`."""
    open_shares: int
    """Payments whose share is not settled yet."""


class StatementEntryOut(Schema):
    """One movement behind a figure; `fee_fen` below zero came back with a refund."""

    id: IdOut
    stream: Stream
    order_id: IdOut
    number: int
    at: datetime | None
    fen: int
    fee_fen: int
    estimated: bool
    provider_no: str
    text: str
    text_en: str


def sums_out(sums: Sums) -> StatementSums:
    """Totals as numbers."""
    return StatementSums(**vars(sums), net_fen=sums.net_fen)


def method_out(method: Method, sums: Sums) -> StatementMethod:
    """Totals of one way of paying."""
    return StatementMethod(method=method, **vars(sums), net_fen=sums.net_fen)


def entry_out(entry: Entry) -> StatementEntryOut:
    """One entry of a list."""
    return StatementEntryOut(**{**vars(entry), "id": str(entry.id), "order_id": str(entry.order_id)})
