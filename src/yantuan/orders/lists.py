"""Order lists of buyer and leader: tabs, search, keyset pages and the numbers on the tabs."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from yantuan.identity.models import Person
from yantuan.identity.rules import building_names, plain_room
from yantuan.kernel.errors import Invalid
from yantuan.kernel.http import Page, after_id
from yantuan.orders import parts
from yantuan.orders.models import Order
from yantuan.orders.queries import order_rows, with_rows
from yantuan.orders.schemas import OrderCounts, OrderRow
from yantuan.orders.states import Viewer
from yantuan.stores.models import Store

PAGE = 20
MAX_ID = 2**63 - 1

_PAID = Q(payment__in=["paid", "partly_refunded"])
_TO_SHIP = _PAID & Q(delivery_method="courier", delivery__in=["none", "part_shipped"])
_TO_PICK = _PAID & Q(delivery__in=["awaiting_pickup", "part_picked"])
_OVER = Q(delivery__in=["received", "picked"])
_CLOSED = Q(payment__in=["closed", "refunded"])

BUYER_TABS: dict[str, Q] = {
    "all": Q(),
    "to_pay": Q(payment__in=["unpaid", "awaiting_confirmation"]),
    "to_ship": _TO_SHIP,
    "to_receive": _PAID & Q(delivery__in=["part_shipped", "shipped"]),
    "to_pick": _TO_PICK,
    "aftersale": Q(aftersale__in=["open", "settled"]),
    "done": (_PAID & _OVER) | _CLOSED,
}
LEADER_TABS: dict[str, Q] = {
    "all": Q(),
    "to_ship": _TO_SHIP,
    "to_pick": _TO_PICK,
    "to_confirm": Q(payment="awaiting_confirmation"),
    "aftersale": Q(aftersale="open"),
    "unpaid": Q(payment="unpaid"),
    "shipped": _PAID & Q(delivery="shipped"),
    "done": _PAID & _OVER,
    "closed": _CLOSED,
}


def buyer_orders(person: Person, *, tab: str, q: str, cursor: str) -> Page[OrderRow]:
    """The buyer's own orders, newest first."""
    rows = Order.objects.filter(_tab(BUYER_TABS, tab), person_id=person.id)
    text = q.strip()[:40]
    if text:
        exact = _numbers(text) or Q(pk__in=[])
        rows = rows.filter(exact | Q(goods_text__icontains=text) | Q(store__name__icontains=text))
    return _page(rows, cursor, "buyer")


def leader_orders(store: Store, *, tab: str, q: str, group_buy_id: str, cursor: str) -> Page[OrderRow]:
    """A store's orders for its leader, newest first; `group_buy_id` narrows to one sale."""
    rows = Order.objects.filter(_tab(LEADER_TABS, tab), store_id=store.id)
    if group_buy_id:
        rows = rows.filter(group_buy_id=_id(group_buy_id))
    text = q.strip()[:40]
    if text:
        rows = search(rows, text)
    return _page(rows, cursor, "leader")


def order_counts(store: Store) -> OrderCounts:
    """How many orders each tab of the desk holds."""
    waiting = Order.objects.filter(store_id=store.id).filter(
        Q(payment__in=["unpaid", "awaiting_confirmation"]) | _TO_SHIP | _TO_PICK | Q(aftersale="open")
    )
    numbers = waiting.aggregate(
        **{
            tab: Count("id", filter=LEADER_TABS[tab])
            for tab in ("to_ship", "to_pick", "to_confirm", "aftersale", "unpaid")
        }
    )
    ship_info = parts.count_of("ship_info", store.id)
    return OrderCounts(all=Order.objects.filter(store_id=store.id).count(), ship_info=ship_info, **numbers)


def _tab(tabs: dict[str, Q], tab: str) -> Q:
    if tab not in tabs:
        raise Invalid("tab_unknown", "没有这个分类", "No such tab.", field="tab")
    return tabs[tab]


def _id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:20]) <= MAX_ID):
        raise Invalid("group_buy_id_invalid", "团购编号不对", "Not an id.", field="group_buy_id")
    return int(text)


def _page(rows: QuerySet[Order], cursor: str, viewer: Viewer) -> Page[OrderRow]:
    before = after_id(cursor)
    if before is not None:
        rows = rows.filter(id__lt=min(before, MAX_ID))
    found = list(with_rows(rows).order_by("-id")[: PAGE + 1])
    more = str(found[PAGE - 1].id) if len(found) > PAGE else None
    # Of the very type the route names: any other is validated a second time.
    return Page[OrderRow](items=order_rows(found[:PAGE], viewer), next=more)


def _numbers(text: str) -> Q | None:
    """What digits may mean: a 跟团号 (`#12`, `12`), phone tail, phone, room, pick-up code, order id."""
    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 19 or int(digits) > MAX_ID:
        return None
    number = Q(number=int(digits))
    if text.startswith("#"):
        return number
    if len(digits) >= 15:
        return Q(id=int(digits))
    if len(digits) == 11:
        return Q(phone_last4=digits[-4:])
    meanings = number | Q(room=digits)
    if len(digits) == 4:
        meanings |= Q(phone_last4=digits)
    if len(digits) in (6, 8):
        meanings |= Q(pickup_code=digits) & ~Q(pickup_code="")
    return meanings


def _door(text: str) -> Q:
    """A room (`1201`, `1201室`), a building (`2号楼`), or both (`2-1201`)."""
    building, dash, room = text.rpartition("-")
    if dash:
        return Q(building__in=building_names(building.strip()), room=plain_room(room.strip()))
    return Q(room__in={text, plain_room(text)}) | Q(building=text)


def search(rows: QuerySet[Order], text: str) -> QuerySet[Order]:
    """The rows a leader may mean by this text: number, phone tail, room, name, pick-up code, order or goods. Indexed meanings first; only when none of them finds anything, words of the goods.

    A building alone has no index of its own; it is looked for within the store only.
    """
    indexed = _numbers(text) or (Q(recipient_name__startswith=text) | _door(text))
    exact = rows.filter(indexed)
    return exact if exact.exists() else rows.filter(goods_text__icontains=text)
