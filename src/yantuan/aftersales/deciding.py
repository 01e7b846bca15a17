"""What nobody at the shop decides: the operator's word, and silence."""

from __future__ import annotations

import logging

from yantuan.aftersales import flow, rules, states
from yantuan.aftersales.models import AfterSale
from yantuan.aftersales.refunding import claims_of, give_back, order_lines
from yantuan.kernel import audit
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.certain import surely
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError, Conflict, Invalid
from yantuan.orders.models import Order

BATCH = 200
logger = logging.getLogger(__name__)


def operator_decide(aftersale_id: int, amount_fen: int, words: str, operator_id: int) -> AfterSale:
    """The platform decides an escalated case: so many fen go back, 0 for none. Audited; final. Again: no change.

    Raises Conflict `illegal_transition`, `amount_above_claim`, `aftersale_amount_too_high`, Invalid `decision_words_needed`.
    """
    if not words.strip():
        raise Invalid(
            "decision_words_needed", "请写明处理理由", "Give the reason of the decision.", field="words"
        )
    return retrying(lambda: _decide(aftersale_id, amount_fen, words.strip()[:300], operator_id))


def _decide(aftersale_id: int, amount: int, words: str, operator_id: int) -> AfterSale:
    order, case = flow.lock_case(aftersale_id)
    event = "decide_refund" if amount > 0 else "decide_refuse"
    if flow.done_before(case, event):
        return case
    states.CASE.next(case.state, event)
    if not 0 <= amount <= case.requested_fen:
        raise Conflict(
            "amount_above_claim",
            "金额不能超过买家申请的金额",
            "No more than the buyer asked for.",
            requested_fen=case.requested_fen,
        )
    actor = Actor("operator", operator_id)
    if amount:
        give_back(order, case, event, amount, actor, updates={"decision": words})
    else:
        flow.move(case, event, actor, updates={"decision": words, "agreed_fen": None})
    audit.record(
        actor,
        "aftersale.decide",
        "aftersale",
        case.id,
        store_id=case.store_id,
        reason=words,
        amount_fen=amount,
    )
    return case


def decide_silent() -> int:
    """Let silence decide every case whose time has come. Returns how many moved."""
    rows = AfterSale.objects.filter(due_at__isnull=False, due_at__lte=surely()).order_by("due_at")
    return sum(_decide_if_due(case_id) for case_id in list(rows.values_list("id", flat=True)[:BATCH]))


def _decide_if_due(aftersale_id: int) -> bool:
    try:
        return _decide_one(aftersale_id)
    except Exception:
        # One case that can't move must not keep the others waiting.
        logger.exception("silence about case %s failed", aftersale_id)
        return False


def _decide_one(aftersale_id: int) -> bool:
    try:
        return retrying(lambda: _silence(aftersale_id, may_pay=True))
    except AppError as error:
        # The money can't go by itself (too old, refunded elsewhere): a person has to look.
        logger.warning("silence about case %s: %s", aftersale_id, error.code)
        return retrying(lambda: _silence(aftersale_id, may_pay=False))


def _silence(aftersale_id: int, *, may_pay: bool) -> bool:
    order, case = flow.lock_case(aftersale_id)
    if case.due_at is None or case.due_at > surely():
        return False
    event = rules.silent_event(case.state, case.kind, nothing_moved=rules.untouched(order_lines(order.id)))
    if event in ("auto_agree", "auto_receive"):
        if may_pay:
            _pay(order, case, event)
        else:
            flow.move(case, "auto_escalate", SYSTEM)
    else:
        flow.move(case, event, SYSTEM, data={"why": "silence"})
    return True


def _pay(order: Order, case: AfterSale, event: str) -> None:
    amount = case.agreed_fen or case.requested_fen
    # Goods that nobody at the shop has looked at are never put back on sale.
    pieces = {claim.order_line_id: claim.quantity for claim in claims_of(case)}
    give_back(order, case, event, amount, SYSTEM, received=pieces if event == "auto_receive" else None)
