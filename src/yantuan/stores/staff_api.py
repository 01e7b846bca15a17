"""Routes about a store's helpers."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from yantuan.identity.auth import person_of, signed_in
from yantuan.kernel.http import IdIn, Ok, Page, Text
from yantuan.stores import staff_actions as actions
from yantuan.stores import staff_queries as queries
from yantuan.stores.access import access_store
from yantuan.stores.staff_schemas import (
    StaffActOut,
    StaffInviteOut,
    StaffInviteSeen,
    StaffOut,
    StaffPage,
    StaffRightsIn,
)

router = Router(tags=["staff"], auth=signed_in)
Token = Annotated[Text, Field(max_length=64)]


@router.get("/leader/stores/{store_id}/staff", response=StaffPage)
def list_staff(request: HttpRequest, store_id: IdIn) -> StaffPage:
    return queries.staff_page(access_store(person_of(request), store_id))


@router.post("/leader/stores/{store_id}/staff-invites", response=StaffInviteOut)
def invite_staff(request: HttpRequest, store_id: IdIn, body: StaffRightsIn) -> StaffInviteOut:
    person = person_of(request)
    return queries.invite_out(*actions.invite(person, access_store(person, store_id), body.rights, body.note))


@router.delete("/leader/stores/{store_id}/staff-invites/{invite_id}", response=Ok)
def cancel_staff_invite(request: HttpRequest, store_id: IdIn, invite_id: IdIn) -> Ok:
    person = person_of(request)
    actions.cancel_invite(person, access_store(person, store_id), invite_id)
    return Ok()


@router.put("/leader/stores/{store_id}/staff/{member_id}", response=StaffOut)
def change_staff(request: HttpRequest, store_id: IdIn, member_id: IdIn, body: StaffRightsIn) -> StaffOut:
    person = person_of(request)
    member = actions.change(person, access_store(person, store_id), member_id, body.rights, body.note)
    return queries.member_out(member)


@router.delete("/leader/stores/{store_id}/staff/{member_id}", response=Ok)
def revoke_staff(request: HttpRequest, store_id: IdIn, member_id: IdIn) -> Ok:
    person = person_of(request)
    actions.revoke(person, access_store(person, store_id), member_id)
    return Ok()


@router.get("/leader/stores/{store_id}/staff-acts", response=Page[StaffActOut])
def list_staff_acts(request: HttpRequest, store_id: IdIn, cursor: str = "") -> Page[StaffActOut]:
    return queries.acts_page(access_store(person_of(request), store_id), cursor)


@router.get("/staff-invites/{token}", response=StaffInviteSeen)
def read_staff_invite(request: HttpRequest, token: Token) -> StaffInviteSeen:
    person = person_of(request)
    return queries.invite_seen(person, actions.find_invite(person, token))


@router.post("/staff-invites/{token}/accept", response=StaffOut)
def accept_staff_invite(request: HttpRequest, token: Token) -> StaffOut:
    return queries.member_out(actions.accept(person_of(request), token))


@router.delete("/me/staff/{store_id}", response=Ok)
def leave_store(request: HttpRequest, store_id: IdIn) -> Ok:
    actions.leave(person_of(request), store_id)
    return Ok()
