"""Begin, begin anew and stop watching a parcel; take in what a service told. Everything under the order's lock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from yantuan.fulfilment.carriers import carrier_of, carrier_of_kuaidi100, clean_number
from yantuan.fulfilment.models import Shipment
from yantuan.gateways.couriers import RANK, Trace
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.orders import actions as orders
from yantuan.orders.models import Order
from yantuan.tracking import gateway, rules
from yantuan.tracking.models import TraceStep, Tracking
from yantuan.tracking.receipt import plan_receipt

State = Tracking.State
_FRESH: dict[str, Any] = {
    "state": State.WAITING, "problem": "", "problem_text": "", "tries": 0, "renewals": 0, "status": "created",
    "told_at": None, "told_steps": 0, "latest": "", "signed_at": None, "gave_up_at": None, "news_at": None, "alarm": "",
}  # fmt: skip


def start(shipment_id: int) -> Tracking | None:
    """Watch a parcel from now on, due to be subscribed. Its number was corrected: what the old one told is forgotten.

    None for a parcel that was withdrawn, a carrier nobody can ask about, or without a tracking service.
    """
    client = gateway.client()
    shipment = Shipment.objects.filter(id=shipment_id).first()
    if client is None or shipment is None:
        return None
    return retrying(lambda: _start(shipment.order_id, shipment_id, client.provider))


def _start(order_id: int, shipment_id: int, provider: str) -> Tracking | None:
    order = orders.lock_order(order_id)
    shipment = Shipment.objects.get(id=shipment_id)
    row = Tracking.objects.filter(shipment_id=shipment_id).first()
    if shipment.withdrawn_at is not None or carrier_of(shipment.carrier) is None:
        if row is not None:
            _stop(row, order)
        return None
    number = clean_number(shipment.tracking_no)
    if row is not None and (row.carrier, row.tracking_no) == (shipment.carrier, number):
        return row
    if row is not None:
        row.steps.all().delete()
    moment = now()
    row = Tracking.objects.update_or_create(
        shipment_id=shipment_id,
        defaults={
            **_FRESH, "order_id": order_id, "store_id": shipment.store_id, "carrier": shipment.carrier,
            "tracking_no": number, "provider": provider, "next_at": moment, "started_at": moment,
        },
    )[0]  # fmt: skip
    plan_receipt(order)
    return row


def stop(shipment_id: int) -> None:
    """The parcel was withdrawn: whatever is told of its number from now on is not about this order."""
    row = Tracking.objects.filter(shipment_id=shipment_id).first()
    if row is not None:
        retrying(lambda: _stop(row, orders.lock_order(row.order_id)))


def _stop(row: Tracking, order: Order) -> None:
    Tracking.objects.filter(id=row.id).update(state=State.STOPPED, next_at=None, alarm="")
    plan_receipt(order)


def rest(order_id: int) -> None:
    """The order was received: nothing is asked any more, nothing is alarming; what is still told is kept."""
    Tracking.objects.filter(order_id=order_id).update(next_at=None, alarm="")


def take_in(trace: Trace, provider: str) -> int:
    """Add what was told to every live parcel of that number; answers how many there are."""
    ids = [row.id for row in _meant(trace, provider)]
    for row_id in ids:
        order_id = Tracking.objects.values_list("order_id", flat=True).get(id=row_id)
        retrying(lambda row_id=row_id, order_id=order_id: _take_in(row_id, order_id, trace))  # type: ignore[misc]
    return len(ids)


def _meant(trace: Trace, provider: str) -> list[Tracking]:
    """The parcels a trace is about. Where the carrier wants the phone's last digits, only those of the same recipient."""
    number = clean_number(trace.number)
    live = Tracking.objects.select_related("order").exclude(state=State.STOPPED).filter(tracking_no=number)
    named = _named(live, trace.token)
    carrier = carrier_of(trace.carrier) if provider == "kdniao" else carrier_of_kuaidi100(trace.carrier)
    wanted = carrier.code if carrier else named.carrier if named else ""
    rows = list(live.filter(carrier=wanted).order_by("id")) if wanted else []
    known = carrier_of(wanted)
    if known is not None and known.needs_phone:
        tail = named.order.phone_last4 if named else None
        rows = [row for row in rows if row.order.phone_last4 == tail]
    if named is not None and named not in rows:
        # The service found the right carrier by itself; the number and our token still name this parcel.
        rows.append(named)
    return rows


