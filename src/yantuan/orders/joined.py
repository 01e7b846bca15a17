"""The public joined list (接龙) and the totals of group buys. Names are masked; who asked not to be listed is anonymous."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, Sum

from yantuan.groupbuys.parts import Totals, joined_provider, totals_provider
from yantuan.groupbuys.schemas import JoinedRow
from yantuan.identity.queries import masked_name
from yantuan.kernel.http import after_id
from yantuan.media.queries import media_map
from yantuan.orders.models import Order

_GONE = ["closed", "refunded"]
ANONYMOUS = "匿名团员"


@joined_provider
def joined_rows(group_buy_id: int, cursor: str | None, limit: int) -> tuple[list[JoinedRow], str | None]:
    """Live orders of a group buy, newest first, one line each."""
    rows = Order.objects.filter(group_buy_id=group_buy_id).exclude(payment__in=_GONE)
    before = after_id(cursor)
    if before is not None:
        rows = rows.filter(id__lt=min(before, 2**63 - 1))
    found = list(rows.select_related("person").order_by("-id")[: limit + 1])
    shown = found[:limit]
    pictures = media_map(o.person.avatar_media_id for o in shown if _named(o))
    lines = [
        JoinedRow(
            number=order.number,
            name=masked_name(order.person.nickname) if _named(order) else ANONYMOUS,
            avatar_url=picture.thumb_url
            if _named(order) and (picture := pictures.get(order.person.avatar_media_id or 0))
            else "",
            goods=order.goods_text,
            at=order.placed_at,
        )
        for order in shown
    ]
    return lines, str(shown[-1].id) if len(found) > limit else None


def _named(order: Order) -> bool:
    return order.person.show_in_lists and not order.anonymous


@totals_provider
def totals(group_buy_ids: Sequence[int]) -> dict[int, Totals]:
    """Buyers with a live order, live orders, and money received less money given back."""
    rows = (
        Order.objects.filter(group_buy_id__in=list(group_buy_ids))
        .exclude(payment__in=_GONE)
        .values("group_buy_id")
        .annotate(
            joined=Count("participation_id", distinct=True),
            live=Count("id"),
            paid=Sum("paid_fen"),
            back=Sum("refunded_fen"),
        )
    )
    return {
        row["group_buy_id"]: Totals(
            joined=row["joined"], orders=row["live"], paid_fen=(row["paid"] or 0) - (row["back"] or 0)
        )
        for row in rows
    }
