"""From opens to paid orders, share by share."""

from __future__ import annotations

from typing import Final

from django.db.models import Count, Sum

from yantuan.dashboard.figures import paid_orders
from yantuan.dashboard.rules import Span, part_bp
from yantuan.dashboard.schemas import DashShare, DashShares
from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.clock import CHINA
from yantuan.sharing.models import Share, ShareDay

SHARES: Final = 10
"""Shares shown, those that brought most first."""


def shares(store_id: int, span: Span) -> DashShares:
    """Opens of the span's days against the orders paid in it."""
    days = span.begin.astimezone(CHINA).date(), span.end.astimezone(CHINA).date()
    opened = ShareDay.objects.filter(store_id=store_id, day__range=days).values_list("share_id")
    opens = {i: int(n) for i, n in opened.annotate(n=Sum("opens")).order_by()}
    rows = paid_orders(store_id, span).values_list("share_id").annotate(n=Count("*"), fen=Sum("paid_fen"))
    brought = {i: (int(n), int(fen)) for i, n, fen in rows}
    others, _ = brought.pop(None, (0, 0))
    every = sorted({*opens, *brought}, key=lambda i: (-brought.get(i, (0, 0))[0], -opens.get(i, 0), i))
    orders, seen = sum(n for n, _ in brought.values()), sum(opens.values())
    return DashShares(
        opens=seen,
        orders=orders,
        conversion_bp=part_bp(orders, seen) if seen else None,
        others=others,
        rows=_rows(every[:SHARES], opens, brought),
    )


def _rows(ids: list[int], opens: dict[int, int], brought: dict[int, tuple[int, int]]) -> list[DashShare]:
    known = Share.objects.in_bulk(ids)
    sales = [s.group_buy_id for s in known.values() if s.group_buy_id]
    titles = dict(GroupBuy.objects.filter(id__in=sales).values_list("id", "title"))
    return [
        DashShare(
            share_id=str(i), label=known[i].label, kind=known[i].kind,
            group_buy_id=str(known[i].group_buy_id) if known[i].group_buy_id else None,
            title=titles.get(known[i].group_buy_id or 0, ""), opens=opens.get(i, 0), orders=brought.get(i, (0, 0))[0],
            paid_fen=brought.get(i, (0, 0))[1],
            conversion_bp=part_bp(brought.get(i, (0, 0))[0], opens[i]) if opens.get(i) else None,
        )
        for i in ids
        if i in known
    ]  # fmt: skip
