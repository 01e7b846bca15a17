"""Everything that waits to be done by itself: how many are due, and since when the oldest is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, QuerySet
from django_tasks_db.models import DBTaskResult

from yantuan.kernel.clock import now
from yantuan.kernel.models import OutboxEvent
from yantuan.notices.models import Delivery
from yantuan.orders.models import Order
from yantuan.payments.models import PaymentAttempt, ProviderNotice, Refund


@dataclass(frozen=True)
class Queue:
    """`due(moment)` are the rows whose time has come by `field`. Later than `limit` seconds the operator is told."""

    name: str
    title: str
    table: str
    """The console's list, e.g. `orders_order`."""
    query: str
    field: str
    due: Callable[[datetime], QuerySet[Any]]
    limit: int


@dataclass(frozen=True)
class Waiting:
    """A queue as it is now; `age` in seconds of the oldest, None when nothing waits."""

    queue: Queue
    depth: int
    age: float | None

    @property
    def late(self) -> bool:
        return self.age is not None and self.age > self.queue.limit


REFUND_DAYS = 3
"""Banks may take as long; after that somebody should ask."""
DEPTH_LIMIT = 10_000
"""More are not counted, so that a look stays cheap however much waits."""


def _refunds() -> QuerySet[Refund]:
    """Refunds on the way; those of a halted store wait on purpose, and the halt has an alarm of its own."""
    return Refund.objects.filter(state__in=["created", "processing"], order__store__halted_at=None)


QUEUES = (
    Queue("outbox", "待办事件", "kernel_outboxevent", "state=pending", "available_at",
          lambda at: OutboxEvent.objects.filter(state="pending", available_at__lte=at), 90),
    Queue("tasks", "后台任务", "django_tasks_database_dbtaskresult", "status=READY", "enqueued_at",
          lambda at: DBTaskResult.objects.filter(status="READY", enqueued_at__lte=at), 90),
    Queue("notices", "支付通知", "payments_providernotice", "outcome=waiting", "received_at",
          lambda at: ProviderNotice.objects.filter(outcome="waiting", received_at__lte=at), 90),
    Queue("deliveries", "待发消息", "notices_delivery", "state=waiting", "due_at",
          lambda at: Delivery.objects.filter(state="waiting", due_at__lte=at), 600),
    Queue("unpaid", "过期订单", "orders_order", "payment=unpaid", "expires_at",
          lambda at: Order.objects.filter(payment="unpaid", expires_at__lte=at), 300),
    Queue("attempts", "待查支付", "payments_paymentattempt", "", "next_poll_at",
          lambda at: PaymentAttempt.objects.filter(state__in=["created", "prepaid"], next_poll_at__lte=at), 300),
    Queue("refunds_due", "待发退款", "payments_refund", "", "next_try_at",
          lambda at: _refunds().filter(next_try_at__lte=at), 300),
    Queue("refunds_open", "在途退款", "payments_refund", "state=processing", "created_at",
          lambda at: _refunds().filter(created_at__lte=at), REFUND_DAYS * 86_400),
)  # fmt: skip


def look(moment: datetime | None = None) -> list[Waiting]:
    """All queues at one moment."""
    at = moment or now()
    found = []
    for queue in QUEUES:
        rows = queue.due(at)
        oldest = rows.aggregate(oldest=Min(queue.field))["oldest"]
        depth = rows.values_list("pk")[:DEPTH_LIMIT].count() if oldest else 0
        age = max(0.0, (at - oldest) / timedelta(seconds=1)) if oldest else None
        found.append(Waiting(queue, depth, age))
    return found
