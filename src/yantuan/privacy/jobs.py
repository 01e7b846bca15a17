"""Keeping things no longer than the registry says; what the floors below clear themselves stands there."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.contrib.sessions.models import Session as ConsoleSession
from django.db import transaction
from django.db.models import Q

from yantuan.identity.models import Session
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.schedule import every
from yantuan.media.keeping import remove
from yantuan.notices.models import Delivery, InboxMessage, ServiceCard
from yantuan.orders.models import Order
from yantuan.privacy import forgetting, scrub
from yantuan.proxies.forgetting import blank_idle

SESSIONS: Final = timedelta(days=30)
"""Ended sign-ins stay this long, for a person who asks where they were signed in."""
MESSAGES: Final = timedelta(days=180)
BATCH: Final = 500
_OVER = Q(payment__in=["closed", "refunded"]) | Q(delivery__in=["received", "picked"])
FORGETTING = forgetting.finish
"""What is registered for the outbox by being imported here."""


@every(6 * 3600)
def keep_no_longer() -> int:
    """Ended sign-ins, old messages, openids of finished cards; answers how many rows."""
    moment = now()
    ended = Session.objects.filter(
        Q(revoked_at__lt=moment - SESSIONS) | Q(expires_at__lt=moment - SESSIONS)
    ).delete()[0]
    ended += ConsoleSession.objects.filter(expire_date__lt=moment - timedelta(days=1)).delete()[0]
    ended += InboxMessage.objects.filter(created_at__lt=moment - MESSAGES).delete()[0]
    sent = Delivery.objects.filter(created_at__lt=moment - MESSAGES).exclude(state=Delivery.State.WAITING)
    ended += sent.delete()[0]
    over = ServiceCard.objects.filter(state__in=[ServiceCard.State.OVER, ServiceCard.State.FAILED])
    return ended + over.exclude(openid="").update(openid="")


@every(24 * 3600)
def forget_idle_stand_ins() -> int:
    """Neighbours a leader ordered for whom no order names any more; answers how many."""
    with transaction.atomic():
        return blank_idle(scrub.GONE)


@every(24 * 3600)
def forget_old_orders() -> int:
    """Erase the people from orders whose time of keeping is over; answers how many. Goods, sums and times stay."""
    before = now() - timedelta(days=config().orders_people_days)
    old = Order.objects.filter(_OVER, placed_at__lt=before).exclude(aftersale="open")
    last, done = 0, 0
    while ids := list(
        old.filter(id__gt=last)
        .exclude(recipient_name=scrub.GONE)
        .order_by("id")
        .values_list("id", flat=True)[:BATCH]
    ):
        with transaction.atomic():
            pictures = scrub.orders(ids)
        remove(pictures)
        last, done = ids[-1], done + len(ids)
    return done
