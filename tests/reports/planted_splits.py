"""Faults of profit sharing, planted into a trade that has none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from reports.trade import Trade
from yantuan.kernel.clock import now
from yantuan.merchants.models import MerchantAccount
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.splits.models import Split, SplitPart, SplitParty, SplitReturn, SplitTerms

Plant = Callable[[Trade], object]
AGO = timedelta(days=3)


def shared(trade: Trade) -> Split:
    """The online order as if it had been paid to a sub-merchant and shared by the book: five percent."""
    attempt = PaymentAttempt.objects.filter(order_id=trade.orders["online"], state="succeeded").get()
    account = MerchantAccount.objects.create(
        store_id=attempt.store_id, mode="partner", state="checked", mchid="1900000201", sub_mchid="1900000301",
        created_at=now() - AGO, updated_at=now(), retired_at=now(),
    )  # fmt: skip
    terms = SplitTerms.objects.create(
        account=account, store_id=attempt.store_id, rate_bp=500, max_ratio=3000, reason="服务费", state="agreed",
        proposed_by=1, proposed_at=now() - AGO, agreed_by=1, agreed_at=now() - AGO,
    )  # fmt: skip
    party = SplitParty.objects.create(
        terms=terms, kind="MERCHANT_ID", number="1900000201", name_sealed="x" * 60, name_shown="某公司", rate_bp=500,
        state="active",
    )  # fmt: skip
    PaymentAttempt.objects.filter(id=attempt.id).update(
        split_terms_id=terms.id, account=account, mchid=account.mchid, sub_mchid=account.sub_mchid
    )
    given = sum(
        Refund.objects.filter(attempt=attempt, state="succeeded").values_list("amount_fen", flat=True)
    )
    base = attempt.paid_fen - given
    split = Split.objects.create(
        attempt=attempt, order_id=attempt.order_id, store_id=attempt.store_id, terms=terms,
        transaction_id=attempt.transaction_id, out_order_no="S1", unfreeze_no="U1", state="done", base_fen=base,
        amount_fen=base * 500 // 10_000, paid_at=attempt.success_at, created_at=now(), decided_at=now(), done_at=now(),
    )  # fmt: skip
    SplitPart.objects.create(split=split, party=party, amount_fen=split.amount_fen, result="success")
    return split


def _more(trade: Trade) -> None:
    split = shared(trade)
    Split.objects.filter(id=split.id).update(amount_fen=split.amount_fen + 1)
    split.parts.update(amount_fen=split.amount_fen + 1)


def _parts_differ(trade: Trade) -> None:
    shared(trade).parts.update(amount_fen=1)


def _kept_after_refund(trade: Trade) -> None:
    """Refunds came after the split, and nothing of the share came back."""
    split = shared(trade)
    Split.objects.filter(id=split.id).update(
        base_fen=split.attempt.paid_fen, amount_fen=split.attempt.paid_fen * 500 // 10_000
    )
    split.parts.update(amount_fen=split.attempt.paid_fen * 500 // 10_000)
    Refund.objects.filter(attempt_id=split.attempt_id).update(state="succeeded")


def _state(**values: object) -> Plant:
    return lambda trade: Split.objects.filter(id=shared(trade).id).update(**values)


def _forgotten(trade: Trade) -> None:
    split = shared(trade)
    split.parts.all().delete()
    PaymentAttempt.objects.filter(id=split.attempt_id).update(success_at=now() - AGO)
    split.delete()


def _waits(trade: Trade) -> None:
    split = shared(trade)
    part = split.parts.get()
    refund = Refund.objects.filter(attempt_id=split.attempt_id)[0]
    Refund.objects.filter(id=refund.id).update(state="created", next_try_at=now())
    SplitReturn.objects.create(
        refund=refund, part=part, store_id=split.store_id, out_return_no="B1", amount_fen=1, state="failed",
        created_at=now() - AGO,
    )  # fmt: skip


def _terms(**values: object) -> Plant:
    return lambda trade: SplitTerms.objects.filter(id=shared(trade).terms_id).update(**values)


PLANTS: list[tuple[str, Plant]] = [
    ("PS1", _more),
    ("PS1", _parts_differ),
    ("PS1", _kept_after_refund),
    ("PS2", _forgotten),
    ("PS2", _state(state="trouble", paid_at=now() - timedelta(days=32))),
    ("PS2", _state(state="planned", next_try_at=now() - timedelta(hours=2))),
    ("PS2", _waits),
    ("PS3", _terms(agreed_at=now() + timedelta(days=1))),
    ("PS3", _terms(state="ended", agreed_by=None)),
    ("T1", _state(store_id=1)),
    (
        "V1",
        lambda trade: SplitParty.objects.filter(terms_id=shared(trade).terms_id).update(name_sealed="某公司"),
    ),
]
