"""Bodies of the reports API."""

from __future__ import annotations

from datetime import date

from ninja import Schema

from yantuan.kernel.http import IdOut


class StatementDay(Schema):
    day: date
    orders: int
    paid_fen: int
    refunded_fen: int
    net_fen: int


class StatementGroup(Schema):
    group_buy_id: IdOut
    title: str
    orders: int
    paid_fen: int
    refunded_fen: int
    net_fen: int


class StatementOut(Schema):
    """对账单: money in by payment time, money back by refund time, in Beijing days."""

    first: date
    last: date
    orders: int
    paid_fen: int
    paid_wechatpay_fen: int
    paid_offline_fen: int
    refunded_fen: int
    refunding_fen: int
    net_fen: int
    days: list[StatementDay]
    groups: list[StatementGroup]


class SummaryOut(Schema):
    """The leader's first look: today and what waits."""

    today_orders: int
    today_paid_fen: int
    to_ship: int
    to_pick: int
    to_confirm: int
    aftersales_open: int
    running_groups: int
    refund_trouble: int
