"""Yesterday's bill of WeChat Pay against our own rows: the last net under notices and polling.

What the bill knows and we don't is asked for and booked; what then still differs is kept among the provider's events as
`BILL.DIFFERENCE`, where the operator finds it. Each finished day leaves one `BILL.CHECKED`.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice

from yantuan.gateways.wechatpay import BillRow
from yantuan.kernel import faults
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.errors import AppError
from yantuan.payments import closing, gateway, rules
from yantuan.payments.models import PaymentAttempt, ProviderNotice, Refund
from yantuan.payments.refund_work import apply_refund_result

log = logging.getLogger("yantuan.payments")

READY_AT = time(10, 15)
"""Beijing time from which the day before has its bill."""
DAYS_BACK = 7
"""An instance that was away catches up with so many days."""
CHECKED = "BILL.CHECKED"
DIFFERENCE = "BILL.DIFFERENCE"
_CHUNK = 500
_PRIVATE = ("用户标识",)


@dataclass(frozen=True)
class Difference:
    """A number, what is wrong with it, and the bill's line if there is one."""

    number: str
    problem: str
    row: BillRow | None = None


def reconcile_due() -> int:
    """Check the days whose bill is ready and that weren't checked yet; answers how many were."""
    done = 0
    for day in days_due(now()):
        if ProviderNotice.objects.filter(dedupe=_digest(CHECKED, day.isoformat())).exists():
            continue
        if not PaymentAttempt.objects.filter(created_at__lt=day_begin(day + timedelta(days=1))).exists():
            continue
        try:
            reconcile(day)
        except AppError as error:
            # The bill isn't made yet, or the provider is away: the next hour tries again.
            log.warning("no bill of %s yet: %s", day, error)
            continue
        done += 1
    return done


def days_due(moment: datetime) -> list[date]:
    """Beijing days whose bill can be had at `moment`, oldest first."""
    local = moment.astimezone(CHINA)
    newest = local.date() - timedelta(days=1 if local.time() >= READY_AT else 2)
    return [newest - timedelta(days=back) for back in reversed(range(DAYS_BACK))]


def reconcile(day: date) -> int:
    """Compare one Beijing day; answers how many differences stay. Safe to repeat.

    Must be called outside a transaction. Raises GatewayError when the bill can't be had.
    """
    faults.point("payments.bill.before_call")
    bill = gateway.client().trade_bill(day)
    faults.point("payments.bill.after_call")
    rows = bill.rows if bill is not None else ()
    differences = [found for chunk in _chunks(rows) for found in _compare(chunk)]
    differences += _missing(day, rows)
    for found in differences:
        _keep(day, found)
    faults.point("payments.bill.before_mark")
    _note(
        CHECKED,
        _digest(CHECKED, day.isoformat()),
        day.isoformat(),
        {"day": day.isoformat(), "rows": len(rows), "differences": len(differences)},
        ProviderNotice.Outcome.APPLIED,
    )
    return len(differences)


def _chunks(rows: Iterable[BillRow]) -> Iterator[list[BillRow]]:
    waiting = iter(rows)
    while chunk := list(islice(waiting, _CHUNK)):
        yield chunk


def _compare(rows: Sequence[BillRow]) -> Iterator[Difference]:
    paid = [row for row in rows if row.state == "SUCCESS"]
    back = [row for row in rows if row.state == "REFUND"]
    attempts = {
        a.out_trade_no: a
        for a in PaymentAttempt.objects.filter(out_trade_no__in=[r.out_trade_no for r in paid])
    }
    refunds = {
        r.out_refund_no: r for r in Refund.objects.filter(out_refund_no__in=[r.out_refund_no for r in back])
    }
    for row in paid:
        problem = _payment_problem(row, attempts.get(row.out_trade_no))
        if problem:
            yield Difference(row.out_trade_no, problem, row)
    for row in back:
        problem = _refund_problem(row, refunds.get(row.out_refund_no))
        if problem:
            yield Difference(row.out_refund_no, problem, row)


def _payment_problem(row: BillRow, attempt: PaymentAttempt | None) -> str:
    if attempt is None:
        # The merchant number may serve other systems too; only numbers of our shape can be ours.
        return "unknown_order" if rules.is_out_trade_no(row.out_trade_no) else ""
    if row.order_fen != attempt.amount_fen:
        return "amount_differs"
    if attempt.state != PaymentAttempt.State.SUCCEEDED:
        closing.ask(attempt, "poll")
        attempt.refresh_from_db()
    if attempt.state != PaymentAttempt.State.SUCCEEDED:
        return "not_booked"
    return "" if attempt.transaction_id == row.transaction_id else "transaction_id_differs"


def _refund_problem(row: BillRow, refund: Refund | None) -> str:
    if refund is None:
        return "unknown_refund" if rules.is_out_refund_no(row.out_refund_no) else ""
    if row.refund_fen != refund.amount_fen:
        return "refund_amount_differs"
    if row.refund_state == "SUCCESS" and refund.state != Refund.State.SUCCEEDED:
        found = gateway.client().query_refund(refund.out_refund_no)
        if found is not None:
            apply_refund_result(found, refund)
        refund.refresh_from_db()
        return "" if refund.state == Refund.State.SUCCEEDED else "refund_not_booked"
    return ""


def _missing(day: date, rows: Sequence[BillRow]) -> list[Difference]:
    """Payments we booked for the day that the provider's book doesn't have."""
    known = {row.out_trade_no for row in rows if row.state == "SUCCESS"}
    ours = PaymentAttempt.objects.filter(
        state=PaymentAttempt.State.SUCCEEDED,
        success_at__gte=day_begin(day),
        success_at__lt=day_begin(day + timedelta(days=1)),
    ).values_list("out_trade_no", flat=True)
    return [Difference(number, "not_in_bill") for number in ours.iterator() if number not in known]


def day_begin(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=CHINA)


def _keep(day: date, found: Difference) -> None:
    log.error("the bill of %s differs: %s (%s)", day, found.problem, found.number)
    # Whose payment it was is known by its number; the payer's own id isn't kept again.
    columns = {k: v for k, v in found.row.columns.items() if k not in _PRIVATE} if found.row else {}
    _note(
        DIFFERENCE,
        _digest(DIFFERENCE, day.isoformat(), found.number, found.problem),
        found.number,
        columns,
        ProviderNotice.Outcome.UNMATCHED,
        found.problem,
    )


def _note(
    kind: str,
    dedupe: str,
    number: str,
    facts: Mapping[str, object],
    outcome: ProviderNotice.Outcome,
    problem: str = "",
) -> None:
    row = ProviderNotice(
        notice_id=dedupe[:32],
        event_type=kind,
        business_no=number[:64],
        body="",
        resource=json.dumps(facts, ensure_ascii=False),
        dedupe=dedupe,
        outcome=outcome,
        problem=problem,
        received_at=now(),
        handled_at=now(),
    )
    ProviderNotice.objects.bulk_create([row], ignore_conflicts=True)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
