"""Yesterday's bills of WeChat Pay against our own rows and the orders: the last net under notices and polling.

Every account money came to has its own bill. What a bill knows and we don't is asked for and booked; what then still
differs waits for the operator at the difference desk (`differences`). Each finished day of an account leaves one
`BILL.CHECKED` among the provider's events.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice

from django.db.models import Exists, OuterRef, QuerySet

from yantuan.gateways.wechatpay import BillRow
from yantuan.kernel import faults
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError
from yantuan.merchants.models import MerchantAccount
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.payments import bill_hooks, closing, differences, gateway, rules, split_hooks
from yantuan.payments.differences import Difference
from yantuan.payments.models import PaymentAttempt, ProviderNotice, Refund
from yantuan.payments.refund_work import apply_refund_result

log = logging.getLogger("yantuan.payments")

READY_AT = time(10, 15)
"""Beijing time from which the day before has its bill."""
DAYS_BACK = 7
"""An instance that was away catches up with so many days."""
CHECKED = "BILL.CHECKED"
_CHUNK = 500


def reconcile_due() -> int:
    """Check the days whose bill is ready and that weren't checked yet, account by account; answers how many were."""
    return sum(_due_of(account_id) for account_id in accounts_with_money())


def accounts_with_money() -> list[int | None]:
    """Every account payments were made through; None is the operator's."""
    made = Exists(PaymentAttempt.objects.filter(account=OuterRef("id")))
    own = MerchantAccount.objects.filter(made, wiped_at=None).order_by("id").values_list("id", flat=True)
    return [*([None] if config().has_wechatpay else []), *own]


def _due_of(account_id: int | None) -> int:
    done = 0
    for day in days_due(now()):
        if ProviderNotice.objects.filter(dedupe=_mark(day, account_id)).exists():
            continue
        if not _attempts(account_id).filter(created_at__lt=day_begin(day + timedelta(days=1))).exists():
            continue
        try:
            reconcile(day, account_id)
        except AppError as error:
            # The bill isn't made yet, or the provider is away: the next hour tries again.
            log.warning("no bill of %s for account %s yet: %s", day, account_id or "-", error)
            continue
        done += 1
    return done


def days_due(moment: datetime) -> list[date]:
    """Beijing days whose bill can be had at `moment`, oldest first."""
    local = moment.astimezone(CHINA)
    newest = local.date() - timedelta(days=1 if local.time() >= READY_AT else 2)
    return [newest - timedelta(days=back) for back in reversed(range(DAYS_BACK))]


def days_late(moment: datetime, grace: timedelta) -> list[date]:
    """Beijing days whose bill could be had `grace` ago and is still asked for, oldest first: without a check they are late."""
    return sorted(set(days_due(moment - grace)) & set(days_due(moment)))


def reconcile(day: date, account_id: int | None = None) -> int:
    """Compare one Beijing day of one account (None: the operator's); answers how many differences there are. Safe to repeat.

    Must be called outside a transaction. Raises GatewayError when the bill can't be had, or AppError
    `merchant_account_unusable`.
    """
    faults.point("payments.bill.before_call")
    bill = gateway.client_for(account_id).trade_bill(day)
    faults.point("payments.bill.after_call")
    rows = bill.rows if bill is not None else ()
    found = [one for chunk in _chunks(rows) for one in _compare(chunk, account_id)]
    found += _missing(day, account_id, rows)
    found += _orders_behind(day, account_id)
    found += split_hooks.bill_differences(day, account_id)
    differences.keep(day, account_id, found)
    bill_hooks.tell(day, account_id, rows)
    faults.point("payments.bill.before_mark")
    _note_checked(day, account_id, {"day": day.isoformat(), "rows": len(rows), "differences": len(found)})
    return len(found)


def _attempts(account_id: int | None) -> QuerySet[PaymentAttempt]:
    return PaymentAttempt.objects.filter(account_id=account_id)


def _chunks(rows: Iterable[BillRow]) -> Iterator[list[BillRow]]:
    waiting = iter(rows)
    while chunk := list(islice(waiting, _CHUNK)):
        yield chunk


def _compare(rows: Sequence[BillRow], account_id: int | None) -> Iterator[Difference]:
    paid = [row for row in rows if row.state == "SUCCESS"]
    back = [row for row in rows if row.state == "REFUND"]
    attempts = {
        a.out_trade_no: a
        for a in PaymentAttempt.objects.filter(out_trade_no__in=[r.out_trade_no for r in paid])
    }
    refunds = {
        r.out_refund_no: r
        for r in Refund.objects.select_related("attempt").filter(
            out_refund_no__in=[r.out_refund_no for r in back]
        )
    }
    for row in paid:
        problem = _payment_problem(row, attempts.get(row.out_trade_no), account_id)
        if problem:
            yield Difference(row.out_trade_no, problem, row)
    for row in back:
        problem = _refund_problem(row, refunds.get(row.out_refund_no), account_id)
        if problem:
            yield Difference(row.out_refund_no, problem, row)


