"""What the worker does for waiting lists: windows that went by, sales that ended, units that came back."""

from __future__ import annotations

from django.db import transaction
from django.db.models import OuterRef, Subquery

from yantuan.catalog.models import StockPool
from yantuan.groupbuys.desk import status_of
from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.waiting.actions import end, offer_places
from yantuan.waiting.models import Wish
from yantuan.waiting.states import LIVE

AT_ONCE = 200


def pass_by() -> int:
    """End offered places whose window is over; their units go on to the next in line."""
    due = Wish.objects.filter(state="offered", until__lte=now()).order_by("until", "id")[:AT_ONCE]
    return sum(_ended(wish, "pass") for wish in due)


def end_with_sales() -> int:
    """End the lines of sales that are over; a halt or suspension of the store ends none."""
    ids = Wish.objects.filter(state__in=LIVE).values_list("group_buy_id", flat=True).distinct()
    sales = GroupBuy.objects.select_related("store__leader").filter(id__in=list(ids))
    over = [sale.id for sale in sales if status_of(sale) in ("ended", "closed")]
    rows = Wish.objects.filter(group_buy_id__in=over, state__in=LIVE).order_by("id")[:AT_ONCE]
    return sum(_ended(wish, "end") for wish in rows)


def _ended(wish: Wish, event: str) -> bool:
    with transaction.atomic():
        done = end(wish, event)
        if done:
            payload = {"wish_id": str(wish.id), "event": event}
            outbox.emit("wish.ended", payload, store_id=wish.store_id, key=f"wish_ended:{wish.id}")
    return done


def hand_on() -> int:
    """Offer free units to those in line, pool by pool."""
    free = StockPool.objects.filter(id=OuterRef("pool_id")).values("available")[:1]
    waiting = Wish.objects.filter(state="waiting").annotate(free=Subquery(free)).filter(free__gt=0)
    pools = sorted(waiting.values_list("pool_id", flat=True).distinct()[:AT_ONCE])
    return sum(offer_places(pool_id) for pool_id in pools)
