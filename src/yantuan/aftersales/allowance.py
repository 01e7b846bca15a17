"""Claims that settle themselves within what the leader allows, and the allowance itself."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from yantuan.aftersales import flow
from yantuan.aftersales.allowance_rules import (
    DEFAULT_REASONS,
    HISTORY,
    MOST_CLAIM_FEN,
    REASONS,
    Facts,
    Refusal,
    month_start,
    refusal,
)
from yantuan.aftersales.models import AfterSale, AfterSaleLine, Allowance, AllowanceUse
from yantuan.aftersales.queries import reason_out
from yantuan.aftersales.reasons import reason_of
from yantuan.aftersales.refunding import give_back
from yantuan.aftersales.schemas import AllowanceIn, AllowanceOut
from yantuan.identity.models import Person
from yantuan.kernel import audit
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError, Invalid
from yantuan.orders.models import Order
from yantuan.payments.confirming import check_confirmed
from yantuan.payments.models import Refund, RefundLine
from yantuan.stores.models import Store

logger = logging.getLogger(__name__)


def allowance_of(store: Store) -> AllowanceOut:
    """What is allowed, and how much of it this month has taken. Nothing is allowed until the leader says so."""
    kept = Allowance.objects.filter(store_id=store.id).first() or _none_yet(store.id)
    used = AllowanceUse.objects.filter(store_id=store.id, at__gte=month_start(now()))
    return AllowanceOut(
        enabled=kept.enabled, month_fen=kept.month_fen, claim_fen=kept.claim_fen, percent=kept.percent,
        reasons=list(kept.reasons), needs_picture=kept.needs_picture, claims_per_buyer=kept.claims_per_buyer,
        spent_fen=_spent(store.id), spent_claims=used.count(), most_claim_fen=MOST_CLAIM_FEN,
        choices=[reason_out(reason_of(code)) for code in REASONS],
    )  # fmt: skip


def _none_yet(store_id: int) -> Allowance:
    return Allowance(
        store_id=store_id, month_fen=200_00, claim_fen=20_00, percent=30, reasons=list(DEFAULT_REASONS),
        claims_per_buyer=2, updated_at=now(),
    )  # fmt: skip


def set_allowance(
    person: Person, store: Store, body: AllowanceIn, confirmed_at: datetime | None
) -> AllowanceOut:
    """Keep what the leader allows, on record. A month's sum above the limit of refunds asks for a step-up like a refund of it.

    Raises StepUpNeeded, Invalid `reason_unknown`.
    """
    if not set(body.reasons) <= set(REASONS):
        raise Invalid("reason_unknown", "请选择售后原因", "No such reason.", field="reasons")
    if body.enabled:
        check_confirmed(person, store.id, body.month_fen, confirmed_at)
    values = body.model_dump() | {"reasons": sorted(set(body.reasons))}
    with transaction.atomic():
        Allowance.objects.update_or_create(store_id=store.id, defaults=values | {"updated_at": now()})
        actor = Actor("leader", person.id)
        audit.record(actor, "allowance.set", "store", store.id, store_id=store.id, **values)
    return allowance_of(store)


def settle(case_id: int) -> Refusal:
    """Let a new claim settle itself if it may; answers why it waits for a person. Again: no change.

    Two claims of one store are weighed one after the other, so that together they stay within the month.
    """
    try:
        return retrying(lambda: _settle(case_id))
    except AppError as error:
        # The money can't go by itself (too old, refunded elsewhere): a person has to look.
        logger.warning("case %s does not settle itself: %s", case_id, error.code)
        return "amount"


def _settle(case_id: int) -> Refusal:
    order, case = flow.lock_case(case_id)
    allowance = Allowance.objects.select_for_update().filter(store_id=case.store_id).first()
    if allowance is None or case.state != "requested":
        return "off"
    why = refusal(allowance, _facts(order, case))
    if not why:
        AllowanceUse.objects.create(
            case_id=case.id, store_id=case.store_id, person_id=case.person_id, amount_fen=case.requested_fen, at=now()
        )  # fmt: skip
        give_back(order, case, "allow", case.requested_fen, SYSTEM)
    return why


def _facts(order: Order, case: AfterSale) -> Facts:
    claimed = AfterSaleLine.objects.filter(aftersale_id=case.id).select_related("order_line")
    earlier = AllowanceUse.objects.filter(
        store_id=case.store_id, person_id=case.person_id, at__gt=now() - HISTORY
    )
    return Facts(
        method=order.payment_method,
        kind=case.kind,
        reason=case.reason,
        pictures=len(case.media_ids),
        requested_fen=case.requested_fen,
        lines_fen=sum(c.order_line.amount_fen - c.order_line.discount_share_fen for c in claimed)
        - _settled(claimed),
        earlier=earlier.count(),
        spent_fen=_spent(case.store_id),
    )


def _settled(claimed: Iterable[AfterSaleLine]) -> int:
    """What tiers and real weight have taken off the claimed lines' price."""
    lines = [claim.order_line_id for claim in claimed]
    rows = RefundLine.objects.filter(
        order_line_id__in=lines, refund__cause__in=[Refund.Cause.TIER, Refund.Cause.WEIGHT]
    )
    return int(rows.aggregate(total=Sum("goods_fen"))["total"] or 0)


def _spent(store_id: int) -> int:
    used = AllowanceUse.objects.filter(store_id=store_id, at__gte=month_start(now()))
    return int(used.aggregate(total=Sum("amount_fen"))["total"] or 0)
