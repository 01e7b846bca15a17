"""Neighbours who were ordered for are people: what identifies them goes when they leave, or when it is needed no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from yantuan.identity.models import Address, Person
from yantuan.kernel.clock import now
from yantuan.kernel.ids import short_code
from yantuan.kernel.tokens import token_hash
from yantuan.orders.models import Order
from yantuan.proxies.models import StandIn

IDLE: Final = timedelta(days=30)
"""A stand-in without an order that names them is kept this long: the leader may still agree to the same list."""
BATCH: Final = 500


def blank(rows: QuerySet[StandIn]) -> int:
    """Take names, phones and links out of these rows, in the caller's transaction; answers how many."""
    found = list(rows.exclude(token_sealed=""))
    for row in found:
        row.who, row.phone_hash = str(row.id), ""
        row.token_hash, row.token_sealed = token_hash(short_code(22)), ""
    StandIn.objects.bulk_update(found, ["who", "phone_hash", "token_hash", "token_sealed"])
    return len(found)


def blank_idle(gone: str) -> int:
    """Those no order names any more; `gone` stands where a name was. Answers how many."""
    named = Order.objects.filter(
        group_buy_id=OuterRef("group_buy_id"), person_id=OuterRef("person_id")
    ).exclude(recipient_name=gone)
    idle = StandIn.objects.filter(created_at__lt=now() - IDLE).exclude(Exists(named)).exclude(token_sealed="")
    ids = list(idle.order_by("id").values_list("id", flat=True)[:BATCH])
    Address.objects.filter(person__stand_in__id__in=ids).delete()
    Person.objects.filter(stand_in__id__in=ids).update(nickname=gone, disabled_at=now())
    return blank(StandIn.objects.filter(id__in=ids))
