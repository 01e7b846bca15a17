"""Routes about a store's members."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Router
from pydantic import Field

from yantuan.identity.auth import person_of, signed_in
from yantuan.kernel import ratelimit
from yantuan.kernel.http import IdIn, Ok, Page, Text
from yantuan.kernel.sheets.writing import XLSX
from yantuan.members import actions, queries
from yantuan.members.access import access_member
from yantuan.members.export import members_sheet
from yantuan.members.rules import Level
from yantuan.members.schemas import (
    BlockIn,
    LevelsIn,
    MemberIn,
    MemberOut,
    MemberRow,
    MembersHead,
    MergeIn,
    MergePreview,
    Sort,
)
from yantuan.stores.access import access_store

router = Router(tags=["members"], auth=signed_in)
Words = Annotated[Text, Field(max_length=40)]
FILES_PER_MINUTE = 5


@router.get("/leader/stores/{store_id}/members-head", response=MembersHead)
def read_members_head(request: HttpRequest, store_id: IdIn) -> MembersHead:
    return queries.head(access_store(person_of(request), store_id))


@router.get("/leader/stores/{store_id}/members", response=Page[MemberRow])
def list_members(
    request: HttpRequest,
    store_id: IdIn,
    q: Words = "",
    tag: Words = "",
    blocked: bool = False,
    sort: Sort = "last",
    cursor: str = "",
) -> Page[MemberRow]:
    store = access_store(person_of(request), store_id)
    return queries.member_rows(store, q=q, tag=tag, blocked=blocked, sort=sort, cursor=cursor)


@router.get("/leader/stores/{store_id}/members.xlsx", response={200: None})
def download_members(request: HttpRequest, store_id: IdIn) -> HttpResponse:
    """All members, names and rooms masked."""
    person = person_of(request)
    store = access_store(person, store_id)
    ratelimit.hit(f"members-sheet:{person.id}", limit=FILES_PER_MINUTE, seconds=60)
    response = HttpResponse(members_sheet(person, store), content_type=XLSX)
    response["Content-Disposition"] = (
        content_disposition_header(True, f"{store.name}-团员.xlsx") or "attachment"
    )
    return response


@router.put("/leader/stores/{store_id}/member-levels", response=Ok)
def save_member_levels(request: HttpRequest, store_id: IdIn, body: LevelsIn) -> Ok:
    person = person_of(request)
    steps = [Level(s.name, s.orders, s.paid_fen) for s in body.steps]
    actions.save_levels(person, access_store(person, store_id), steps)
    return Ok()


@router.get("/leader/members/{member_id}", response=MemberOut)
def read_member(request: HttpRequest, member_id: IdIn) -> MemberOut:
    return queries.member_out(access_member(person_of(request), member_id))


@router.put("/leader/members/{member_id}", response=MemberOut)
def write_member(request: HttpRequest, member_id: IdIn, body: MemberIn) -> MemberOut:
    return queries.member_out(actions.write(person_of(request), member_id, body))


@router.post("/leader/members/{member_id}/block", response=MemberOut)
def block_member(request: HttpRequest, member_id: IdIn, body: BlockIn) -> MemberOut:
    return queries.member_out(actions.block(person_of(request), member_id, body.reason))


@router.post("/leader/members/{member_id}/unblock", response=MemberOut)
def unblock_member(request: HttpRequest, member_id: IdIn) -> MemberOut:
    return queries.member_out(actions.unblock(person_of(request), member_id))


@router.get("/leader/members/{member_id}/merge/{other_id}", response=MergePreview)
def preview_member_merge(request: HttpRequest, member_id: IdIn, other_id: IdIn) -> MergePreview:
    person = person_of(request)
    keeps, goes = access_member(person, member_id), access_member(person, other_id)
    actions.check_merge(keeps, goes)
    return queries.merge_preview(keeps, goes)


@router.post("/leader/members/{member_id}/merge", response=MemberOut)
def merge_members(request: HttpRequest, member_id: IdIn, body: MergeIn) -> MemberOut:
    return queries.member_out(actions.merge(person_of(request), member_id, body.other_id))


@router.post("/leader/members/{member_id}/unmerge", response=MemberOut)
def unmerge_member(request: HttpRequest, member_id: IdIn) -> MemberOut:
    return queries.member_out(actions.unmerge(person_of(request), member_id))
