"""Work after the commit and on the clock: refunds go out, unpaid attempts are watched, orders expire, notices are caught up with."""

from __future__ import annotations

import logging
from typing import Any

from yantuan.gateways.wechatpay import WeChatPayClient
from yantuan.kernel import outbox, schedule
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.merchants import routing
from yantuan.payments import closing, gateway, inbox, reconcile, refund_work, rerouting
from yantuan.payments.models import Refund

log = logging.getLogger("yantuan.payments")


@outbox.on(routing.CHANGED)
def close_stray_payments(payload: dict[str, Any]) -> None:
    """End payments under way to an account that may not take this store's money any more."""
    left = rerouting.close_strays(int(payload["store_id"]))
    if left:
        raise outbox.Later(30)


@outbox.on("refund.created")
def send_refund(payload: dict[str, Any]) -> None:
    """Send a new refund at once, or when its minute's distance to the one before is over."""
    _push_when_due(int(payload["refund_id"]))


@outbox.on("refund.retry")
def send_refund_again(payload: dict[str, Any]) -> None:
    """Send a refund a leader wants tried again."""
    _push_when_due(int(payload["refund_id"]))


def _push_when_due(refund_id: int) -> None:
    planned = Refund.objects.filter(id=refund_id).values_list("send_after", flat=True).first()
    wait = (planned - now()).total_seconds() if planned is not None else 0.0
    if wait > 0:
        raise outbox.Later(wait)
    refund_work.push(refund_id)


@schedule.every(5)
def watch_attempts() -> int:
    """Ask about live attempts that are due; end those whose order is over."""
    return closing.watch_due()


@schedule.every(5)
def expire_orders() -> int:
    """Close unpaid orders past their deadline that no attempt is open for."""
    return closing.expire_due()


@schedule.every(5)
def push_refunds() -> int:
    """Send, or ask about, refunds that are due."""
    return refund_work.push_due()


@schedule.every(5)
def handle_notices() -> int:
    """Catch up with stored notices; after a storm, batch after batch."""
    tried = 0
    for _ in range(10):
        batch = inbox.handle_left_over()
        tried += batch
        if batch < inbox.BATCH:
            break
    return tried


@schedule.every(3600)
def reconcile_bills() -> int:
    """Check the days whose bill is ready, for every account money came to."""
    return reconcile.reconcile_due()


@schedule.every(3600)
def refresh_platform_keys() -> bool:
    """Look for new platform certificates twice a day."""
    if not config().has_wechatpay:
        return False
    client = gateway.client()
    return client.refresh_keys() if isinstance(client, WeChatPayClient) else False
