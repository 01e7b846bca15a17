"""Remote calls about parcels: subscribe, and ask when nothing was heard. Never inside a transaction, never twice in half an hour."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from yantuan.fulfilment.carriers import carrier_of
from yantuan.gateways.couriers import (
    AccountRefused,
    CarrierMismatch,
    CourierGateway,
    NumberLocked,
    Parcel,
    ParcelUnknown,
    PhoneMismatch,
)
from yantuan.gateways.errors import GatewayError, GatewayInvalid, GatewayRefused, GatewayThrottled
from yantuan.kernel.certain import surely
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.orders.actions import lock_order
from yantuan.tracking import gateway, rules
from yantuan.tracking.actions import take_in
from yantuan.tracking.models import Tracking, Turn
from yantuan.tracking.receipt import plan_receipt

log = logging.getLogger("yantuan.tracking")

State = Tracking.State
LEASE = timedelta(minutes=5)
ACCOUNT_PAUSE = timedelta(hours=1)
"""Nothing works before the operator mends the account; looking each hour finds out that it was mended."""
BATCH = 50
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
LIVE = ("part_shipped", "shipped")


def step(tracking_id: int) -> bool:
    """Subscribe a parcel that waits for it, or ask about a silent one, if it is due; whether anything was tried."""
    moment = now()
    row = Tracking.objects.filter(id=tracking_id, next_at__lte=moment).select_related("order").first()
    client = gateway.client()
    if row is None or client is None or not _leased(row):
        return False
    if row.state == State.WAITING:
        _subscribe(row, client)
    elif row.state == State.WATCHED:
        _look(row)
    return True


def _leased(row: Tracking) -> bool:
    """Take it for a while: a crash frees it when the lease ends."""
    due = Tracking.objects.filter(id=row.id, next_at=row.next_at, state=row.state)
    return bool(due.update(next_at=now() + LEASE))


def _parcel(row: Tracking, provider: str) -> Parcel:
    carrier = carrier_of(row.carrier)
    assert carrier is not None
    tail = row.order.phone_last4 if carrier.needs_phone else ""
    return Parcel(gateway.code_for(carrier, provider), row.tracking_no, tail)


def _subscribe(row: Tracking, client: CourierGateway) -> None:
    try:
        client.subscribe(_parcel(row, client.provider), str(row.id))
    except GatewayError as error:
        _trouble(row, error)
        return
    Tracking.objects.filter(id=row.id, state=State.WAITING).update(
        state=State.WATCHED, provider=client.provider, problem="", problem_text="", tries=0,
        next_at=now() + rules.LOOK_AFTER,
    )  # fmt: skip


def _trouble(row: Tracking, error: GatewayError) -> None:
    """What a refused or failed subscription means: a wrong number waits for the leader, all else is tried again."""
    mine = Tracking.objects.filter(id=row.id, state=State.WAITING)
    text = rules.clean_text(getattr(error, "provider_message", "") or "")[:200]
    problem = _problem(error)
    if problem and problem != "account":
        log.warning("tracking %s refused: %s", row.id, error)
        mine.update(state=State.REFUSED, problem=problem, problem_text=text, next_at=None, alarm="refused")
        return
    if problem:
        log.error("the tracking account is refused: %s", error)
        mine.update(problem=problem, problem_text=text, next_at=now() + ACCOUNT_PAUSE)
        return
    log.warning("tracking %s could not be subscribed: %s", row.id, error)
    mine.update(tries=min(row.tries + 1, 30), next_at=now() + rules.retry_after(row.tries))


def _problem(error: GatewayError) -> str:
    """One word for a clear no; empty for trouble that passes."""
    if isinstance(error, GatewayInvalid):
        return "number_shape"
    if isinstance(error, CarrierMismatch):
        return "carrier_mismatch"
    if isinstance(error, PhoneMismatch):
        return "phone_mismatch"
    if isinstance(error, AccountRefused):
        return "account"
    passing = isinstance(error, GatewayThrottled) or not isinstance(error, GatewayRefused)
    return "" if passing else "refused"


def _look(row: Tracking) -> None:
    """Nothing was heard for a day: ask, unless the order is over or news came meanwhile; give up after a month of nothing."""
    moment = now()
    heard = row.news_at or row.started_at
    mine = Tracking.objects.filter(id=row.id, state=State.WATCHED)
    if row.order.delivery not in LIVE:
        mine.update(next_at=None)
    elif moment - heard >= rules.GIVE_UP_AFTER:
        mine.update(next_at=None, gave_up_at=moment)
        _replan(row)
    elif moment - heard < rules.LOOK_AFTER:
        mine.update(next_at=heard + rules.LOOK_AFTER)
    else:
        mine.update(next_at=moment + rules.LOOK_AFTER)
        ask(row.id)


def _replan(row: Tracking) -> None:
    retrying(lambda: plan_receipt(lock_order(row.order_id)))


def take_turn(carrier: str, number: str) -> bool:
    """Whether this process may ask about the number now; True at most once in thirty minutes, whoever asks."""
    key, moment = f"{carrier}/{number}", surely()
    Turn.objects.bulk_create([Turn(number=key, asked_at=NEVER)], ignore_conflicts=True)
    free = Turn.objects.filter(number=key, asked_at__lte=moment - rules.ASK_EVERY)
    return bool(free.update(asked_at=moment))


def turn_free(carrier: str, number: str) -> bool:
    """Whether a question could be asked now, without taking the turn."""
    asked = Turn.objects.filter(number=f"{carrier}/{number}").values_list("asked_at", flat=True).first()
    return asked is None or asked <= surely() - rules.ASK_EVERY


def ask(tracking_id: int) -> bool:
    """Ask the service about one parcel and take in its answer; False when it isn't the number's turn or nobody can be asked."""
    row = Tracking.objects.select_related("order").filter(id=tracking_id).first()
    client = gateway.client()
    if row is None or client is None or row.state in (State.STOPPED, State.ENDED):
        return False
    if not take_turn(row.carrier, row.tracking_no):
        return False
    try:
        trace = client.query(_parcel(row, client.provider))
    except ParcelUnknown:
        return True
    except NumberLocked as error:
        log.warning("tracking %s: the number is locked there: %s", row.id, error)
        return True
    except GatewayError as error:
        log.warning("tracking %s could not be asked about: %s", row.id, error)
        problem = _problem(error)
        if problem:
            text = rules.clean_text(getattr(error, "provider_message", "") or "")[:200]
            Tracking.objects.filter(id=row.id).update(problem=problem, problem_text=text)
        return True
    take_in(replace(trace, token=str(row.id)), client.provider)
    return True


def step_due() -> int:
    """Everything whose time has come; answers how many were tried."""
    ids = list(
        Tracking.objects.filter(next_at__lte=now()).order_by("next_at").values_list("id", flat=True)[:BATCH]
    )
    tried = 0
    for tracking_id in ids:
        try:
            tried += step(tracking_id)
        except Exception:
            # Its lease ends and it comes again; the others go on.
            log.exception("tracking %s", tracking_id)
    return tried
