"""预售: the day by which goods are sent, kept with the order as it was promised when it was placed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from yantuan.kernel.clock import CHINA
from yantuan.orders.drafts import LineRow
from yantuan.orders.models import OrderEvent


def promised_day(lines: Sequence[LineRow]) -> date | None:
    """The latest promise of an order's lines; None where nothing is on pre-sale."""
    days = [day for line in lines if (day := line.offer.options.limits.ships_on) is not None]
    return max(days, default=None)


def end_of(day: date) -> datetime:
    """When a promised day is over in Beijing."""
    return datetime.combine(day + timedelta(days=1), time(), CHINA)


def promised_days(order_ids: Iterable[int]) -> dict[int, date]:
    """What was promised of these orders; those without a promise are left out."""
    rows = OrderEvent.objects.filter(order_id__in=list(order_ids), axis="note", event="placed")
    found = rows.values_list("order_id", "data")
    return {order_id: date.fromisoformat(data["ships_on"]) for order_id, data in found if "ships_on" in data}


def still_promised(order_ids: Iterable[int], moment: datetime) -> set[int]:
    """Those of the orders whose promised day is not over: they are not late yet."""
    return {order_id for order_id, day in promised_days(order_ids).items() if moment < end_of(day)}
