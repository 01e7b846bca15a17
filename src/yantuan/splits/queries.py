"""Reads of profit sharing for the store's leader."""

from __future__ import annotations

from typing import Any, Literal, cast

from django.db.models import QuerySet, Sum

from yantuan.merchants import routing
from yantuan.splits import planning, states, terms
from yantuan.splits.models import Split, SplitPart, SplitParty, SplitReturn, SplitTerms
from yantuan.splits.schemas import ProfitSharingOut, SplitOut, SplitPartyOut, SplitTermsOut
from yantuan.stores.models import Store

NEWEST = 20
State = SplitTerms.State


def profit_sharing(store: Store) -> ProfitSharingOut:
    """What a store's leader agreed to, is asked to agree to, and what became of it."""
    account = routing.account_in_use(store.id)
    mine = SplitTerms.objects.filter(account_id=account.id if account else None)
    splits = Split.objects.filter(store_id=store.id)
    return ProfitSharingOut(
        days=planning.protection().days,
        proposal=_one(mine.filter(state=State.PROPOSED)),
        agreement=_one(mine.filter(state=State.AGREED)),
        frozen=splits.filter(state__in=states.OPEN).count(),
        splits=[
            _split_out(row) for row in splits.select_related("attempt", "order").order_by("-id")[:NEWEST]
        ],
    )


def _one(rows: QuerySet[SplitTerms]) -> SplitTermsOut | None:
    found = rows.first()
    return terms_out(found) if found is not None else None


def terms_out(row: SplitTerms) -> SplitTermsOut:
    """One agreement with its receivers."""
    return SplitTermsOut(
        id=str(row.id),
        state=cast("Any", row.state),
        rate_bp=row.rate_bp,
        reason=row.reason,
        proposed_at=row.proposed_at,
        agreed_at=row.agreed_at,
        in_force=row.state == State.AGREED and terms.in_force(row.account_id) == row.id,
        parties=[_party_out(party) for party in row.parties.order_by("id")],
    )


def _party_out(party: SplitParty) -> SplitPartyOut:
    zh, en = states.TROUBLES.get(party.problem, ("", ""))
    merchant = party.kind == SplitParty.Kind.MERCHANT
    return SplitPartyOut(
        kind=cast("Literal['MERCHANT_ID', 'PERSONAL_OPENID']", party.kind),
        name=party.name_shown,
        number=party.number if merchant else f"…{party.number[-4:]}",
        rate_bp=party.rate_bp,
        state=cast("Any", party.state),
        problem=zh,
        problem_en=en,
    )


def _split_out(row: Split) -> SplitOut:
    return SplitOut(
        order_id=str(row.order_id),
        number=row.order.number,
        paid_at=row.paid_at,
        paid_fen=row.attempt.paid_fen,
        shared_fen=shared_fen(row),
        returned_fen=returned_fen(row),
        state=cast("Any", row.state),
        why=row.why,
    )


def shared_fen(row: Split) -> int:
    """Fen that reached receivers."""
    done = SplitPart.objects.filter(split=row, result=SplitPart.Result.SUCCESS)
    return int(done.aggregate(fen=Sum("amount_fen"))["fen"] or 0)


def returned_fen(row: Split) -> int:
    """Fen of it that came back."""
    done = SplitReturn.objects.filter(part__split=row, state="succeeded")
    return int(done.aggregate(fen=Sum("amount_fen"))["fen"] or 0)
