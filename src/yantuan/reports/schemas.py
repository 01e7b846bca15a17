"""Bodies of the reports API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import IdIn, IdOut, Text
from yantuan.reports.models import OrderExport


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


class ExportIn(Schema):
    """Which orders: those of one sale or of the whole store, in one tab of the leader's list; in one row each or one per line."""

    group_buy_id: IdIn | None = None
    tab: Annotated[Text, Field(max_length=12)] = "all"
    view: Literal["lines", "orders"] = "lines"


class ColumnOut(Schema):
    key: str
    label: str
    label_en: str


class PresetOut(Schema):
    """A choice most leaders need."""

    key: str
    label: str
    label_en: str
    columns: list[str]


class ColumnsOut(Schema):
    """What a store's sheets of orders may hold, and what they do, in this order."""

    columns: list[ColumnOut]
    chosen: list[str]
    presets: list[PresetOut]


class ColumnsIn(Schema):
    columns: Annotated[list[Annotated[Text, Field(max_length=20)]], Field(min_length=1, max_length=80)]


class ExportOut(Schema):
    """One sheet of orders; `state` is waiting_approval, queued, running, done, rejected, failed or expired."""

    id: IdOut
    state: str
    tab: str
    group_buy_id: IdOut | None
    view: str
    orders_total: int
    orders_done: int
    size: int
    error: str
    created_at: datetime
    expires_at: datetime | None


def export_out(export: OrderExport) -> ExportOut:
    """An export for its leader."""
    return ExportOut(
        id=str(export.id),
        state=export.state,
        tab=export.tab,
        group_buy_id=str(export.group_buy_id) if export.group_buy_id else None,
        view=export.view,
        orders_total=export.orders_total,
        orders_done=export.orders_done,
        size=export.size,
        error=export.error,
        created_at=export.created_at,
        expires_at=export.expires_at,
    )
