"""The figures of members, counted from their orders; counting again changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Max, Min, Q, Sum

from yantuan.kernel.ids import new_id
from yantuan.members.models import Counted, Member
from yantuan.orders.models import Order, OrderEvent

EVENTS: Final = ("pay", "pay_late", "refund_part", "refund_all")
"""What changes a figure."""
BATCH: Final = 2000
ROUNDS: Final = 10
BEHIND: Final = 3 * 60 * 1000 << 22
"""Ids of three minutes: an event may be committed after a younger one, so the newest ones are looked at again."""

Sums = dict[str, Any]


def count_new() -> int:
    """Count those whose payments or refunds changed since the last time; answers how many people.

    At most ROUNDS batches at once: an instance that has sold for years catches up over many runs.
    """
    mark, _ = Counted.objects.get_or_create(id=1)
    found, reached = 0, mark.event_id
    for _ in range(ROUNDS):
        rows = OrderEvent.objects.filter(id__gt=reached, axis="payment", event__in=EVENTS)
        batch = list(rows.order_by("id").values_list("id", "order__store_id", "order__person_id")[:BATCH])
        people: dict[int, set[int]] = defaultdict(set)
        for _, store_id, person_id in batch:
            people[store_id].add(person_id)
        for store_id, persons in people.items():
            found += len(persons)
            count(store_id, persons)
        reached = batch[-1][0] if batch else reached
        if len(batch) < BATCH:
            # The end: the newest minutes are looked at again next time.
            reached = max(mark.event_id, reached - BEHIND)
            break
    Counted.objects.filter(id=1).update(event_id=reached)
    return found


def count(store_id: int, people: Iterable[int]) -> None:
    """Write the figures of these people in a store; who paid for nothing gets no row."""
    with transaction.atomic():
        known = {m.person_id: m for m in Member.objects.filter(store_id=store_id, person_id__in=list(people))}
        heads = {m.merged_into_id or m.id for m in known.values()}
        twins = Member.objects.filter(Q(id__in=heads) | Q(merged_into_id__in=heads))
        everyone = {*people, *twins.values_list("person_id", flat=True)}
        sums = _sums(store_id, everyone)
        _write_new(store_id, sums, {*known, *(t.person_id for t in twins)})
        for member in (
            Member.objects.select_for_update()
            .filter(store_id=store_id, person_id__in=everyone)
            .order_by("id")
        ):
            parts = [sums[p] for p in _accounts(member) if p in sums]
            if parts:
                _put(member, parts)
            elif member.orders:
                # Their orders turned out to be somebody else's.
                member.orders = member.paid_fen = member.refunded_fen = member.refunds = 0
                member.save()


def _accounts(member: Member) -> list[int]:
    """The person's own account first, then those merged into it."""
    return [member.person_id, *member.twins.values_list("person_id", flat=True)]


def _sums(store_id: int, people: Iterable[int]) -> dict[int, Sums]:
    paid = Order.objects.filter(store_id=store_id, person_id__in=list(people), paid_at__isnull=False)
    rows = paid.values("person_id").annotate(
        n=Count("id"),
        paid=Sum("paid_fen"),
        back=Sum("refunded_fen"),
        given_back=Count("id", filter=Q(refunded_fen__gt=0)),
        first=Min("paid_at"),
        last=Max("paid_at"),
        first_id=Min("id"),
        last_id=Max("id"),
    )
    found = {row["person_id"]: dict(row) for row in rows.order_by()}
    ends = Order.objects.in_bulk([i for row in found.values() for i in (row["first_id"], row["last_id"])])
    for row in found.values():
        row["share_id"] = ends[row["first_id"]].share_id
        newest = ends[row["last_id"]]
        row["door"] = "-".join(part for part in (newest.building, newest.unit, newest.room) if part)
    return found


def _write_new(store_id: int, sums: dict[int, Sums], known: set[int]) -> None:
    rows = [
        Member(id=new_id(), store_id=store_id, person_id=p, first_at=s["first"], last_at=s["last"])
        for p, s in sums.items()
        if p not in known
    ]
    Member.objects.bulk_create(rows, ignore_conflicts=True)


def _put(member: Member, parts: list[Sums]) -> None:
    newest = max(parts, key=lambda s: s["last"])
    oldest = min(parts, key=lambda s: s["first"])
    member.orders = sum(s["n"] for s in parts)
    member.paid_fen = sum(s["paid"] for s in parts)
    member.refunded_fen = sum(s["back"] for s in parts)
    member.refunds = sum(s["given_back"] for s in parts)
    member.first_at, member.last_at = oldest["first"], newest["last"]
    member.share_id, member.door = oldest["share_id"], newest["door"]
    member.save()
