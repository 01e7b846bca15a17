"""Everything that happened to one order, in order of time: what people did, what the provider was asked and said, what ran."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from yantuan.aftersales.models import AfterSale
from yantuan.fulfilment.models import PickupCheck, Shipment
from yantuan.kernel.errors import NotFound
from yantuan.kernel.ids import EPOCH_MS
from yantuan.kernel.models import AuditEntry, OutboxEvent
from yantuan.kernel.money import price_text
from yantuan.notices.models import Delivery
from yantuan.orders.models import Order, OrderEvent
from yantuan.payments.models import OfflineProof, PaymentAttempt, ProviderNotice, Refund

BEFORE, AFTER = timedelta(seconds=2), timedelta(seconds=120)
"""Work and messages are looked for this close to what caused them: their tables have no index by order, but their ids sort by time."""
_AXES = {"payment": "支付", "delivery": "配送", "aftersale": "售后", "note": "记录", "case": "售后单"}


@dataclass(frozen=True)
class Entry:
    """One thing at one moment. `who`: buyer, leader, operator, system, provider; no names, phones or addresses anywhere."""

    at: datetime
    kind: str
    what: str
    who: str = ""
    detail: str = ""


def find(number: str) -> Order:
    """The order of an order id, a payment number (ours or the provider's) or a refund number. Raises NotFound."""
    order = None
    if number.isascii() and number.isdigit() and len(number) <= 19:
        order = Order.objects.filter(id=int(number)).first()
    if order is None:
        paid = PaymentAttempt.objects.filter(Q(out_trade_no=number) | Q(transaction_id=number)).first()
        given_back = None if paid else Refund.objects.filter(out_refund_no=number).first()
        found = paid or given_back
        order = found.order if found else None
    if order is None:
        raise NotFound("没有这个订单号、支付单号或退款单号", "No order, payment or refund has this number.")
    return order


def timeline(order: Order) -> list[Entry]:
    """All entries, oldest first."""
    attempts = list(PaymentAttempt.objects.filter(order=order))
    refunds = list(Refund.objects.filter(order=order))
    cases = list(AfterSale.objects.filter(order=order))
    entries = [
        Entry(order.placed_at, "订单", "下单", "buyer", f"{price_text(order.total_fen)} {order.goods_text}"),
        *_events(order),
        *(e for a in attempts for e in _attempt(a)),
        *(e for r in refunds for e in _refund(r)),
        *_notices([a.out_trade_no for a in attempts] + [r.out_refund_no for r in refunds]),
        *_proofs(order),
        *(e for c in cases for e in _case(c)),
        *_handing(order),
        *_audit(order, [r.id for r in refunds], [c.id for c in cases]),
    ]
    ids = [order.id, *(a.id for a in attempts), *(r.id for r in refunds), *(c.id for c in cases)]
    near = _near([e.at for e in entries])
    entries += [*_work(near, ids), *_messages(near, order)]
    return sorted(entries, key=lambda e: e.at)


def _events(order: Order) -> Iterator[Entry]:
    for e in OrderEvent.objects.filter(order=order):
        step = f"{e.before} → {e.after}" if e.before != e.after else ""
        yield Entry(e.at, _AXES.get(e.axis, e.axis), e.event, e.actor_kind, step)


def _attempt(a: PaymentAttempt) -> Iterator[Entry]:
    yield Entry(
        a.created_at,
        "支付单",
        f"创建 {a.out_trade_no}",
        "buyer",
        f"{a.trade_type} {price_text(a.amount_fen)}",
    )
    if a.polls:
        yield Entry(
            a.created_at,
            "渠道调用",
            f"查询 {a.polls} 次",
            "system",
            f"预支付 {'成功' if a.prepay_id else '没有结果'}",
        )
    if a.success_at:
        more = "，订单不能再收款，自动退回" if a.extra else ""
        # The provider tells whole seconds, which may lie before our own row.
        yield Entry(
            max(a.success_at, a.created_at),
            "支付单",
            f"已支付 {a.transaction_id or ''}",
            "provider",
            f"{price_text(a.paid_fen)}{more}",
        )
    if a.closed_at:
        yield Entry(a.closed_at, "支付单", f"已关闭 {a.out_trade_no}", "system")


def _refund(r: Refund) -> Iterator[Entry]:
    what = f"{r.get_cause_display()} {r.out_refund_no}"
    yield Entry(
        r.created_at, "退款单", what, r.actor_kind, f"{price_text(r.amount_fen)}，渠道调用 {r.tries} 次"
    )
    if r.done_at:
        yield Entry(
            max(r.done_at, r.created_at),
            "退款单",
            f"{r.get_state_display()} {r.out_refund_no}",
            "provider",
            r.last_error,
        )
    elif r.next_try_at:
        yield Entry(r.next_try_at, "退款单", "下次尝试", "system", r.last_error)


def _notices(numbers: list[str]) -> Iterator[Entry]:
    for n in ProviderNotice.objects.filter(business_no__in=numbers):
        seen = f"共收到 {n.seen} 次" if n.seen > 1 else ""
        detail = "，".join(filter(None, [n.get_outcome_display(), n.problem, seen]))
        yield Entry(n.received_at, "支付通知", f"{n.event_type} {n.business_no}", "provider", detail)


def _proofs(order: Order) -> Iterator[Entry]:
    for p in OfflineProof.objects.filter(order=order):
        yield Entry(
            p.created_at, "付款凭证", "提交", "buyer", f"{price_text(p.amount_fen)} {' '.join(p.flags)}"
        )
        if p.decided_at:
            yield Entry(p.decided_at, "付款凭证", p.get_state_display(), "leader")


def _case(c: AfterSale) -> Iterator[Entry]:
    yield Entry(
        c.created_at, "售后单", f"{c.get_kind_display()} {c.id}", "buyer", price_text(c.requested_fen)
    )
    if c.settled_at:
        agreed = price_text(c.agreed_fen) if c.agreed_fen is not None else ""
        yield Entry(c.settled_at, "售后单", f"了结 {c.state}", "", agreed)


def _handing(order: Order) -> Iterator[Entry]:
    for s in Shipment.objects.filter(order=order):
        yield Entry(s.created_at, "包裹", f"{s.carrier_name} {s.tracking_no}", "leader")
        if s.withdrawn_at:
            yield Entry(s.withdrawn_at, "包裹", f"撤回 {s.tracking_no}", "leader")
    for p in PickupCheck.objects.filter(order=order):
        yield Entry(p.created_at, "核销", f"{p.quantity} 件", "leader")


def _audit(order: Order, refund_ids: list[int], case_ids: list[int]) -> Iterator[Entry]:
    targets = Q(target_kind="order", target_id=order.id)
    targets |= Q(target_kind="refund", target_id__in=refund_ids)
    targets |= Q(target_kind="aftersale", target_id__in=case_ids)
    for a in AuditEntry.objects.filter(targets):
        yield Entry(a.at, "审计", a.action, f"{a.actor_kind} {a.actor_id or ''}".strip(), a.reason)


def _near(moments: list[datetime]) -> list[tuple[int, int]]:
    """Ranges of ids made close after any of the moments, joined where they touch."""
    ranges: list[tuple[int, int]] = []
    for moment in sorted(moments):
        first, last = _id_at(moment - BEFORE), _id_at(moment + AFTER)
        if ranges and first <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(last, ranges[-1][1]))
        else:
            ranges.append((first, last))
    return ranges


