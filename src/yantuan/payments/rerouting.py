"""Where several leaders sell: payments under way to the operator's account for a store that isn't the operator's are ended."""

from __future__ import annotations

import logging

from yantuan.kernel.errors import AppError
from yantuan.merchants import routing
from yantuan.payments import attempts, closing
from yantuan.payments.models import PaymentAttempt

log = logging.getLogger("yantuan.payments")


def close_strays(store_id: int) -> int:
    """Settle every live payment of the store that the operator's account may not take any more; answers how many are left.

    Money that arrived meanwhile is booked, as always. Must be called outside a transaction.
    """
    if routing.operator_may_serve(store_id):
        return 0
    strays = PaymentAttempt.objects.filter(store_id=store_id, account=None, state__in=attempts.LIVE)
    closing.each(_settled, list(strays.order_by("id").values_list("id", flat=True)[: closing.BATCH]))
    return strays.count()


def _settled(attempt_id: int) -> bool:
    attempt = PaymentAttempt.objects.get(id=attempt_id)
    if attempt.state not in attempts.LIVE:
        return True
    try:
        closing.settle(attempt)
    except AppError as error:
        log.warning("stray payment %s is not ended yet: %s", attempt.out_trade_no, error)
        return False
    return True
