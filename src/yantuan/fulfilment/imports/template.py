"""The template: orders that wait to be shipped, one row each or one per line, with the columns to fill in first.

All cells are text, so that no spreadsheet rounds a number, and nothing in them is a formula. It holds names but no addresses and
of phones the last four digits: enough to put a parcel beside its order. Above the number of orders that needs a second person for an
export, names are masked too.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from yantuan.fulfilment.imports.codes import CODES
from yantuan.fulfilment.imports.models import ShipImport, ShipImportRow
from yantuan.fulfilment.imports.queries import refusal_words
from yantuan.identity.models import Person
from yantuan.identity.queries import masked_name
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.config import config
from yantuan.kernel.errors import Conflict
from yantuan.kernel.sheets.writing import Columns, book
from yantuan.orders.lists import LEADER_TABS
from yantuan.orders.models import Order
from yantuan.orders.rules import left_to_ship
from yantuan.stores.models import Store

MOST_ORDERS: Final = 20_000
PORTION: Final = 500
COLUMNS: Final = (
    ("订单号*", 22), ("子单号（整单发不用填）", 22), ("快递公司", 12), ("运单号*", 22), ("本次发货数量", 12), ("跟团号", 8), ("收货人", 12),
    ("手机尾号", 10), ("商品", 40),
)  # fmt: skip
ERROR_COLUMNS: Final = (
    ("行", 8), ("订单号", 22), ("跟团号", 8), ("快递公司", 12), ("运单号", 22), ("结果", 10), ("原因", 60),
)  # fmt: skip
RESULTS: Final = {
    "": "", "waiting": "等待处理", "skipped": "没有发", "booked": "已发货", "partly": "部分发出", "corrected": "已更正", "same": "不用改", "refused": "没有发",
    "undone": "已撤回", "kept": "保留",
}  # fmt: skip


def fill(person: Person, store: Store, *, group_buy_id: int | None, by_line: bool) -> bytes:
    """The workbook; on record. Raises Conflict `import_nothing_to_ship` or `import_too_many_orders`."""
    orders = Order.objects.filter(LEADER_TABS["to_ship"], store_id=store.id)
    if group_buy_id is not None:
        orders = orders.filter(group_buy_id=group_buy_id)
    count = orders.count()
    if count == 0:
        raise Conflict("import_nothing_to_ship", "没有待发货的快递订单", "No order waits to be shipped.")
    if count > MOST_ORDERS:
        raise Conflict(
            "import_too_many_orders",
            f"待发货订单超过 {MOST_ORDERS} 个，请按团购分别下载",
            "Too many orders for one sheet; take one sale at a time.",
        )
    full = not 0 < config().export_two_person_rows < count
    data = _book("发货", COLUMNS, _order_rows(orders, by_line=by_line, full=full))
    with transaction.atomic():
        audit.record(
            Actor("leader", person.id), "ship_template.download", "store", store.id, store_id=store.id, orders=count,
            full_names=full,
        )  # fmt: skip
    return data


def _order_rows(orders: QuerySet[Order], *, by_line: bool, full: bool) -> Iterator[list[str]]:
    # What is packed together stands together.
    together = ("group_buy_id", "number", "id")
    ids = list(orders.order_by(*together).values_list("id", flat=True))
    for start in range(0, len(ids), PORTION):
        some = Order.objects.filter(id__in=ids[start : start + PORTION])
        for order in some.prefetch_related("lines").order_by(*together):
            name = order.recipient_name if full else masked_name(order.recipient_name)
            tail = [str(order.number), name, order.phone_last4]
            lines = sorted(order.lines.all(), key=lambda line: line.position)
            left = [(line, left_to_ship(line)) for line in lines]
            texts = [(line, units, f"{line.title} {line.sku_name}".strip()) for line, units in left if units]
            if by_line:
                for line, units, text in texts:
                    yield [str(order.id), str(line.id), "", "", str(units), *tail, f"{text} ×{units}"]
            elif texts:
                goods = "；".join(f"{text} ×{units}" for _, units, text in texts)
                yield [str(order.id), "", "", "", "", *tail, goods]


def problems(batch: ShipImport) -> bytes:
    """The rows that weren't booked, with the reason of each."""
    rows = ShipImportRow.objects.filter(batch=batch).order_by("place")
    return _book(
        "没有发的行", ERROR_COLUMNS, (_error_row(row) for row in rows.iterator(chunk_size=500) if _left(row))
    )


def _left(row: ShipImportRow) -> bool:
    return (
        row.severity in ("error", "confirm") and row.result not in ("booked", "corrected", "same")
    ) or bool(row.refusal)


def _error_row(row: ShipImportRow) -> list[str]:
    reasons = [refusal_words(row.refusal)[0]] if row.refusal else [CODES[code].zh for code, _ in row.problems]
    order, number = row.order_id or row.said, "" if row.number is None else row.number
    return [
        str(row.row), str(order), str(number), row.carrier_name, row.tracking_no, RESULTS[row.result], "；".join(reasons),
    ]  # fmt: skip


def _book(title: str, columns: Columns, rows: Iterable[list[str]]) -> bytes:
    out = io.BytesIO()
    with book(out) as made:
        sheet = made.sheet(title, columns, to_fill=True)
        for row in rows:
            sheet.row(row)
    return out.getvalue()