def _id_at(moment: datetime) -> int:
    return max(0, int(moment.timestamp() * 1000) - EPOCH_MS) << 22


def _in(rows: QuerySet[Any], ranges: list[tuple[int, int]]) -> Iterator[Any]:
    for first, last in ranges:
        yield from rows.filter(id__gte=first, id__lt=last)


def _work(near: list[tuple[int, int]], ids: list[int]) -> Iterator[Entry]:
    about = Q()
    for own in ids:
        about |= Q(text__contains=str(own))
    for e in _in(OutboxEvent.objects.annotate(text=Cast("payload", TextField())).filter(about), near):
        handler = str(e.payload.get("_handler", "")).rsplit(".", 1)[-1]
        state = f"{e.get_state_display()}，第 {e.attempts + 1} 次" if e.attempts else e.get_state_display()
        yield Entry(
            e.created_at,
            "后台事件",
            f"{e.topic} {handler}",
            "system",
            f"{state} {e.last_error[:120]}".strip(),
        )


def _messages(near: list[tuple[int, int]], order: Order) -> Iterator[Entry]:
    for d in _in(Delivery.objects.filter(order_id=order.id), near):
        detail = f"{d.get_state_display()} {d.error}".strip()
        yield Entry(d.sent_at or d.created_at, "消息", f"{d.channel} {d.kind}", "system", detail)
