"""Pushes: verified, stored sealed and once, answered, then handled by the worker from the stored copy."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from yantuan.gateways.couriers import CourierGateway
from yantuan.gateways.errors import GatewayUnverified
from yantuan.kernel import outbox
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.tokens import seal, unseal
from yantuan.tracking import gateway
from yantuan.tracking.actions import take_in
from yantuan.tracking.models import CourierPush, Turn

log = logging.getLogger("yantuan.tracking")

Outcome = CourierPush.Outcome
KEPT = timedelta(days=21)
"""How long the text of a handled push is kept, for whoever must find out what a service really said."""
_PURPOSE = "courier_push"


def receive(provider: str, form: Mapping[str, str], token: str) -> int:
    """Verify and store one push; answers the stored row's id. The same again on the same day is only counted.

    Raises GatewayUnverified for anything not signed with our key, also when the instance watches through another service.
    """
    client = _client(provider)
    try:
        client.read_push(form, token)
    except ValueError:
        # Genuine by its signature but not in the promised shape: kept, so that somebody can see what came.
        log.error("a genuine push of %s cannot be read", provider)
    kept = json.dumps({"form": dict(form), "token": token}, ensure_ascii=False, sort_keys=True)
    moment = now()
    # The same words on another day are news: a service that gives up twice says so twice.
    facts = f"{provider}\n{moment.astimezone(CHINA).date()}\n{kept}"
    row = CourierPush(
        provider=provider,
        sealed=seal(_PURPOSE, kept),
        dedupe=hashlib.sha256(facts.encode()).hexdigest(),
        received_at=moment,
    )
    with transaction.atomic():
        CourierPush.objects.bulk_create([row], ignore_conflicts=True)
        stored = CourierPush.objects.get(dedupe=row.dedupe)
        if stored.id == row.id:
            outbox.emit("courier.pushed", {"push_id": row.id}, key=f"push:{row.id}")
        else:
            CourierPush.objects.filter(id=stored.id).update(seen=F("seen") + 1)
    return stored.id


def _client(provider: str) -> CourierGateway:
    client = gateway.client()
    if client is None or client.provider != provider:
        raise GatewayUnverified(provider, "not the service of this instance", status=403)
    return client


def handle(push_id: int) -> None:
    """Take in a stored push that still waits. Safe to run twice: every step is kept once."""
    row = CourierPush.objects.get(id=push_id)
    if row.outcome != Outcome.WAITING:
        return
    outcome, problem = _apply(row)
    CourierPush.objects.filter(id=push_id, outcome=Outcome.WAITING).update(
        outcome=outcome, problem=problem, handled_at=now()
    )


def _apply(row: CourierPush) -> tuple[Outcome, str]:
    kept = json.loads(unseal(_PURPOSE, row.sealed))
    try:
        traces = _client(row.provider).read_push(kept["form"], kept["token"])
    except (ValueError, GatewayUnverified) as error:
        return Outcome.UNMATCHED, "unreadable" if isinstance(error, ValueError) else "not_verified_any_more"
    found = sum(take_in(trace, row.provider) for trace in traces)
    return (Outcome.APPLIED, "") if found else (Outcome.UNMATCHED, "no_such_parcel")


def tidy() -> int:
    """Forget the text of old pushes and turns long past; answers how many pushes were emptied."""
    moment = now()
    Turn.objects.filter(asked_at__lte=moment - timedelta(days=2)).delete()
    old = CourierPush.objects.filter(received_at__lte=moment - KEPT).exclude(outcome=Outcome.WAITING)
    return old.exclude(sealed="").update(sealed="")
