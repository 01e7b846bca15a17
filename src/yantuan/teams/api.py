"""Routes of teams."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.groupbuys.access import access_group_buy
from yantuan.identity.auth import person_or_none, signed_in
from yantuan.kernel.http import IdIn
from yantuan.stores.access import person_of
from yantuan.teams import queries
from yantuan.teams.schemas import LeaderTeams, SaleTeamsOut, TeamPage

router = Router(tags=["teams"])


@router.get("/g/{code}/teams", response=SaleTeamsOut)
def list_sale_teams(request: HttpRequest, code: str) -> SaleTeamsOut:
    return queries.sale_teams(code, person_or_none(request))


@router.get("/teams/{code}", response=TeamPage)
def read_team(request: HttpRequest, code: str) -> TeamPage:
    return queries.team_page(code, person_or_none(request))


@router.get("/leader/group-buys/{group_buy_id}/teams", response=LeaderTeams, auth=signed_in)
def list_teams(request: HttpRequest, group_buy_id: IdIn) -> LeaderTeams:
    return queries.leader_teams(access_group_buy(person_of(request), group_buy_id))
