"""The orders table: rows that fit, a page of them, and the sums over all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from yantuan.desk.rules import Filters
from yantuan.fulfilment.models import Shipment
from yantuan.kernel.clock import CHINA
from yantuan.kernel.errors import Invalid
from yantuan.kernel.http import after_id
from yantuan.members.models import Member, MemberTag
from yantuan.orders.lists import LEADER_TABS, search
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.queries import order_rows, with_rows
from yantuan.orders.schemas import OrderRow
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.stores.models import Store

PAGE: Final = 50
MOST_CHOSEN: Final = 2000
"""Orders one bulk action may be asked for."""
_SORTS: Final[dict[str, tuple[str, bool]]] = {
    "new": ("id", True), "old": ("id", False), "number": ("number", False), "-number": ("number", True),
    "amount": ("total_fen", False), "-amount": ("total_fen", True), "room": ("room", False),
}  # fmt: skip
"""Order → (column, falling)."""


@dataclass(frozen=True)
class Totals:
    """Over every order that fits, not only the page; amounts in fen."""

    orders: int
    pieces: int
    total_fen: int
    paid_fen: int
    refunded_fen: int


@dataclass(frozen=True)
class Slice:
    """One page. `before` and `after` are the orders its neighbours are found by, empty at the ends."""

    rows: list[OrderRow]
    before: str
    after: str


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), CHINA).astimezone(UTC)


def _tagged(store_id: int, tag: str) -> Q:
    """Orders of members with this tag, of the accounts merged into them too."""
    mine = Member.objects.filter(store_id=store_id)
    tagged = MemberTag.objects.filter(store_id=store_id, name=tag).values("member_id")
    return Q(person_id__in=mine.filter(Q(id__in=tagged) | Q(merged_into_id__in=tagged)).values("person_id"))


def _notes(kind: str) -> Q:
    if kind == "remark":
        return ~Q(remark="")
    if kind == "private":
        return ~Q(private_note="")
    return Q(remark="", private_note="") if kind == "none" else Q()


def _equal(wanted: Filters) -> Q:
    fit = LEADER_TABS[wanted.tab] & _notes(wanted.note)
    for name, value in (("group_buy_id", wanted.sale), ("delivery_method", wanted.way), ("payment_method", wanted.method),
                        ("pickup_point_id", wanted.point)):  # fmt: skip
        if value:
            fit &= Q(**{name: value})
    for name, values in (
        ("payment", wanted.payment), ("delivery", wanted.delivery), ("aftersale", wanted.aftersale),
    ):  # fmt: skip
        if values:
            fit &= Q(**{f"{name}__in": values})
    return fit


def fitting(store: Store, wanted: Filters) -> QuerySet[Order]:
    """Every order of the store that fits, in no order."""
    rows = Order.objects.filter(_equal(wanted), store_id=store.id)
    if wanted.first:
        rows = rows.filter(placed_at__gte=_midnight(wanted.first))
    if wanted.last:
        rows = rows.filter(placed_at__lt=_midnight(wanted.last + timedelta(days=1)))
    if wanted.product:
        lines = OrderLine.objects.filter(order_id=OuterRef("id"), product_id=wanted.product)
        rows = rows.filter(Exists(lines))
    if wanted.refundable:
        rows = rows.filter(payment__in=PAID_PAYMENTS, refunded_fen__lt=F("paid_fen"))
    if wanted.flagged:
        rows = rows.exclude(flags=[])
    if wanted.tag:
        rows = rows.filter(_tagged(store.id, wanted.tag))
    return search(rows, wanted.q) if wanted.q else rows


def totals(rows: QuerySet[Order]) -> Totals:
    """How many, and what they come to."""
    sums = rows.aggregate(
        orders=Count("id"), total=Sum("total_fen"), paid=Sum("paid_fen"), refunded=Sum("refunded_fen")
    )
    pieces = OrderLine.objects.filter(order_id__in=rows.values("id")).aggregate(n=Sum("quantity"))["n"]
    return Totals(sums["orders"], pieces or 0, sums["total"] or 0, sums["paid"] or 0, sums["refunded"] or 0)


def _beyond(store: Store, column: str, falling: bool, cursor: str) -> Q:
    """What comes behind the order a neighbouring page ended with; its figure is looked up now."""
    last = Order.objects.filter(store_id=store.id, id=after_id(cursor) or 0).values_list(column, "id").first()
    if last is None:
        raise Invalid("cursor_invalid", "翻页参数不对，请刷新", "The cursor is not valid.", field="after")
    way = "lt" if falling else "gt"
    return Q(**{f"{column}__{way}": last[0]}) | Q(**{column: last[0], f"id__{way}": last[1]})


def page(store: Store, rows: QuerySet[Order], sort: str, *, after: str = "", before: str = "") -> Slice:
    """`PAGE` rows behind the order `after`, or those before `before`. Raises Invalid `cursor_invalid`."""
    column, falling = _SORTS[sort]
    back = bool(before) and not after
    turned = falling != back
    if after or before:
        rows = rows.filter(_beyond(store, column, turned, after or before))
    sign = "-" if turned else ""
    # Ids first: a sort of whole rows would carry all their text along.
    chosen = list(rows.order_by(f"{sign}{column}", f"{sign}id").values_list("id", flat=True)[: PAGE + 1])
    loaded = {one.id: one for one in with_rows(Order.objects.filter(id__in=chosen[:PAGE]))}
    more, found = len(chosen) > PAGE, [loaded[one] for one in chosen[:PAGE] if one in loaded]
    if back:
        found.reverse()
    earlier, later = (more, True) if back else (bool(after), more)
    return Slice(
        order_rows(found, "leader"),
        str(found[0].id) if found and earlier else "",
        str(found[-1].id) if found and later else "",
    )


def ids(rows: QuerySet[Order], sort: str, most: int = MOST_CHOSEN) -> list[str]:
    """The first `most` that fit, in the table's order."""
    column, falling = _SORTS[sort]
    sign = "-" if falling else ""
    found = rows.order_by(f"{sign}{column}", f"{sign}id").values_list("id", flat=True)
    return [str(one) for one in found[:most]]


def tracking_of(order_ids: list[str]) -> dict[str, str]:
    """Tracking numbers of orders, for the column that shows them."""
    kept: dict[str, list[str]] = {}
    rows = Shipment.objects.filter(order_id__in=[int(i) for i in order_ids], withdrawn_at=None)
    for order_id, number in rows.order_by("id").values_list("order_id", "tracking_no"):
        kept.setdefault(str(order_id), []).append(number)
    return {order_id: "、".join(numbers) for order_id, numbers in kept.items()}
