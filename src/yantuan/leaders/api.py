"""HTTP of becoming a leader."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.identity.auth import person_of, signed_in
from yantuan.identity.limits import address_of
from yantuan.kernel.errors import AppError
from yantuan.leaders import actions
from yantuan.leaders.access import leader_of
from yantuan.leaders.queries import leader_out
from yantuan.leaders.schemas import CertificationIn, JoinIn, LeaderOut

router = Router(tags=["leaders"])


@router.post("/leaders/join", response=LeaderOut, auth=signed_in, summary="用邀请码开通团长")
def join_as_leader(request: HttpRequest, body: JoinIn) -> LeaderOut:
    """One answer for every code that does not work."""
    return leader_out(actions.join(person_of(request), body, address_of(request)))


@router.get("/leaders/me", response=LeaderOut, auth=signed_in, summary="我的团长资格")
def view_my_leader(request: HttpRequest) -> LeaderOut:
    """404 `leader_unknown` for who was not invited yet."""
    leader = leader_of(person_of(request))
    if leader is None:
        raise AppError("leader_unknown", "你还不是团长", "Not a leader yet.", status=404)
    return leader_out(leader)


@router.post("/leaders/certification", response=LeaderOut, auth=signed_in, summary="提交认证")
def send_certification(request: HttpRequest, body: CertificationIn) -> LeaderOut:
    """First sending, and correcting after a rejection."""
    return leader_out(actions.send_certification(person_of(request), body))
