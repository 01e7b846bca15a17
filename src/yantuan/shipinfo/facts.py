"""What the platform says of itself, asked once a day: whether it manages this mini-program's trade, and which carriers it knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction

from yantuan.gateways.errors import GatewayError
from yantuan.kernel.clock import now
from yantuan.shipinfo import gateway
from yantuan.shipinfo.models import PlatformFact

FRESH = timedelta(days=1)


def managed() -> bool:
    """Whether payments need shipping information. Asks the platform; raises the GatewayError family when it never answered."""
    return bool(_fact("managed", lambda: gateway.client().is_trade_managed()))


def carriers() -> dict[str, str]:
    """delivery_id → delivery_name of every carrier the platform knows. Raises as `managed`."""
    return dict(_fact("carriers", _ask_carriers))


def known_managed() -> bool | None:
    """The last answer to `managed` without asking; None when there was none."""
    row = PlatformFact.objects.filter(name=_name("managed")).first()
    return None if row is None else bool(row.value)


def _ask_carriers() -> dict[str, str]:
    return {one.delivery_id: one.name for one in gateway.client().delivery_list()}


def _name(fact: str) -> str:
    return f"{fact}:{gateway.client().appid}"[:64]


def _fact(fact: str, ask: Callable[[], Any]) -> Any:
    name = _name(fact)
    row = PlatformFact.objects.filter(name=name).first()
    moment = now()
    if row is not None and moment - row.fetched_at < FRESH:
        return row.value
    try:
        value = ask()
    except GatewayError:
        if row is None:
            raise
        # A day-old answer is better than none: carriers and the rule itself change rarely.
        return row.value
    with transaction.atomic():
        PlatformFact.objects.update_or_create(name=name, defaults={"value": value, "fetched_at": moment})
    return value
