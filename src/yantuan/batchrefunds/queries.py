"""What a batch would give back, and how far one has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, cast

from django.db.models import Count, Q, QuerySet, Sum

from yantuan.batchrefunds import rules
from yantuan.batchrefunds.models import BatchRefund, BatchRefundItem
from yantuan.batchrefunds.schemas import BatchOut, BatchState, ItemOut, PreviewOut, SpecIn
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.kernel.errors import Invalid
from yantuan.kernel.http import Page, after_id
from yantuan.orders.models import Order
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.payments.queries import left_of_lines
from yantuan.payments.rules import Wish

SHOWN: Final = 200
"""Orders named in a preview; the sums are always of all."""
ITEMS: Final = 50
BATCHES: Final = 20
State = BatchRefundItem.State


@dataclass
class Plan:
    """Everybody a batch concerns: who gets what, and who is left out and why."""

    parts: list[tuple[Order, list[Wish]]] = field(default_factory=list)
    left_out: list[tuple[Order, str]] = field(default_factory=list)

    @property
    def total_fen(self) -> int:
        return sum(rules.total_of(wishes) for _, wishes in self.parts)


def plan(group_buy: GroupBuy, spec: SpecIn) -> Plan:
    """The plan as orders are now. Raises Invalid `offers_unknown`."""
    known = set(Offer.objects.filter(group_buy=group_buy, id__in=spec.offer_ids).values_list("id", flat=True))
    if known != set(spec.offer_ids):
        raise Invalid(
            "offers_unknown", "有商品不在这个团里", "An offer is not of this sale.", field="offer_ids"
        )
    found = Plan()
    for order in _orders(group_buy, spec).order_by("number", "id"):
        lines = [line for line in order.lines.all() if line.offer_id in known]
        if order.aftersale == "open":
            found.left_out.append((order, "open_case"))
            continue
        wishes = rules.wishes_of(left_of_lines(lines), spec.percent)
        if wishes:
            found.parts.append((order, wishes))
        else:
            found.left_out.append((order, "nothing_left"))
    return found


def _orders(group_buy: GroupBuy, spec: SpecIn) -> QuerySet[Order]:
    """Paid orders of the sale with any of the goods, at the point and between the numbers that were asked for."""
    rows = Order.objects.filter(
        group_buy=group_buy, payment__in=PAID_PAYMENTS, lines__offer_id__in=spec.offer_ids
    )
    if spec.pickup_point_id is not None:
        rows = rows.filter(pickup_point_id=spec.pickup_point_id)
    if spec.first_number:
        rows = rows.filter(number__gte=spec.first_number)
    if spec.last_number:
        rows = rows.filter(number__lte=spec.last_number)
    return rows.distinct().prefetch_related("lines")


def preview_out(found: Plan) -> PreviewOut:
    """The plan as the leader reads it."""
    rows = [_row(order, rules.total_of(wishes), "") for order, wishes in found.parts[:SHOWN]]
    rows += [_row(order, 0, why) for order, why in found.left_out[:SHOWN]]
    return PreviewOut(
        orders=len(found.parts),
        left_out=len(found.left_out),
        offline=sum(1 for order, _ in found.parts if order.payment_method == "offline"),
        total_fen=found.total_fen,
        items=rows,
    )


def _row(order: Order, fen: int, why: str) -> ItemOut:
    zh, en = rules.WHY[why] if why else ("", "")
    return ItemOut(
        order_id=str(order.id), number=order.number, name=order.recipient_name, goods=order.goods_text,
        amount_fen=fen, state="skipped" if why else "waiting", why=zh, why_en=en,
    )  # fmt: skip


def batch_out(batch: BatchRefund) -> BatchOut:
    """One batch and how far it has come."""
    counts = batch.items.aggregate(
        started=Count("id", filter=Q(state=State.STARTED)),
        skipped=Count("id", filter=Q(state=State.SKIPPED)),
        started_fen=Sum("amount_fen", filter=Q(state=State.STARTED)),
    )
    return BatchOut(
        id=str(batch.id), group_buy_id=str(batch.group_buy_id), state=cast(BatchState, batch.state), state_label=batch.get_state_display(),
        percent=batch.percent, reason=batch.reason, orders=batch.orders, total_fen=batch.total_fen,
        started=counts["started"], skipped=counts["skipped"], started_fen=counts["started_fen"] or 0,
        created_at=batch.created_at, ended_at=batch.ended_at,
    )  # fmt: skip


def batches_of(group_buy: GroupBuy) -> list[BatchOut]:
    """The newest batches of a sale."""
    return [batch_out(b) for b in BatchRefund.objects.filter(group_buy=group_buy).order_by("-id")[:BATCHES]]


def items_page(batch: BatchRefund, cursor: str) -> Page[ItemOut]:
    """The orders of a batch, in the order of their numbers."""
    rows = BatchRefundItem.objects.filter(batch=batch).select_related("order").order_by("id")
    last = after_id(cursor)
    if last is not None:
        rows = rows.filter(id__gt=last)
    found = list(rows[: ITEMS + 1])
    items = [_row(i.order, i.amount_fen, i.why).model_copy(update={"state": i.state}) for i in found[:ITEMS]]
    return Page(items=items, next=str(found[ITEMS - 1].id) if len(found) > ITEMS else None)
