"""Bodies of the dashboard's API. Parts of a whole are in ten-thousandths (`_bp`), money in fen."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema

from yantuan.kernel.http import IdOut


class DashSums(Schema):
    """The figures of one span."""

    orders: int
    paid_fen: int
    refunded_fen: int
    net_fen: int
    average_fen: int
    buyers: int
    returning: int
    """Buyers who had paid on an earlier day."""
    returning_bp: int


class DashSlot(Schema):
    """One bar of the chart; `begin` is the hour or the day it stands for."""

    begin: datetime
    orders: int
    paid_fen: int


class DashGoods(Schema):
    product_id: IdOut
    title: str
    pieces: int
    amount_fen: int
    refunded_pieces: int
    refunded_fen: int


class DashShare(Schema):
    """One share's way from opens to paid orders."""

    share_id: IdOut
    label: str
    kind: str
    group_buy_id: IdOut | None
    title: str
    opens: int
    orders: int
    paid_fen: int
    conversion_bp: int | None
    """None where it was not opened in these days."""


class DashShares(Schema):
    """All shares together, the ones that brought most, and what came without any."""

    opens: int
    orders: int
    conversion_bp: int | None
    others: int
    """Orders by no share of the store's."""
    rows: list[DashShare]


class DashReason(Schema):
    code: str
    label: str
    label_en: str
    refunds: int
    fen: int


class DashPace(Schema):
    """Orders of one way of delivery and how soon they went out; `within` 24, 48 and 72 hours, each with the former."""

    orders: int
    done: int
    within: list[int]
    median_hours: int | None
    waiting: int
    late: int


class DashboardOut(Schema):
    """数据: a store's figures in days of Beijing; `before` is the same time just as many days earlier."""

    days: int
    begin: datetime
    end: datetime
    sums: DashSums
    before: DashSums
    slots: list[DashSlot]
    goods: list[DashGoods]
    goods_sold: int
    """Different goods sold."""
    shares: DashShares
    reasons: list[DashReason]
    shipping: DashPace
    pickup: DashPace
