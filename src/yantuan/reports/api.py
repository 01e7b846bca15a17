"""Routes of a leader's numbers."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpRequest
from ninja import Router

from yantuan.identity.auth import signed_in
from yantuan.kernel.clock import now
from yantuan.kernel.http import IdIn
from yantuan.reports import statements
from yantuan.reports.schemas import StatementOut, SummaryOut
from yantuan.stores.access import access_store, person_of

router = Router(tags=["reports"], auth=signed_in)

DEFAULT_DAYS = 30


@router.get("/leader/stores/{store_id}/summary", response=SummaryOut)
def read_summary(request: HttpRequest, store_id: IdIn) -> SummaryOut:
    return statements.summary(access_store(person_of(request), store_id))


@router.get("/leader/stores/{store_id}/statement", response=StatementOut)
def read_statement(
    request: HttpRequest, store_id: IdIn, first: date | None = None, last: date | None = None
) -> StatementOut:
    """Without dates: the thirty days that end today, in Beijing."""
    store = access_store(person_of(request), store_id)
    end = last or statements.china_day(now())
    return statements.statement(store, first or end - timedelta(days=DEFAULT_DAYS - 1), end)
