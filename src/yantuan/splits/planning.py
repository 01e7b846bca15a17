"""From a payment to the decision what becomes of its frozen money, under the order's lock."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Sum

from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.db import retrying
from yantuan.kernel.ids import new_id
from yantuan.orders import actions as orders
from yantuan.orders.models import Order
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.payments.rules import base32
from yantuan.splits import holds, rules
from yantuan.splits.models import Split, SplitPart, SplitParty, SplitTerms
from yantuan.splits.states import SPLIT

_DELIVERED = ("shipped", "received", "picked")
_STANDING = (SplitTerms.State.AGREED, SplitTerms.State.REPLACED)
"""An agreement somebody ended shares nothing any more; one that was replaced counts for what was paid under it."""


def protection() -> timedelta:
    """From receipt to sharing: the after-sale window, or longer where the operator says so."""
    cfg = config()
    return timedelta(days=max(cfg.aftersale_window_days, cfg.split_wait_days))


def plan(attempt_id: int) -> Split | None:
    """Write the row of a payment whose rest is frozen; again: no change. None where nothing is frozen."""
    attempt = PaymentAttempt.objects.filter(id=attempt_id, state="succeeded").first()
    if attempt is None or attempt.split_terms_id is None:
        return None
    row_id, moment = new_id(), now()
    row = Split(
        id=row_id,
        attempt=attempt,
        order_id=attempt.order_id,
        store_id=attempt.store_id,
        terms_id=attempt.split_terms_id,
        transaction_id=attempt.transaction_id or "",
        out_order_no="S" + base32(row_id),
        unfreeze_no="U" + base32(row_id),
        paid_at=attempt.success_at or moment,
        next_try_at=moment + rules.AT_MOST_WAIT,
        created_at=moment,
    )
    Split.objects.bulk_create([row], ignore_conflicts=True)
    return Split.objects.get(attempt_id=attempt_id)


def unplanned() -> list[int]:
    """Payments with frozen money whose event was lost."""
    paid = PaymentAttempt.objects.filter(
        state="succeeded",
        split_terms_id__isnull=False,
        split__isnull=True,
        success_at__lt=now() - rules.AGAIN,
    )
    return list(paid.order_by("id").values_list("id", flat=True)[:200])


def look(split: Split) -> rules.Verdict:
    """What would be decided now, without locks."""
    order = Order.objects.get(id=split.order_id)
    return rules.verdict(_facts(split, order), now())


def decide(split_id: int, ceiling_fen: int | None = None) -> Split:
    """Decide about a planned split under its order's lock; a refund is either seen here, or waits for what was decided.

    `ceiling_fen`: what the platform would still share of the order.
    """
    return retrying(lambda: _decide(split_id, ceiling_fen))


def _decide(split_id: int, ceiling_fen: int | None) -> Split:
    order_id = Split.objects.values_list("order_id", flat=True).get(id=split_id)
    order = orders.lock_order(order_id)
    split = Split.objects.select_for_update(of=("self",)).get(id=split_id)
    if split.state != "planned":
        return split
    moment = now()
    found = rules.verdict(_facts(split, order), moment)
    if found.do == "share":
        amount = found.amount_fen if ceiling_fen is None else min(found.amount_fen, ceiling_fen)
        parts = _parts(split, amount) if amount else []
        if not parts:
            found = rules.Verdict("free", why="zero")
        else:
            SplitPart.objects.bulk_create(parts)
            split.amount_fen = amount
    split.base_fen = _left(split)
    # Who decides goes on to tell the platform; nobody else does meanwhile.
    _move(split, found, moment, moment + rules.LEASE)
    return split


def _parts(split: Split, amount: int) -> list[SplitPart]:
    parties = list(SplitParty.objects.filter(terms_id=split.terms_id).order_by("id"))
    shares = rules.parts_of(amount, [party.rate_bp for party in parties])
    return [
        SplitPart(split=split, party=party, amount_fen=fen)
        for party, fen in zip(parties, shares, strict=True)
        if fen
    ]


def _move(split: Split, found: rules.Verdict, moment: datetime, due: datetime) -> None:
    if found.do == "wait":
        split.next_try_at = found.at
    else:
        split.state = SPLIT.next(split.state, found.do)
        split.why, split.decided_at, split.tries = found.why, moment, 0
        split.next_try_at = None if found.do == "close" else due
        split.done_at = moment if found.do == "close" else None
    split.save(
        update_fields=[
            "state", "why", "decided_at", "tries", "next_try_at", "done_at", "base_fen", "amount_fen",
        ]
    )  # fmt: skip


def set_free(split: Split, why: str) -> None:
    """Share nothing of a planned or refused split; in the caller's transaction, the row locked."""
    SplitPart.objects.filter(split=split).delete()
    split.amount_fen, split.base_fen = 0, _left(split)
    moment = now()
    _move(split, rules.Verdict("free", why=why), moment, moment)


def _left(split: Split) -> int:
    paid = PaymentAttempt.objects.values_list("paid_fen", flat=True).get(id=split.attempt_id)
    done = Refund.objects.filter(attempt_id=split.attempt_id, state=Refund.State.SUCCEEDED)
    return int(paid - (done.aggregate(fen=Sum("amount_fen"))["fen"] or 0))


def _facts(split: Split, order: Order) -> rules.Facts:
    attempt = PaymentAttempt.objects.get(id=split.attempt_id)
    refunds = Refund.objects.filter(attempt_id=attempt.id)
    terms = SplitTerms.objects.get(id=split.terms_id)
    persons = SplitParty.objects.filter(terms_id=terms.id, kind=SplitParty.Kind.PERSON)
    return rules.Facts(
        paid_at=split.paid_at,
        paid_fen=attempt.paid_fen,
        refunded_fen=attempt.paid_fen - _left(split),
        rate_bp=terms.rate_bp,
        # One that WeChat Pay closed may be sent again by the leader: it counts until it is done.
        refunding=refunds.exclude(state=Refund.State.SUCCEEDED).exists(),
        case_open=order.aftersale == "open",
        extra=attempt.extra,
        delivered=order.delivery in _DELIVERED,
        agreed=terms.state in _STANDING,
        returnable=not persons.exists(),
        settled=not holds.is_kept(attempt.id),
        ripe_at=order.received_at + protection() if order.received_at else None,
    )
