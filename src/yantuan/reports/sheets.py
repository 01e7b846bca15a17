"""Orders as an Excel sheet: one row per line of an order, read and written in portions so that memory stays flat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db.models import QuerySet

from yantuan.fulfilment.models import Shipment
from yantuan.identity.queries import address_text, mask_phone, masked_name, phone_of
from yantuan.kernel.clock import china_text
from yantuan.kernel.sheets.writing import Fen, book
from yantuan.orders.address_records import changes_of, note_printed
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.rules import recipient_visible
from yantuan.orders.states import labels

PORTION: Final = 500
"""Orders read at a time."""
_METHODS: Final = {"wechatpay": "微信支付", "offline": "线下付款", "zero": "无需付款"}
_DELIVERIES: Final = {"courier": "快递", "pickup": "自提"}


@dataclass
class Written:
    """How far the sheet is."""

    orders: int = 0
    rows: int = 0
    full_phones: int = 0


COLUMNS: Final = (
    ("跟团号", 8), ("订单编号", 22), ("团购", 24), ("下单时间", 20), ("付款时间", 20), ("付款", 10), ("配送", 10),
    ("售后", 10), ("付款方式", 10), ("配送方式", 8), ("商品", 24), ("规格", 14), ("商品编码", 14), ("单价（元）", 10),
    ("数量", 6), ("已发货", 7), ("已自提", 7), ("已退", 6), ("小计（元）", 10), ("运费分摊（元）", 12),
    ("订单金额（元）", 12), ("已付（元）", 10), ("已退款（元）", 10), ("收货人", 12), ("手机号", 14), ("地址或自提点", 44),
    ("团员备注", 24), ("团员填写", 24), ("团长备注", 24), ("快递公司", 12), ("快递单号", 24),
)  # fmt: skip


def write_orders(
    path: Path, orders: QuerySet[Order], moment: datetime, told: Callable[[Written], None]
) -> Written:
    """Write all `orders`, oldest first, to a new file; `told` hears after each portion. Raises OSError when the disk refuses."""
    written = Written()
    with book(path) as made:
        sheet = made.sheet("订单", COLUMNS, frozen=2)
        for portion in portions(orders):
            parcels = _parcels(portion)
            for order in portion:
                full = recipient_visible(order, moment)
                for row in order_rows(order, parcels[order.id], full=full):
                    sheet.row(row)
                written.full_phones += full
            _on_record(portion, moment)
            written.orders += len(portion)
            written.rows = sheet.written
            told(written)
    return written


def _on_record(portion: Sequence[Order], moment: datetime) -> None:
    """Whole addresses are on paper now; a later change of one is shown to the leader."""
    printed = {o.id: (o.group_buy_id, changes_of(o)) for o in portion if recipient_visible(o, moment)}
    if printed:
        note_printed(portion[0].store_id, printed, "export")


def portions(orders: QuerySet[Order]) -> Iterator[list[Order]]:
    """All orders by growing id with their lines and sale, a few hundred at a time."""
    after = 0
    while True:
        rows = orders.filter(id__gt=after).select_related("group_buy", "address_record").order_by("id")
        portion = list(rows[:PORTION])
        if not portion:
            return
        lines: dict[int, list[OrderLine]] = defaultdict(list)
        for line in OrderLine.objects.filter(order_id__in=[o.id for o in portion]).order_by("position", "id"):
            lines[line.order_id].append(line)
        for order in portion:
            order._prefetched_objects_cache = {"lines": lines[order.id]}  # type: ignore[attr-defined]
        after = portion[-1].id
        yield portion


def _parcels(orders: Sequence[Order]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    sent = Shipment.objects.filter(order_id__in=[o.id for o in orders], withdrawn_at=None).order_by("id")
    for order_id, carrier, number in sent.values_list("order_id", "carrier_name", "tracking_no"):
        found[order_id].append((carrier, number))
    return found


def order_rows(
    order: Order, parcels: Sequence[tuple[str, str]], *, full: bool
) -> Iterator[list[Fen | int | str]]:
    """One row per line; name, phone and place in full only when `full`."""
    texts = labels(order)
    head: list[Any] = [
        order.number, str(order.id), order.group_buy.title, china_text(order.placed_at),
        china_text(order.paid_at) if order.paid_at else "", texts.payment, texts.delivery, texts.aftersale,
        _METHODS.get(order.payment_method, order.payment_method),
        _DELIVERIES.get(order.delivery_method, order.delivery_method),
    ]  # fmt: skip
    tail: list[Any] = [
        Fen(order.total_fen), Fen(order.paid_fen), Fen(order.refunded_fen), *_recipient(order, full=full),
        order.remark, "；".join(f"{a['label']}：{a['answer']}" for a in order.answers), order.private_note,
        "、".join(dict.fromkeys(carrier for carrier, _ in parcels)), "、".join(number for _, number in parcels),
    ]  # fmt: skip
    for line in order.lines.all():
        yield [
            *head, line.title, line.sku_name, line.sku_code, Fen(line.price_fen), line.quantity,
            line.shipped_quantity, line.picked_quantity, line.refunded_quantity, Fen(line.amount_fen),
            Fen(line.freight_share_fen), *tail,
        ]  # fmt: skip


def _recipient(order: Order, *, full: bool) -> tuple[str, str, str]:
    phone, point = phone_of(order.phone_sealed), str(order.pickup_snapshot.get("name", ""))
    if full:
        return order.recipient_name, phone, " ".join(part for part in (point, address_text(order)) if part)
    rough = f"{order.province}{order.city if order.city != order.province else ''}{order.district}"
    return masked_name(order.recipient_name), mask_phone(phone), point or f"{rough} ****"
