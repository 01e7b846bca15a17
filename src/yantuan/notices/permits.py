"""Subscription-message permits: how many a person gave, and which message each of them is bound to.

A permit is bound before WeChat is called and stays bound through every retry, so that one message never costs two. Our
count is a guess at WeChat's: where an answer was lost we say the permit is left, and WeChat's own "none left" settles it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, QuerySet

from yantuan.kernel.clock import now
from yantuan.notices.models import Consent, ConsentMark, Delivery

SAME_TAP: Final = timedelta(minutes=10)
"""A push comes within seconds; when ours was down it is brought again within minutes."""
CLOCKS_APART: Final = timedelta(seconds=2)


def bind(rows: Sequence[Delivery], person_id: int, template_id: str) -> bool:
    """Bind one permit to the first of `rows`, which go out as one message; False if there is none.

    A permit that one of them got in an earlier try serves; any further one is given back.
    """
    ids = [row.id for row in rows]
    with transaction.atomic():
        mine = Delivery.objects.select_for_update().filter(id__in=ids).order_by("id")
        bound = sum(mine.values_list("permit_bound", flat=True))
        if not bound and not _change(person_id, template_id, -1):
            return False
        Delivery.objects.filter(id__in=ids[1:], permit_bound=True).update(permit_bound=False)
        Delivery.objects.filter(id=ids[0]).update(permit_bound=True)
        if bound > 1:
            _change(person_id, template_id, bound - 1)
    return True


def give_back(rows: Sequence[Delivery], person_id: int, template_id: str) -> None:
    """Free the permits of messages that will never be sent. Belongs into the transaction that says so."""
    count = _bound(rows).update(permit_bound=False)
    if count:
        _change(person_id, template_id, count)


def run_out(rows: Sequence[Delivery], person_id: int, template_id: str, asked_at: datetime) -> None:
    """WeChat, asked at `asked_at`, says that there is none: believe it, but for what the person gave since."""
    with transaction.atomic():
        _bound(rows).update(permit_bound=False)
        stale = Consent.objects.filter(person_id=person_id, template_id=template_id, updated_at__lte=asked_at)
        stale.update(permits=0, updated_at=now())


def _bound(rows: Sequence[Delivery]) -> QuerySet[Delivery]:
    """Those with a permit, but for one that somebody else has sent meanwhile: that permit is used."""
    ids = [row.id for row in rows]
    return Delivery.objects.filter(id__in=ids, permit_bound=True, state=Delivery.State.WAITING)


def _change(person_id: int, template_id: str, by: int) -> bool:
    """False if fewer would be left than none."""
    rows = Consent.objects.filter(person_id=person_id, template_id=template_id, permits__gte=max(0, -by))
    return bool(rows.update(permits=F("permits") + by, updated_at=now()))


def accepted(person_id: int, template_id: str, source: str, key: str) -> None:
    """One acceptance, as the app (`app`) or WeChat's push (`push`) tells it; told by both it is one permit, by one too.

    `key` names this word, so that the same one told again changes nothing.
    """
    other = "push" if source == "app" else "app"
    moment = now()
    with transaction.atomic():
        row, _ = Consent.objects.get_or_create(
            person_id=person_id, template_id=template_id, defaults={"updated_at": moment}
        )
        # The row keeps both witnesses from speaking at once.
        Consent.objects.select_for_update().get(id=row.id)
        mark = ConsentMark(
            person_id=person_id, template_id=template_id, source=source, key=key[:80], at=moment
        )
        ConsentMark.objects.bulk_create([mark], ignore_conflicts=True)
        if not ConsentMark.objects.filter(id=mark.id).exists():
            return
        open_marks = ConsentMark.objects.filter(
            person_id=person_id, template_id=template_id, source=other, met=False, at__gte=moment - SAME_TAP
        )
        first = open_marks.order_by("id").values_list("id", flat=True).first()
        if first is not None:
            ConsentMark.objects.filter(id__in=[first, mark.id]).update(met=True)
            return
        Consent.objects.filter(id=row.id).update(permits=F("permits") + 1, updated_at=moment)


def taken_back(person_id: int, template_id: str, at: datetime | None) -> None:
    """The person took their word back at `at`: nothing given before it is left. What is bound already may still fail."""
    rows = Consent.objects.filter(person_id=person_id, template_id=template_id)
    if at is not None:
        rows = rows.filter(updated_at__lte=at + CLOCKS_APART)
    rows.update(permits=0, updated_at=now())


def forget_marks() -> int:
    """Drop marks that no later word can be of the same tap with. Answers how many went."""
    return ConsentMark.objects.filter(at__lt=now() - 2 * SAME_TAP).delete()[0]
