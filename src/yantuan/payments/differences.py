"""The difference desk: what the daily comparison of bill, rows and orders left open, until somebody has looked."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from yantuan.gateways.wechatpay import BillRow, ShareBillRow
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, NotFound
from yantuan.payments.models import BillDifference, PaymentAttempt, Refund

log = logging.getLogger("yantuan.payments")

State = BillDifference.State
_PRIVATE = ("用户标识",)

PROBLEMS: dict[str, str] = {
    "unknown_order": "账单里有这笔付款，我们没有这个单号",
    "foreign_mchid": "账单里的付款属于另一个商户号的订单",
    "amount_differs": "账单金额和我们的不同",
    "not_booked": "账单显示已付款，我们没有入账",
    "transaction_id_differs": "微信支付单号和我们记的不同",
    "unknown_refund": "账单里有这笔退款，我们没有这个退款单号",
    "refund_amount_differs": "账单退款金额和我们的不同",
    "refund_not_booked": "账单显示已退款，我们没有入账",
    "not_in_bill": "我们记了这笔付款，账单里没有",
    "refund_not_in_bill": "我们记了这笔退款，微信支付没有",
    "order_not_paid": "付款已入账，订单却不是已付款",
    "unknown_share": "分账账单里有这笔分账或回退，我们没有这个单号",
    "share_amount_differs": "分账账单的金额和我们的不同",
    "share_not_booked": "分账账单显示已分账，我们没有入账",
    "share_not_in_bill": "我们记了这笔分账，微信支付没有",
    "return_amount_differs": "分账回退的金额和我们的不同",
    "return_not_booked": "分账账单显示已回退，我们没有入账",
    "return_not_in_bill": "我们记了这笔分账回退，微信支付没有",
    "share_bill_refused": "微信支付不给分账账单，核对服务商的分账权限",
}
"""What is wrong, in words for the operator."""


@dataclass(frozen=True)
class Difference:
    """A number, what is wrong with it, and the bill's line if there is one.

    `order`: the ids of order and store, where the number isn't a payment's or a refund's.
    """

    number: str
    problem: str
    row: BillRow | ShareBillRow | None = None
    order: tuple[int, int] | None = None


def keep(day: date, account_id: int | None, found: Sequence[Difference]) -> None:
    """Bring the desk up to date with what a comparison of one day and account found.

    New ones open, those that agree again are gone, what somebody has settled stays settled.
    """
    moment = now()
    seen = {_digest(day, account_id, d): d for d in found}
    for digest, difference in seen.items():
        log.error("the bill of %s differs: %s (%s)", day, difference.problem, difference.number)
        BillDifference.objects.bulk_create([_row(day, account_id, difference, digest)], ignore_conflicts=True)
    mine = BillDifference.objects.filter(day=day, account_id=account_id)
    mine.filter(dedupe__in=seen, state=State.GONE).update(state=State.OPEN)
    mine.exclude(dedupe__in=seen).filter(state=State.OPEN).update(state=State.GONE)
    mine.update(asked_at=moment)


def _digest(day: date, account_id: int | None, found: Difference) -> str:
    whose = "" if account_id is None else str(account_id)
    text = "\n".join((day.isoformat(), whose, found.number, found.problem))
    return hashlib.sha256(text.encode()).hexdigest()


def _row(day: date, account_id: int | None, found: Difference, digest: str) -> BillDifference:
    # Whose payment it was is known by its number; the payer's own id isn't kept again.
    columns = {k: v for k, v in found.row.columns.items() if k not in _PRIVATE} if found.row else {}
    order_id, store_id = found.order or _order_of(found.number)
    return BillDifference(
        day=day,
        account_id=account_id,
        number=found.number[:64],
        problem=found.problem,
        bill_line=columns,
        order_id=order_id,
        store_id=store_id,
        dedupe=digest,
        created_at=now(),
    )


def _order_of(number: str) -> tuple[int | None, int | None]:
    rows = PaymentAttempt.objects.filter(out_trade_no=number) or Refund.objects.filter(out_refund_no=number)
    found = rows.values_list("order_id", "store_id").first()
    return found if found is not None else (None, None)


def settle(difference_id: int, reason: str, operator_id: int) -> BillDifference:
    """The operator has looked and says what it was. Raises NotFound, Conflict `difference_settled` when it isn't open."""
    with transaction.atomic():
        row = BillDifference.objects.select_for_update().filter(id=difference_id).first()
        if row is None:
            raise NotFound
        if row.state != State.OPEN:
            raise Conflict(
                "difference_settled",
                f"这条差异{row.get_state_display()}，不需要再处理",
                "This difference is not open any more.",
            )
        row.state, row.reason = State.SETTLED, reason
        row.decided_by, row.decided_at = operator_id, now()
        row.save(update_fields=["state", "reason", "decided_by", "decided_at"])
        audit.record(
            Actor("operator", operator_id),
            "bill_difference.settle",
            "bill_difference",
            row.id,
            store_id=row.store_id,
            reason=reason,
            number=row.number,
            problem=row.problem,
        )
    return row


def note_asked(row: BillDifference, operator_id: int) -> BillDifference:
    """After the day was compared again at an operator's wish: the row as it is now; audited."""
    row.refresh_from_db()
    audit.record(
        Actor("operator", operator_id),
        "bill_difference.ask",
        "bill_difference",
        row.id,
        store_id=row.store_id,
        state=row.state,
        number=row.number,
    )
    return row
