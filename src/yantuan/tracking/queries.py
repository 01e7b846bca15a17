"""What buyers and leaders see of parcels on their way. Callers have passed `access_*` already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction

from yantuan.fulfilment.progress import Progress
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.orders.models import Order
from yantuan.tracking import gateway, rules
from yantuan.tracking.models import Tracking
from yantuan.tracking.schemas import TracedParcel, TraceOut, TraceStepOut
from yantuan.tracking.watching import LIVE, turn_free

State = Tracking.State
MOST_STEPS = 100


def trace_of(order: Order, *, asking: bool = False) -> TraceOut:
    """The watched parcels of an order, oldest first."""
    rows = list(
        Tracking.objects.filter(order_id=order.id)
        .exclude(state=State.STOPPED)
        .select_related("shipment")
        .prefetch_related("steps")
        .order_by("shipment_id")
    )
    return TraceOut(
        parcels=[_parcel(row) for row in rows],
        stale=not asking and bool(_askable(order, rows)),
        asking=asking,
        auto_receive_at=order.auto_receive_at,
    )


def _parcel(row: Tracking) -> TracedParcel:
    steps = sorted(row.steps.all(), key=lambda step: (step.at, step.key), reverse=True)
    return TracedParcel(
        id=str(row.shipment_id),
        carrier_name=row.shipment.carrier_name,
        tracking_no=row.tracking_no,
        status=row.status,
        label=rules.LABELS[row.status],
        label_en=rules.LABELS_EN[row.status],
        problem=rules.PROBLEMS.get(row.problem, ""),
        problem_en=rules.PROBLEMS_EN.get(row.problem, ""),
        signed_at=row.signed_at,
        steps=[
            TraceStepOut(at=step.at, text=step.text, place=step.place, status=step.status)
            for step in steps[:MOST_STEPS]
        ],
    )


def _askable(order: Order, rows: Sequence[Tracking]) -> list[Tracking]:
    """Parcels somebody who looks may have asked about: not signed for, nothing new in half an hour, and it's their turn."""
    if gateway.client() is None or order.delivery not in LIVE:
        return []
    since = now() - rules.ASK_EVERY
    quiet = [
        row for row in rows if row.state != State.ENDED and (row.news_at is None or row.news_at <= since)
    ]
    return [row for row in quiet if turn_free(row.carrier, row.tracking_no)]


def look(order: Order) -> TraceOut:
    """A person looks: what has gone stale is asked about after this answer, by the worker. Nothing is asked twice in half an hour."""
    rows = list(Tracking.objects.filter(order_id=order.id).exclude(state=State.STOPPED))
    askable = _askable(order, rows)
    window = int(now().timestamp() // rules.ASK_EVERY.total_seconds())
    with transaction.atomic():
        for row in askable:
            outbox.emit(
                "tracking.look", {"tracking_id": row.id}, store_id=row.store_id, key=f"look:{row.id}:{window}"
            )
    return trace_of(order, asking=bool(askable))


def progress(shipment_ids: Sequence[int]) -> Mapping[int, Progress]:
    """How far these parcels are, in one query."""
    rows = Tracking.objects.filter(shipment_id__in=list(shipment_ids)).exclude(state=State.STOPPED)
    return {row.shipment_id: _progress(row) for row in rows}


def _progress(row: Tracking) -> Progress:
    # A parcel nothing was heard of may well be on its way: the leader's word stands.
    word = row.status if row.told_at else "in_transit"
    return Progress(
        row.status if row.told_at else "",
        rules.LABELS[word],
        row.latest,
        row.told_at,
        row.alarm,
        rules.LABELS_EN[word],
    )
