"""定时发布: drafts that their leaders set a time for are published by the worker."""

from __future__ import annotations

import logging

from django.db import transaction

from yantuan.groupbuys.actions import publish_group_buy
from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError

_log = logging.getLogger(__name__)
AT_ONCE = 100


def publish_due() -> int:
    """Publish the drafts whose time has come; answers how many were tried.

    One that can't be published stays a draft without a time, and its leader is told why. Where contents are checked, they
    were when the time was set; a sale still being judged opens with its good answer.
    """
    due = GroupBuy.objects.filter(publish_at__lte=now()).order_by("publish_at", "id")
    ids = list(due.values_list("id", flat=True)[:AT_ONCE])
    for group_buy_id in ids:
        _publish(group_buy_id)
    return len(ids)


def is_to_wait(group_buy_id: int) -> bool:
    """Whether a draft that may be shown opens at a time that lies ahead."""
    return GroupBuy.objects.filter(id=group_buy_id, publish_at__gt=now()).exists()


def _publish(group_buy_id: int) -> None:
    """One draft, once: whoever holds its row first takes its time away."""
    with transaction.atomic():
        row = GroupBuy.objects.select_for_update(no_key=True).filter(id=group_buy_id).first()
        if row is None or row.publish_at is None or row.publish_at > now():
            return
        refusal: AppError | None = None
        sale = GroupBuy.objects.select_related("store__leader__person").get(id=group_buy_id)
        try:
            with transaction.atomic():
                sale = publish_group_buy(sale.store.leader.person, group_buy_id)
        except AppError as error:
            _log.warning("a draft could not be published on time: %s", error.code)
            refusal = error
        GroupBuy.objects.filter(id=group_buy_id).update(publish_at=None)
        if refusal is not None or sale.state == GroupBuy.State.PUBLISHED:
            _tell(sale, row.publish_at.isoformat(), refusal)


def _tell(sale: GroupBuy, at: str, refusal: AppError | None) -> None:
    payload = {
        "group_buy_id": str(sale.id),
        "title": sale.title,
        "published": refusal is None,
        "reason": refusal.zh if refusal else "",
        "at": at,
    }
    outbox.emit(
        "group_buy.scheduled", payload, store_id=sale.store_id, key=f"scheduled:{sale.id}:{payload['at']}"
    )
