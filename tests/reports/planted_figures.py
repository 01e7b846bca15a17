"""Wrong figures, planted beside a trade whose figures nobody has counted yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from reports.trade import Trade
from stores.shop_kit import person
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.ids import short_code
from yantuan.members.models import Counted, Member
from yantuan.sharing.models import Share, ShareDay

Plant = Callable[[Trade], object]


def member_of_nothing(trade: Trade) -> None:
    """Somebody counted as a buyer who never bought."""
    Counted.objects.create(id=1, event_id=1)
    Member.objects.create(
        store_id=trade.order("paid").store_id,
        person=person(),
        orders=1,
        paid_fen=100,
        first_at=now(),
        last_at=now(),
    )


def opened(trade: Trade, whole: int, days_ago: int, opens: int) -> None:
    """A share with a count for one day that no visitor vouches for."""
    store_id = trade.order("paid").store_id
    share = Share.objects.create(
        store_id=store_id, token=short_code(), kind="link", opens=whole, created_at=now()
    )
    day = now().astimezone(CHINA).date() - timedelta(days=days_ago)
    ShareDay.objects.create(share=share, store_id=store_id, day=day, opens=opens)


PLANTS: list[tuple[str, Plant]] = [
    ("ME1", member_of_nothing),
    ("SH1", lambda t: opened(t, 3, 0, 3)),
    ("SH1", lambda t: opened(t, 2, 9, 3)),
]