def _payment_problem(row: BillRow, attempt: PaymentAttempt | None, account_id: int | None) -> str:
    if attempt is None:
        # The merchant number may serve other systems too; only numbers of our shape can be ours.
        return "unknown_order" if rules.is_out_trade_no(row.out_trade_no) else ""
    if attempt.account_id != account_id:
        # Two stores of a leader may share one merchant number; each account looks after its own rows.
        return "" if attempt.mchid == row.mchid else "foreign_mchid"
    if row.order_fen != attempt.amount_fen:
        return "amount_differs"
    if attempt.state != PaymentAttempt.State.SUCCEEDED:
        closing.ask(attempt, "poll")
        attempt.refresh_from_db()
    if attempt.state != PaymentAttempt.State.SUCCEEDED:
        return "not_booked"
    return "" if attempt.transaction_id == row.transaction_id else "transaction_id_differs"


def _refund_problem(row: BillRow, refund: Refund | None, account_id: int | None) -> str:
    if refund is None:
        return "unknown_refund" if rules.is_out_refund_no(row.out_refund_no) else ""
    if refund.attempt is not None and refund.attempt.account_id != account_id:
        return "" if refund.attempt.mchid == row.mchid else "foreign_mchid"
    if row.refund_fen != refund.amount_fen:
        return "refund_amount_differs"
    if row.refund_state == "SUCCESS" and refund.state != Refund.State.SUCCEEDED:
        found = gateway.client_for(account_id).query_refund(refund.out_refund_no)
        if found is not None:
            apply_refund_result(found, refund, account_id=account_id)
        refund.refresh_from_db()
        return "" if refund.state == Refund.State.SUCCEEDED else "refund_not_booked"
    return ""


def _missing(day: date, account_id: int | None, rows: Sequence[BillRow]) -> list[Difference]:
    """What we booked for the day and the provider doesn't know."""
    known = {row.out_trade_no for row in rows if row.state == "SUCCESS"}
    numbers = _succeeded(day, account_id).values_list("out_trade_no", flat=True)
    found = [Difference(number, "not_in_bill") for number in numbers.iterator() if number not in known]
    return found + _missing_refunds(day, account_id, rows)


def _missing_refunds(day: date, account_id: int | None, rows: Sequence[BillRow]) -> list[Difference]:
    known = {row.out_refund_no for row in rows if row.state == "REFUND"}
    ours = Refund.objects.filter(
        state=Refund.State.SUCCEEDED,
        attempt__isnull=False,
        attempt__account_id=account_id,
        done_at__gte=day_begin(day),
        done_at__lt=day_begin(day + timedelta(days=1)),
    ).values_list("out_refund_no", flat=True)
    client = gateway.client_for(account_id)
    # On which day's bill a refund stands isn't promised, so one that isn't on this is asked for.
    gone = [n for n in ours.iterator() if n not in known and client.query_refund(n) is None]
    return [Difference(number, "refund_not_in_bill") for number in gone]


def _orders_behind(day: date, account_id: int | None) -> list[Difference]:
    """Payments we booked whose order doesn't say so."""
    behind = (
        _succeeded(day, account_id)
        .filter(extra=False)
        .exclude(order__payment__in=(*PAID_PAYMENTS, "refunded"))
    )
    return [Difference(n, "order_not_paid") for n in behind.values_list("out_trade_no", flat=True)]


def _succeeded(day: date, account_id: int | None) -> QuerySet[PaymentAttempt]:
    return _attempts(account_id).filter(
        state=PaymentAttempt.State.SUCCEEDED,
        success_at__gte=day_begin(day),
        success_at__lt=day_begin(day + timedelta(days=1)),
    )


def day_begin(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=CHINA)


def _note_checked(day: date, account_id: int | None, facts: Mapping[str, object]) -> None:
    digest = _mark(day, account_id)
    row = ProviderNotice(
        account_id=account_id,
        notice_id=digest[:32],
        event_type=CHECKED,
        business_no=day.isoformat(),
        body="",
        resource=json.dumps(facts, ensure_ascii=False),
        dedupe=digest,
        outcome=ProviderNotice.Outcome.APPLIED,
        received_at=now(),
        handled_at=now(),
    )
    ProviderNotice.objects.bulk_create([row], ignore_conflicts=True)


def _mark(day: date, account_id: int | None) -> str:
    return _digest(CHECKED, day.isoformat(), *([] if account_id is None else [str(account_id)]))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
