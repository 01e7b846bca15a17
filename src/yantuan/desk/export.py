"""The orders table as a workbook: the columns on the screen, masked as on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Final

from yantuan.desk import table, words
from yantuan.desk.rules import Filters
from yantuan.identity.models import Person
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import china_text
from yantuan.kernel.config import config
from yantuan.kernel.errors import Conflict
from yantuan.kernel.sheets.writing import Cell, Fen, book
from yantuan.orders.models import Order
from yantuan.orders.queries import order_rows, with_rows
from yantuan.orders.schemas import OrderRow
from yantuan.stores.models import Store

MOST: Final = 5000
SLICE: Final = 500


def most() -> int:
    """Orders one such sheet may hold: never more than what a second person must agree to elsewhere."""
    return min(MOST, config().export_two_person_rows or MOST)


def orders_sheet(person: Person, store: Store, wanted: Filters, chosen: list[int], *, english: bool) -> bytes:
    """What fits, or of it the chosen ones, in the table's order; audited. Raises Conflict `export_empty` or `export_too_large`."""
    rows = table.fitting(store, wanted)
    if chosen:
        rows = rows.filter(id__in=chosen)
    count = rows.count()
    if count == 0:
        raise Conflict("export_empty", "没有符合条件的订单", "There are no such orders.")
    if count > most():
        raise Conflict(
            "export_too_large", f"这里一次最多导出 {most()} 单，更多请到「导出」页按团购导出",
            "Too many orders for this; use the Exports page.", orders=count,
        )  # fmt: skip
    columns = [words.BY_KEY[key] for key in wanted.cols]
    out = BytesIO()
    with book(out) as made:
        sheet = made.sheet(
            "Orders" if english else "订单", [(c.en if english else c.zh, c.width) for c in columns], frozen=1
        )
        ids = [int(one) for one in table.ids(rows, wanted.sort, count)]
        for start in range(0, len(ids), SLICE):
            for row, tracking in _slice(ids[start : start + SLICE], "tracking" in wanted.cols):
                sheet.row([cell(row, key, tracking, english=english) for key in wanted.cols])
    audit.record(
        Actor("leader", person.id), "desk.export", "store", store.id, store_id=store.id, orders=count, columns=list(wanted.cols)
    )  # fmt: skip
    return out.getvalue()


def _slice(ids: list[int], numbered: bool) -> list[tuple[OrderRow, str]]:
    found = {order.id: order for order in with_rows(Order.objects.filter(id__in=ids))}
    rows = order_rows([found[one] for one in ids if one in found], "leader")
    numbers = table.tracking_of([row.id for row in rows]) if numbered else {}
    return [(row, numbers.get(row.id, "")) for row in rows]


def _said(table_of: Mapping[str, words.Words], key: str, english: bool) -> str:
    return table_of[key][1 if english else 0] if key in table_of else key


def cell(row: OrderRow, key: str, tracking: str, *, english: bool) -> Cell:
    """What stands in one column of one order."""
    goods = "、".join(f"{line.title} {line.sku_name}".strip() + f"×{line.quantity}" for line in row.lines)
    cells: dict[str, Cell] = {
        "number": row.number, "sale": row.group_buy_title, "goods": goods, "pieces": sum(line.quantity for line in row.lines),
        "total": Fen(row.total_fen), "paid": Fen(row.paid_fen), "refunded": Fen(row.refunded_fen),
        "payment": _said(words.PAYMENT, row.payment, english), "delivery": words.delivery_state(row)[1][1 if english else 0],
        "aftersale": "" if row.aftersale == "none" else _said(words.AFTERSALE, row.aftersale, english),
        "recipient": row.recipient_name, "phone": row.phone, "place": row.place, "remark": row.remark, "note": row.private_note,
        "tracking": tracking, "method": _said(words.METHODS, row.payment_method, english), "placed": china_text(row.placed_at),
        "id": row.id,
    }  # fmt: skip
    return cells[key]
