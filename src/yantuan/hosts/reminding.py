"""One reminder to those who have not come, by a person's tap or when the sale's rule says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction

from yantuan.groupbuys.models import GroupBuy
from yantuan.hosts import rules, sheet
from yantuan.hosts.models import Arrival
from yantuan.hosts.uncollected import rules_of
from yantuan.identity.models import Person
from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict
from yantuan.notices.actions import tell_buyer
from yantuan.notices.rules import Words
from yantuan.stores.models import PickupPoint

REMIND_TOPIC: Final = "arrival.remind"
SLICE: Final = 200
AT_ONCE: Final = 100
"""Arrivals the clock looks at in one go."""


def remind(person: Person, group_buy: GroupBuy, point: PickupPoint) -> Arrival:
    """Remind those who have not come, at most once in twenty hours. In the caller's transaction.

    Raises Conflict `not_told_yet`, `reminded_lately`.
    """
    arrival = Arrival.objects.select_for_update().filter(group_buy=group_buy, point=point).first()
    if arrival is None or arrival.told_at is None or group_buy.kind != GroupBuy.Kind.DATED:
        raise Conflict("not_told_yet", "请先通知到货", "Tell them of the arrival first.")
    last = arrival.reminded_at or arrival.told_at
    if now() - last < rules.REMIND_APART:
        raise Conflict(
            "reminded_lately", "刚通知过大家，过 20 小时再提醒", "They were told less than 20 hours ago."
        )
    _remind(arrival, Actor("leader", person.id))
    return arrival


def _remind(arrival: Arrival, actor: Actor) -> None:
    arrival.reminders += 1
    arrival.reminded_at = now()
    arrival.save(update_fields=["reminders", "reminded_at"])
    audit.record(
        actor, "arrival.remind", "arrival", arrival.id, store_id=arrival.store_id, number=arrival.reminders
    )
    payload = {"arrival_id": str(arrival.id), "number": arrival.reminders, "after": "0"}
    outbox.emit(REMIND_TOPIC, payload, store_id=arrival.store_id)


def remind_due() -> int:
    """The one reminder of each rule whose days are over. Answers how many points it was for."""
    moment, done = now(), 0
    rows = Arrival.objects.filter(
        told_at__lte=moment - timedelta(days=1), reminders=0, group_buy__uncollected_rules__isnull=False,
        group_buy__kind=GroupBuy.Kind.DATED,
    )  # fmt: skip
    for arrival_id, group_buy_id, told_at in list(
        rows.distinct().order_by("told_at").values_list("id", "group_buy_id", "told_at")[:AT_ONCE]
    ):
        newest = rules_of(group_buy_id)[0]
        if told_at is not None and told_at + timedelta(days=newest.days) <= moment:
            done += _remind_once(arrival_id)
    return done


def _remind_once(arrival_id: int) -> bool:
    with transaction.atomic():
        arrival = Arrival.objects.select_for_update().get(id=arrival_id)
        if arrival.reminders:
            return False
        _remind(arrival, SYSTEM)
    return True


def remind_slice(arrival_id: int, number: int, after: int) -> None:
    """Remind the next buyers, in the order of their ids, and plan the rest. Again, each hears it once."""
    arrival = Arrival.objects.select_related("point").get(id=arrival_id)
    waiting = sheet.hearers(arrival.group_buy_id, arrival.point_id).filter(person_id__gt=after)
    ids = list(waiting.order_by("person_id").values_list("person_id", flat=True).distinct()[:SLICE])
    told: set[int] = set()
    for order in waiting.filter(person_id__in=ids):
        if order.person_id not in told:
            told.add(order.person_id)
            words = Words(
                f"订单 #{order.number} 还没有取", f"{order.goods_text}，在{arrival.point.name}等你来取"
            )
            tell_buyer(
                order.person_id, "uncollected", words, f"uncollected:{arrival_id}:{number}",
                store_id=order.store_id, order_id=order.id, link=f"/pages/order/index?id={order.id}",
            )  # fmt: skip
    if len(ids) == SLICE:
        with transaction.atomic():
            payload = {"arrival_id": str(arrival_id), "number": number, "after": str(ids[-1])}
            key = f"remind:{arrival_id}:{number}:{ids[-1]}"
            outbox.emit(REMIND_TOPIC, payload, store_id=arrival.store_id, key=key)
