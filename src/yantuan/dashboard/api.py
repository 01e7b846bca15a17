"""The route of the dashboard."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.dashboard import queries
from yantuan.dashboard.rules import Length
from yantuan.dashboard.schemas import DashboardOut
from yantuan.identity.auth import person_of, signed_in
from yantuan.kernel.http import IdIn
from yantuan.stores.access import access_store

router = Router(tags=["dashboard"], auth=signed_in)


@router.get("/leader/stores/{store_id}/dashboard", response=DashboardOut)
def read_dashboard(request: HttpRequest, store_id: IdIn, length: Length = "week") -> DashboardOut:
    """Today, 7 or 30 days that end now, in Beijing, next to the same time before."""
    return queries.dashboard(access_store(person_of(request), store_id), length)
