"""House-keeping of pushes."""

from __future__ import annotations

from datetime import timedelta

from yantuan.kernel.clock import now
from yantuan.kernel.schedule import every
from yantuan.push.models import PushMessage

KEEP_DAYS = 30


@every(3600)
def prune() -> int:
    """Drop pushes after a month: what they meant is in the rows they changed."""
    gone, _ = PushMessage.objects.filter(received_at__lt=now() - timedelta(days=KEEP_DAYS)).delete()
    return gone