def _named(live: QuerySet[Tracking], token: str) -> Tracking | None:
    plain = token.isascii() and token.isdigit() and len(token) <= 19
    return live.filter(id=int(token)).first() if plain and int(token) < 2**63 else None


def _take_in(row_id: int, order_id: int, trace: Trace) -> None:
    order = orders.lock_order(order_id)
    row = Tracking.objects.select_for_update().select_related("shipment").get(id=row_id)
    if row.state == State.STOPPED or row.tracking_no != clean_number(trace.number):
        return
    moment = now()
    before = row.status
    steps = rules.usable(trace.steps, row.shipment.created_at, moment)
    news = _keep_steps(row, trace, moment)
    report = rules.report_of(steps, trace.status)
    if report is not None and report > _stored(row):
        row.told_at, row.told_steps = report.newest, report.steps
        row.status, row.latest = report.status, report.latest
    row.signed_at = rules.signed_since(row.status, row.steps.all())
    if news:
        row.news_at, row.gave_up_at = moment, None
        row.problem = row.problem_text = ""
    _follow(row, trace, moment)
    row.alarm = (
        ""
        if order.delivery == "received"
        else rules.alarm_of(row.status, row.state, row.news_at or row.started_at, moment)
    )
    row.save()
    if row.status != before:
        _note(order, row)
    plan_receipt(order)


def _stored(row: Tracking) -> rules.Report:
    return rules.Report(
        row.told_at or datetime.min.replace(tzinfo=now().tzinfo), row.told_steps, RANK[row.status], row.latest
    )


def _keep_steps(row: Tracking, trace: Trace, moment: datetime) -> bool:
    """Store the steps not known yet, and the later word of those known; whether anything was new."""
    kept = {step.key: step for step in row.steps.all()}
    fresh: list[TraceStep] = []
    for step in rules.usable(trace.steps, row.shipment.created_at, moment):
        key = rules.step_key(step)
        known = kept.get(key)
        if known is None:
            text, place = rules.clean_text(step.text), rules.clean_text(step.place)[:60]
            fresh.append(
                TraceStep(tracking=row, at=step.at, text=text, place=place, status=step.status, key=key)
            )
        elif RANK[step.status] > RANK[known.status]:
            TraceStep.objects.filter(id=known.id).update(status=step.status)
    TraceStep.objects.bulk_create(fresh)
    return bool(fresh)


def _follow(row: Tracking, trace: Trace, moment: datetime) -> None:
    """Whether there is anything left to watch for."""
    if row.status == "signed" or (trace.ended == "signed" and row.status == "returned"):
        # The end of the way; a service that goes on pushing is still listened to. One that ends without saying how is not believed.
        row.state, row.next_at = State.ENDED, None
    elif trace.ended == "gave_up" and row.state != State.ENDED:
        if row.renewals < rules.RENEWALS:
            # The service takes a new subscription only half an hour after it gave up.
            row.renewals += 1
            row.state, row.tries, row.next_at = (
                State.WAITING,
                0,
                moment + rules.ASK_EVERY + timedelta(minutes=1),
            )
        else:
            row.gave_up_at, row.next_at = moment, None
    elif row.state == State.ENDED and row.status not in ("signed", "returned"):
        row.state, row.next_at = State.WATCHED, moment + rules.LOOK_AFTER


def _note(order: Order, row: Tracking) -> None:
    """The turns of a parcel that matter for the order stand in its timeline."""
    if row.status not in ("signed", "exception", "returned"):
        return
    data = {
        "shipment_id": str(row.shipment_id),
        "carrier_name": row.shipment.carrier_name,
        "tracking_no": row.tracking_no,
    }
    orders.note_event(order, f"parcel_{row.status}", SYSTEM, data)


def mark_silent() -> int:
    """Parcels of orders on their way of which nothing was heard for two days; answers how many are new."""
    moment = now()
    on_way = Tracking.objects.filter(
        alarm="", state__in=[State.WAITING, State.WATCHED], order__delivery__in=["part_shipped", "shipped"]
    ).exclude(status__in=["signed", "exception", "returned"])
    since = moment - rules.SILENT_AFTER
    quiet = on_way.filter(news_at__lte=since) | on_way.filter(news_at=None, started_at__lte=since)
    return Tracking.objects.filter(id__in=list(quiet.values_list("id", flat=True)[:500])).update(
        alarm="silent"
    )
